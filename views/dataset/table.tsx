/** Draws the preview of a dataset's rows, with each column's type and distribution in its header. */

import type { Child } from "hono/jsx";
import type { ColumnProfile, Correlation } from "../../core/csv/types.ts";
import { Histogram } from "../charts/small.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { bound, count, figures, percent, plural, short } from "../parts/format.ts";
import { Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { TYPE_WORDS } from "../parts/words.ts";
import type { ReadyDataset } from "./data.ts";

const CELL_LENGTH = 60;
/** Longer cells are cut off in the title too. */
const TITLE_LENGTH = 1000;
/** A table with more columns is shown, and its forms are filled, this many columns at a time. */
const WIDE = 100;
/** Identifiers and free text differ in every row: there is no distribution to draw. */
const CAN_BE_TARGET = new Set<ColumnProfile["type"]>(["number", "category", "boolean"]);
const HAS_SHAPE = new Set<ColumnProfile["type"]>(["number", "date", "category", "boolean"]);

export interface TablePage {
  offset: number;
  /** The first column shown, from 0. */
  column: number;
  rows: string[][];
  next: number | null;
}

export interface DatasetTableProps {
  links: Links;
  dataset: ReadyDataset;
  page: TablePage;
}

type Place = Partial<Pick<TablePage, "offset" | "column">>;

/** The part of a list by column that the page shows. */
export function withinPage<T>(columns: readonly T[], from: number): T[] {
  return columns.slice(from, from + WIDE);
}

export function DatasetTable({ links, dataset, page }: DatasetTableProps) {
  const { rows, target } = dataset.profile;
  const columns = withinPage(dataset.profile.columns, page.column);
  const last = page.offset + page.rows.length;
  const to = ({ offset = page.offset, column = page.column }: Place) =>
    `${url(links, datasetPath(dataset))}?offset=${offset}&column=${column}#table-heading`;
  return (
    <>
      <section class="scroll table-scroll" tabindex={0} aria-label="Preview of the table">
        <table class="data">
          <thead>
            <tr>
              <th scope="col" class="row-number">
                <span class="visually-hidden">Row</span>
              </th>
              {columns.map((column) => (
                <ColumnHead column={column} rows={rows} target={target}>
                  {column.name !== target && CAN_BE_TARGET.has(column.type) && (
                    <button
                      type="submit"
                      form="target-form"
                      name="target"
                      value={column.name}
                      class="quiet"
                      data-needs="train"
                      aria-label={`Predict this: ${column.name}`}
                    >
                      Predict this
                    </button>
                  )}
                </ColumnHead>
              ))}
            </tr>
          </thead>
          <tbody>
            {page.rows.map((cells, index) => (
              <tr>
                <th scope="row" class="row-number">
                  {count(page.offset + index + 1)}
                </th>
                {columns.map((column, position) => (
                  <DataCell text={cells[page.column + position] ?? ""} type={column.type} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {columns.some(({ correlation }) => correlation) && target !== null && (
        <p class="fine">
          Relationship with {short(target, 40)}: how strongly the two are related, from 0 (not at all) to 1
          (completely). r is Pearson’s correlation between two numbers (negative: one falls while the other
          rises), V is Cramér’s V between two categories, η is the correlation ratio between a number and a
          category: how much of the number’s spread lies between categories. Even with a high V or η, several
          categories may share a value.
        </p>
      )}
      <form id="target-form" method="post" action={url(links, `${datasetPath(dataset)}/reading`)}>
        <Command
          label="Change the target with curl"
          code={curlLine(links, {
            method: "PATCH",
            path: `/api${datasetPath(dataset)}`,
            body: { target: target ?? dataset.profile.columns[0]?.name },
          })}
        />
      </form>
      <nav class="pager" aria-label="Rows">
        {page.offset > 0 && (
          <a class="button" href={to({ offset: Math.max(0, page.offset - Math.max(50, page.rows.length)) })}>
            Previous rows
          </a>
        )}
        <span>
          Rows {count(page.offset + 1)} to {count(last)} of {count(rows)}
        </span>
        {page.next !== null && (
          <a class="button" href={to({ offset: page.next })}>
            Next rows
          </a>
        )}
      </nav>
      <ColumnPager columns={dataset.profile.columns.length} page={page} to={to} />
    </>
  );
}

function ColumnPager(props: { columns: number; page: TablePage; to: (place: Place) => string }) {
  const { columns, page, to } = props;
  if (columns <= WIDE) return null;
  const last = Math.min(columns, page.column + WIDE);
  return (
    <nav class="pager" aria-label="Columns">
      {page.column > 0 && (
        <a class="button" href={to({ column: Math.max(0, page.column - WIDE) })}>
          Previous columns
        </a>
      )}
      <span>
        Columns {count(page.column + 1)} to {count(last)} of {count(columns)}
      </span>
      {last < columns && (
        <a class="button" href={to({ column: last })}>
          Next columns
        </a>
      )}
    </nav>
  );
}

function DataCell({ text, type }: { text: string; type: ColumnProfile["type"] }) {
  if (text === "") return <td class="missing">–</td>;
  const isLong = text.length > CELL_LENGTH;
  return (
    <td
      class={type === "number" || type === "date" ? type : undefined}
      {...(isLong ? { title: short(text, TITLE_LENGTH) } : {})}
    >
      {short(text, CELL_LENGTH)}
    </td>
  );
}

/** Name, kind, distribution and figures of a column; `rows`: how many were read. */
/** As the list of targets names it: a column of two values is predicted as Yes or No. */
function typeWords({ type, distinct, count }: ColumnProfile): string {
  const isTwofold = type !== "id" && type !== "date" && distinct === 2 && count > 2;
  return isTwofold ? TYPE_WORDS.boolean : TYPE_WORDS[type];
}

export function ColumnHead(props: {
  column: ColumnProfile;
  rows: number;
  target: string | null;
  children?: Child;
}) {
  const { column, rows, target } = props;
  const isTarget = column.name === target;
  const isNumeric = column.histogram.length > 0;
  const counts = isNumeric ? column.histogram : column.top.map((entry) => entry.count);
  return (
    <th scope="col" class={isTarget ? "column is-target" : "column"}>
      <span class="column-name" title={column.name}>
        {short(column.name, 40)}
        {isTarget && <span class="tag">target</span>}
      </span>
      <span class="column-type">{typeWords(column)}</span>
      {HAS_SHAPE.has(column.type) && <Histogram counts={counts} label={shapeSentence(column)} />}
      <span class="column-range">{rangeWords(column)}</span>
      <span class="column-missing">
        {column.missing > 0 ? `${percent(column.missing / Math.max(1, rows))} missing` : "none missing"}
      </span>
      {column.correlation && target !== null && (
        <span class="column-link" title={correlationTitle(column.correlation, target)}>
          {correlationWords(column.correlation, short(target, 20))}
        </span>
      )}
      {props.children}
    </th>
  );
}

function rangeWords(column: ColumnProfile): string {
  if (column.min === null || column.max === null) {
    return `${column.distinctExact ? "" : "about "}${plural(column.distinct, "value")}`;
  }
  if (column.type === "date") return `${day(column.min)} to ${day(column.max)}`;
  return `${bound(column.min)} to ${bound(column.max)}`;
}

const MEASURES: Record<Correlation["measure"], { sign: string; name: string }> = {
  pearson: { sign: "r", name: "Pearson's correlation" },
  correlation_ratio: { sign: "η", name: "Correlation ratio, corrected for chance," },
  cramers_v: { sign: "V", name: "Cramér's V, corrected for chance," },
};

/** Cohen's steps for r (1988): 0.1, 0.3, 0.5. */
function correlationWords({ measure, value }: Correlation, target: string): string {
  const size = Math.abs(value);
  const strength = size < 0.1 ? "almost no" : size < 0.3 ? "weak" : size < 0.5 ? "moderate" : "strong";
  const way = measure === "pearson" && size >= 0.1 ? (value > 0 ? ", rising" : ", falling") : "";
  return `${strength} relationship with ${target}${way} (${MEASURES[measure].sign}\u00a0${figures([value, 1])[0]})`;
}

function correlationTitle({ measure, rows }: Correlation, target: string): string {
  return `${MEASURES[measure].name} with ${target}, over ${plural(rows, "row")} that have both`;
}

function shapeSentence(column: ColumnProfile): string {
  const top = column.top[0];
  if (column.histogram.length > 0) return `Distribution of ${column.name}, ${rangeWords(column)}`;
  return top
    ? `${column.name}: most frequent ${top.value} (${plural(top.count, "row")})`
    : `${column.name} has no values`;
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
