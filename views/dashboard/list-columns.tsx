/** Defines the columns of each list's table. One record per column: its label, its cell, and its sort key. */
import type { Child } from "hono/jsx";
import type { DatasetSummary, ModelRow, RunRow } from "../../core/routes/data/list-data.ts";
import { type Links, url } from "../layout/page-context.ts";
import { bytes, count, duration, figures, percent, short } from "../parts/format.ts";
import { Action, curlLine, LampDot, Time } from "../parts/parts.tsx";
import { datasetPath, modelPath, runPath } from "../parts/paths.ts";
import { metricLabel, READING_WORDS, RUN_LAMPS, RUN_WORDS, scoreWords, TASK_WORDS } from "../parts/words.ts";

/** Characters of a name in a cell; its title has the full name. */
const MOST_OF_NAME = 32;

export interface Column<T> {
  label: string;
  /** The name for `?sort=`; absent: it cannot be sorted. */
  sort?: string;
  kind?: "number" | "actions";
  cell: (item: T, links: Links) => Child;
}

interface Scored {
  metric: string | null;
  score: number | null;
  baseline: number | null;
}

/** Score and baseline of one row have the same decimals. */
function scoreOf({ metric, score, baseline }: Scored, which: "score" | "baseline"): Child {
  if (score === null) return "–";
  const [told, against = "–"] = figures(baseline === null ? [score] : [score, baseline]);
  if (which === "baseline") return baseline === null ? "–" : scoreWords(metric ?? "", baseline, against);
  return (
    <>
      {told}
      {metric !== null && <span class="unit"> {metricLabel(metric)}</span>}
    </>
  );
}

function taskOf({ target, task }: { target: string | null; task: string | null }): Child {
  if (target === null) return "–";
  const words = task !== null && Object.hasOwn(TASK_WORDS, task) ? TASK_WORDS[task as "binary"].short : null;
  return (
    <>
      <b title={target}>{short(target, MOST_OF_NAME)}</b>
      {words && <span class="unit"> {words}</span>}
    </>
  );
}

export const RUN_COLUMNS: readonly Column<RunRow>[] = [
  {
    label: "Run",
    sort: "number",
    cell: (run, links) => (
      <a href={url(links, runPath(run))}>
        Run {run.number}
        {run.name !== null && `: ${run.name}`}
      </a>
    ),
  },
  {
    label: "State",
    sort: "status",
    cell: (run) => (
      <span class="state">
        <LampDot lamp={RUN_LAMPS[run.status]} />
        {RUN_WORDS[run.status]}
        {run.status === "running" && ` ${percent(run.progress)}`}
      </span>
    ),
  },
  { label: "Target", sort: "target", cell: taskOf },
  {
    label: "Dataset",
    sort: "dataset",
    cell: (run, links) =>
      run.datasetDeleted ? (
        <span title={run.datasetName}>{short(run.datasetName, MOST_OF_NAME)} (deleted)</span>
      ) : (
        <a href={url(links, datasetPath({ id: run.datasetId }))} title={run.datasetName}>
          {short(run.datasetName, MOST_OF_NAME)}
        </a>
      ),
  },
  { label: "Score", sort: "score", kind: "number", cell: (run) => scoreOf(run, "score") },
  { label: "Baseline", sort: "baseline", kind: "number", cell: (run) => scoreOf(run, "baseline") },
  {
    label: "Model",
    cell: (run, links) =>
      run.version === null ? (
        "–"
      ) : run.versionDeleted ? (
        `${short(run.modelName, MOST_OF_NAME)} version ${run.version} (deleted)`
      ) : (
        <a href={url(links, `${modelPath(run.modelName)}?version=${run.version}`)}>
          {short(run.modelName, MOST_OF_NAME)} version {run.version}
        </a>
      ),
  },
  {
    label: "Duration",
    sort: "duration",
    kind: "number",
    cell: (run) => (run.durationMs === null ? "–" : duration(run.durationMs)),
  },
  { label: "Age", sort: "age", kind: "number", cell: (run) => <Time at={run.queuedAt} form="age" /> },
];

export const DATASET_COLUMNS: readonly Column<DatasetSummary>[] = [
  {
    label: "Name",
    sort: "name",
    cell: (file, links) => (
      <>
        <a href={url(links, datasetPath(file))} title={file.name}>
          {short(file.name, MOST_OF_NAME)}
        </a>
        {file.status === "reading" && <span class="unit"> {READING_WORDS.reading}…</span>}
      </>
    ),
  },
  { label: "Target", sort: "target", cell: taskOf },
  { label: "Rows", sort: "rows", kind: "number", cell: ({ rows, status }) => known(status, count(rows)) },
  {
    label: "Columns",
    sort: "columns",
    kind: "number",
    cell: ({ columns, status }) => known(status, count(columns)),
  },
  { label: "Size", sort: "size", kind: "number", cell: ({ sizeBytes }) => bytes(sizeBytes) },
  { label: "Age", sort: "age", kind: "number", cell: ({ createdAt }) => <Time at={createdAt} form="age" /> },
  {
    label: "Actions",
    kind: "actions",
    cell: (file, links) => (
      <Confirmed label="Delete" describes={file.name}>
        <p class="fine">Deletes all rows. Runs and models stay. You can undo it for a minute.</p>
        <Action
          links={links}
          path={`${datasetPath(file)}/delete`}
          label="Delete dataset"
          describes={file.name}
          tone="danger"
          then="go"
          curl={curlLine(links, { method: "DELETE", path: `/api${datasetPath(file)}` })}
        />
      </Confirmed>
    ),
  },
];

function known(status: DatasetSummary["status"], text: string): string {
  return status === "reading" ? "–" : text;
}

/** One more step before something is permanently deleted; works without script. */
function Confirmed(props: { label: string; describes: string; children: Child }) {
  return (
    <details class="confirm" data-needs="train">
      <summary aria-label={`${props.label}: ${props.describes}`}>{props.label}</summary>
      <div class="confirm-body">{props.children}</div>
    </details>
  );
}

export const MODEL_COLUMNS: readonly Column<ModelRow>[] = [
  {
    label: "Name",
    sort: "name",
    cell: (model, links) => (
      <a href={url(links, modelPath(model.name))} title={model.name}>
        {short(model.name, MOST_OF_NAME)}
      </a>
    ),
  },
  {
    label: "State",
    sort: "status",
    cell: ({ liveVersion }) => (
      <span class="state">
        <LampDot lamp={liveVersion === null ? "dark" : "clear"} />
        {liveVersion === null ? "Not live" : `Version ${liveVersion} live`}
      </span>
    ),
  },
  { label: "Target", sort: "target", cell: taskOf },
  { label: "Score", sort: "score", kind: "number", cell: (model) => scoreOf(model, "score") },
  { label: "Baseline", sort: "baseline", kind: "number", cell: (model) => scoreOf(model, "baseline") },
  { label: "Versions", sort: "versions", kind: "number", cell: ({ versions }) => count(versions) },
  {
    label: "Size",
    sort: "size",
    kind: "number",
    cell: ({ sizeBytes }) => (sizeBytes === null ? "–" : bytes(sizeBytes)),
  },
  { label: "Age", sort: "age", kind: "number", cell: ({ trainedAt }) => <Time at={trainedAt} form="age" /> },
];
