/**
 * Draws the lists of datasets, runs, models and events: tables with search, filters and sorting, whose state is in the
 * address.
 */
import type { Child } from "hono/jsx";
import type { DatasetSummary, ModelRow, RunRow } from "../../core/routes/data/list-data.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Layout, type Section } from "../layout/layout.tsx";
import { url } from "../layout/page-context.ts";
import { count, plural } from "../parts/format.ts";
import { Empty } from "../parts/parts.tsx";
import { Pick } from "../parts/pick.tsx";
import { LIST_WORDS, RUN_WORDS } from "../parts/words.ts";
import { Feed } from "./activity.tsx";
import { address, type ListName, type ListPageProps, type ListState } from "./list-address.ts";
import { type Column, DATASET_COLUMNS, MODEL_COLUMNS, RUN_COLUMNS } from "./list-columns.tsx";
import { BULK_FORM, Bulk, SavedFilters, Tags, Undo } from "./list-organise.tsx";

const STATUS_WORDS: Record<string, string> = {
  info: "Information",
  success: "Success",
  warning: "Warnings",
  error: "Errors",
  ...RUN_WORDS,
  reading: "Reading",
  ready: "Ready",
  live: "Live",
  offline: "Not live",
  archived: "Archived",
};

const NONE_YET: Record<ListName, string> = {
  datasets: "No datasets yet. Drop a CSV anywhere on this page, paste rows, or select Upload.",
  runs: "No runs yet. Open a dataset and select Train model.",
  models: "No models yet. When a run finishes, its model appears here.",
  activity: "Nothing has happened yet. Uploading a CSV is the first event.",
};

export function ListPage(props: ListPageProps) {
  const { context, list, asked } = props;
  const { title, says } = LIST_WORDS[list];
  const isFirst = props.cursor === null;
  return (
    <Layout
      context={context}
      title={title}
      panels={[list]}
      {...(list === "activity" ? {} : { current: list satisfies Section })}
    >
      <header class="page-head">
        <h1>{title}</h1>
        <p class="lead">{says}</p>
        {/* It is not shown: it tells live.js when there is something new, and the page is asked for again. */}
        {isFirst && (
          <div class="list-source" hidden>
            {context.panel(list)}
          </div>
        )}
      </header>
      <section class="panel list" aria-label={title}>
        <Undo links={context.links} pending={props.pending} />
        <SavedFilters {...props} />
        <Filters {...props} />
        <ListBody {...props} />
        {list !== "activity" && props.rows.items.length > 0 && (
          <Bulk links={context.links} list={list} asked={asked} />
        )}
        <Pages {...props} />
      </section>
      {asked.q === "" && asked.status === "" && list === "datasets" && props.rows.items.length === 0 && (
        <p>
          <a class="button" href={url(context.links, "/")}>
            Try a sample
          </a>
        </p>
      )}
    </Layout>
  );
}

function Filters({ context: { links }, list, asked, statuses }: ListPageProps) {
  const isFiltered = asked.q !== "" || asked.status !== "" || asked.tag !== "";
  return (
    <form class="filters" method="get" action={url(links, `/${list}`)}>
      <label class="visually-hidden" for="q">
        Search
      </label>
      <input id="q" type="search" name="q" value={asked.q} placeholder="Search" autocomplete="off" />
      <label class="visually-hidden" for="status">
        State
      </label>
      <select id="status" name="status" data-submit="">
        <option value="">All states</option>
        {statuses.map((status) => (
          <option value={status} selected={status === asked.status}>
            {STATUS_WORDS[status] ?? status}
          </option>
        ))}
      </select>
      {asked.tag !== "" && <input type="hidden" name="tag" value={asked.tag} />}
      {asked.sort !== "" && <input type="hidden" name="sort" value={asked.sort} />}
      {asked.limit !== "" && <input type="hidden" name="limit" value={asked.limit} />}
      <button type="submit">Search</button>
      {isFiltered && (
        <a class="button quiet" href={address(links, list, { ...asked, q: "", status: "", tag: "" })}>
          Clear
        </a>
      )}
      {asked.tag !== "" && <span class="tag">{asked.tag}</span>}
    </form>
  );
}

function ListBody(props: ListPageProps) {
  const { list, rows, asked } = props;
  if (!rows.items.length) {
    const isFiltered = asked.q !== "" || asked.status !== "" || asked.tag !== "";
    return <Empty>{isFiltered ? "Nothing matches this search." : NONE_YET[list]}</Empty>;
  }
  switch (list) {
    case "activity":
      return <Feed items={(rows as PanelData["activity"]).items} form="full" />;
    case "runs":
      return <Table {...props} columns={RUN_COLUMNS} items={rows.items as RunRow[]} />;
    case "models":
      return <Table {...props} columns={MODEL_COLUMNS} items={rows.items as ModelRow[]} />;
    case "datasets":
      return <Table {...props} columns={DATASET_COLUMNS} items={rows.items as DatasetSummary[]} />;
  }
}

function Table<T extends DatasetSummary | RunRow | ModelRow>(
  props: ListPageProps & { columns: readonly Column<T>[]; items: readonly T[] },
) {
  const { context, list, columns, items, asked } = props;
  const { links } = context;
  return (
    <section class="scroll" tabindex={0} aria-label={`Table of ${LIST_WORDS[list].title.toLowerCase()}`}>
      <table class="list-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head column={column} asked={asked} to={(sort) => address(links, list, { ...asked, sort })} />
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr id={`row-${"id" in item ? item.id : item.name}`}>
              {columns.map(({ label, cell, kind }, index) =>
                index === 0 ? (
                  <th scope="row">
                    <Pick form={BULK_FORM} value={pickedAs(item)} label={labelOf(item)} /> {cell(item, links)}
                    <Tags links={links} list={list} item={item} />
                  </th>
                ) : (
                  <td class={kind} data-label={label}>
                    {cell(item, links)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** As named by /compare: a run's ID, or a model's version. */
function pickedAs(item: DatasetSummary | RunRow | ModelRow): string {
  return "id" in item ? item.id : `${item.name}:${item.comparedVersion}`;
}

function labelOf(item: DatasetSummary | RunRow | ModelRow): string {
  return "number" in item ? `run ${item.number}` : item.name;
}

/** A second click on a column reverses its order. */
function Head<T>(props: { column: Column<T>; asked: ListState; to: (sort: string) => string }) {
  const { column, asked, to } = props;
  const { label, sort, kind } = column;
  if (!sort) {
    return (
      <th scope="col" class={kind} data-column={label}>
        <span class={label === "Actions" ? "visually-hidden" : undefined}>{label}</span>
      </th>
    );
  }
  const isUp = asked.sort === sort;
  const isDown = asked.sort === `-${sort}`;
  const startsDown = kind === "number" && sort !== "age";
  const next = isUp ? `-${sort}` : isDown ? sort : startsDown ? `-${sort}` : sort;
  const order = isUp ? "ascending" : isDown ? "descending" : undefined;
  return (
    <th scope="col" class={kind} data-column={label} {...(order ? { "aria-sort": order } : {})}>
      <a href={to(next)}>
        {label}
        <span class="sort-mark" aria-hidden="true">
          {isUp ? "↑" : isDown ? "↓" : ""}
        </span>
      </a>
    </th>
  );
}

function Pages({ context: { links }, list, asked, cursor, newer, rows }: ListPageProps): Child {
  if (cursor === null && rows.next === null) {
    return rows.items.length > 0 ? <p class="fine">{plural(rows.items.length, "row")}</p> : null;
  }
  return (
    <nav class="pager" aria-label="Pages of the list">
      {cursor !== null && (
        <a class="button" rel="prev" href={address(links, list, asked, newer)}>
          Previous
        </a>
      )}
      <span class="fine">{count(rows.items.length)} rows on this page</span>
      {rows.next !== null && (
        <a class="button" rel="next" href={address(links, list, asked, rows.next)}>
          Next
        </a>
      )}
    </nav>
  );
}
