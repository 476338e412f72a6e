/** Draws the page that asks which runs to compare, with those that can be. */

import type { RunRow } from "../../core/routes/data/list-data.ts";
import type { ComparePageData } from "../../core/routes/pages/page-data.ts";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { figure, plural } from "../parts/format.ts";
import { Name, Time } from "../parts/parts.tsx";
import { runPath } from "../parts/paths.ts";
import { metricLabel } from "../parts/words.ts";

type Props = Omit<ComparePageData, "comparison"> & { context: PageContext };

export function CompareChoicePage({ context, named, offered }: Props) {
  const { links } = context;
  return (
    <Layout context={context} title="Compare runs" current="runs" panels={[]}>
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/runs")}>Runs</a>
        </p>
        <h1>Compare runs</h1>
        <p class="lead">
          {offered.length < 2
            ? "A comparison needs two finished runs. It shows which is better, which settings differ, and on which rows they disagree."
            : "Choose two to five finished runs to see which is better, which settings differ, and on which rows they disagree."}
        </p>
      </header>
      {offered.length < 2 ? (
        <p class="actions">
          <a class="button primary" href={url(links, "/datasets")}>
            {offered.length ? "Train another model" : "Train a model"}
          </a>
        </p>
      ) : (
        <Choice links={links} named={named} offered={offered} />
      )}
    </Layout>
  );
}

function Choice({ links, named, offered }: Omit<Props, "context"> & { links: Links }) {
  const chosen = offered.filter((run) => isNamed(run, named)).slice(0, 5);
  return (
    <form class="panel compare-choice" method="get" action={url(links, "/compare")}>
      {named.length > 0 && <p class="note note-caution">{countWords(named.length)}</p>}
      <p class="actions">
        <button type="submit" class="primary">
          Compare
        </button>
        <span class="fine">Select two to five.</span>
      </p>
      <ul class="rows">
        {offered.map((run) => (
          <li class="row">
            <label class="pick">
              <input
                type="checkbox"
                name="runs"
                value={run.id}
                checked={chosen.includes(run)}
                aria-label={`Select run ${run.number}`}
              />
            </label>
            <a class="row-name" href={url(links, runPath(run))}>
              Run {run.number}
              {run.name !== null && `: ${run.name}`}
            </a>
            <span class="row-facts">
              <Name of={run.target ?? ""} /> in <Name of={run.datasetName} />
              {run.metric !== null &&
                run.score !== null &&
                `, ${metricLabel(run.metric)} ${figure(run.score)}`}
            </span>
            <span class="row-when">
              <Time at={run.queuedAt} form="age" />
            </span>
          </li>
        ))}
      </ul>
    </form>
  );
}

/** As an ID, or as a model's version. */
function isNamed({ id, modelName, version }: RunRow, named: readonly string[]): boolean {
  return named.includes(id) || named.includes(`${modelName}:${version}`);
}

function countWords(named: number): string {
  return named === 1
    ? "Only one run is selected. Select at least one more."
    : `${plural(named, "run")} were selected. Up to five can be compared at once.`;
}
