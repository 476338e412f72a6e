/** Reads the data of each page. One reader per page: typed data from the store, no HTML. */

import { guessTask } from "../../csv/profile/guess-target.ts";
import type { ReadingPreview } from "../../csv/types.ts";
import { datasetById, datasetView } from "../../datasets/reading-choices.ts";
import { SAMPLE_LIST } from "../../datasets/sample-files/index.ts";
import type { Panel } from "../../events/panel-names.ts";
import { checked } from "../../http/body.ts";
import { may } from "../../http/identity/identity.ts";
import type { TokenView } from "../../http/identity/tokens.ts";
import { wantedForm } from "../../http/negotiate.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily } from "../../platform/zod-setup.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { DeletedKind } from "../../store/deletions.ts";
import { LIST_FILTERS, listedDatasets } from "../../store/lists.ts";
import { findEvaluation, listModels } from "../../store/models.ts";
import { POINT_STEPS } from "../../store/points.ts";
import { currentRun, findRun } from "../../store/runs.ts";
import { replayRun } from "../../training/replay.ts";
import type { RunComparison } from "../../training/results/compare-runs.ts";
import { runView } from "../../training/run-view.ts";
import { type Call, filterQuery, LIST_QUERY, rangeOf } from "../api/route.ts";
import { compareData, comparedNames, MOST_COMPARED } from "../data/compare-data.ts";
import { asText, HISTORY_QUERY, historyFigures, RANGE_NAMES } from "../data/history-data.ts";
import {
  ACTIVITY_LEVELS,
  activityRows,
  datasetRows,
  modelRows,
  NEWEST,
  newerPage,
  type RunRow,
  runRows,
} from "../data/list-data.ts";
import { type ModelView, modelView, type PanelData, type PanelSource, READERS } from "../data/panel-data.ts";
import { sessionPage } from "../data/session-data.ts";
import type { FormNote } from "./outcome-forms.ts";
import { tryRow, typicalRow, type WhatIf } from "./try-row.ts";

const DASHBOARD = [
  ...(["attention", "run", "stages", "curve", "leaderboard", "model", "predictions", "activity"] as const),
  ...(["datasets", "runs", "models", "metrics", "health", "connection"] as const),
] satisfies Panel[];
const RUN = ["run", "stages", "curve", "leaderboard", "report"] satisfies Panel[];
const PREVIEW_ROWS = 50;
const MODELS_OFFERED = 500;
const ROWS = { datasets: datasetRows, runs: runRows, models: modelRows, activity: activityRows };
const ACTIVITY_FILTERS = {
  statuses: Object.fromEntries(ACTIVITY_LEVELS.map((level) => [level, ""])),
  sorts: {} as Record<string, string>,
};
const FILTERS = { ...LIST_FILTERS, activity: ACTIVITY_FILTERS };

export type PanelSet = { [P in Panel]?: PanelData[P] | null };

async function readAll(
  signalbox: PanelSource,
  panels: readonly Panel[],
  subject: string | null,
): Promise<PanelSet> {
  return Object.fromEntries(
    await Promise.all(panels.map(async (panel) => [panel, await READERS[panel](signalbox, subject)])),
  );
}

/** `read`: the panels' data, for requests that want data; a page shows what the live core has already drawn. */
export async function dashboardData({ signalbox }: Call) {
  const status = (await currentRun(signalbox.store))?.status;
  return {
    read: () => readAll(signalbox, DASHBOARD, null),
    isFirst: !(await datasetRows(signalbox, { before: NEWEST, limit: 1 })).items.length,
    isBusy: status === "running" || status === "queued",
    samples: SAMPLE_LIST,
  };
}

/** Deletions that concern a list. */
const KINDS_OF: Record<keyof typeof ROWS, readonly DeletedKind[]> = {
  datasets: ["dataset"],
  runs: ["run"],
  models: ["model", "version"],
  activity: [],
};

export const LISTS = Object.keys(ROWS) as (keyof typeof ROWS)[];
export type ListData = Awaited<ReturnType<ReturnType<typeof listData>>>;

/** A page of a list: the request, its rows, and the cursors of its neighbours. Throws AppError `invalid`. */
export function listData(list: keyof typeof ROWS) {
  const schema = lazily(() => filterQuery(FILTERS[list]));
  return async ({ signalbox, query }: Call) => {
    const asked = checked(query, schema());
    const range = rangeOf(asked);
    const rows = (await ROWS[list](signalbox, range)) as PanelData[typeof list];
    const newer = asked.cursor === NEWEST ? null : await newerPage(signalbox, list, range);
    const { q, status, sort, tag, cursor, limit } = asked;
    const isOrdered = list !== "activity";
    const kinds = KINDS_OF[list];
    return {
      list,
      pending: (await signalbox.deletions.pending()).filter(({ items }) =>
        items.some(({ kind }) => kinds.includes(kind)),
      ),
      filters: isOrdered ? await signalbox.savedFilters.list(list) : [],
      asked: { q, status, sort, tag, limit: query.limit === undefined ? "" : String(limit) },
      cursor: cursor === NEWEST ? null : cursor,
      statuses: Object.keys(FILTERS[list].statuses),
      newer,
      rows,
    };
  };
}

/** While a file is read, or if it was refused, what is known about it. Throws AppError `missing`. */
export async function datasetData({ signalbox, params, query }: Call, preview?: ReadingPreview) {
  const reading = await READERS.reading(signalbox, params.id!);
  if (reading && reading.status !== "ready")
    return { dataset: null, reading, told: await datasetById(signalbox, params.id!) };
  const dataset = await signalbox.datasets.findReady(params.id!);
  const [offset = 0, column = 0] = [query.offset, query.column].map((text) =>
    Math.max(0, Math.floor(Number(text)) || 0),
  );
  const { preview: first, rows: count } = dataset.profile;
  // The first rows are known: the file need not be opened.
  const rows =
    offset === 0
      ? { rows: first, next: first.length < count ? first.length : null }
      : await signalbox.datasets.rows(dataset, { offset, limit: PREVIEW_ROWS });
  const runs = await READERS.runs(signalbox, dataset.id);
  const view = datasetView(dataset);
  const targets = dataset.profile.columns.map((column) => ({
    name: column.name,
    type: column.type,
    task: column.name === dataset.profile.target ? dataset.profile.task! : guessTask(column).task,
  }));
  const others = await otherDatasets(signalbox, dataset.id);
  return { reading, dataset, view, targets, others, page: { offset, column, ...rows }, runs, preview };
}

/** How many datasets a form offers as test set; the API takes any. */
const LISTED_DATASETS = 100;

async function otherDatasets({ store }: Signalbox, id: string): Promise<{ id: string; name: string }[]> {
  const listed = await listedDatasets(store, { before: NEWEST, limit: LISTED_DATASETS });
  return listed.filter((other) => other.id !== id).map((other) => ({ id: other.id, name: other.name }));
}

/** Throws AppError `missing`. */
export async function runData({ signalbox, params }: Call) {
  const run = await runView(signalbox.store, await signalbox.runs.find(params.id!), signalbox.now());
  return { run, data: await readAll(signalbox, RUN, run.id) };
}

/** The run at `?at=` seconds after its start; without it, its end. Throws AppError `missing`. */
export async function replayData({ signalbox, params, query }: Call) {
  const moment = { seconds: query.at ? Number(query.at) || 0 : null, now: signalbox.now() };
  return {
    replay: await replayRun(signalbox.store, await signalbox.runs.find(params.id!), moment),
    speed: Number(query.speed) || 1,
  };
}

/** The version that was tried, requested, or is live; the form starts with a typical row. Throws AppError `missing`. */
export async function modelData(call: Call, tried?: WhatIf, note: FormNote = {}) {
  const { signalbox, params, query } = call;
  const model = await modelView(signalbox, (await signalbox.models.find(params.name!)).name);
  const wanted = tried?.version ?? Number(query.version ?? model.liveVersion ?? model.versions[0]?.version);
  const version = model.versions.find(
    (entry): entry is ModelView["versions"][number] => entry.version === wanted,
  );
  if (!version) {
    // Its error says whether there was one.
    await signalbox.models.findVersion(model.name, wanted);
    throw new AppError("missing", `${model.name} has no version ${wanted}`);
  }
  const evaluation = await findEvaluation(signalbox.store, model.name, wanted);
  const watch = await READERS.watch(signalbox, model.name);
  const trial = tried ?? (await typicalWhatIf(call, model.name, wanted));
  const asked = await weighing(signalbox, version.runId, query);
  return { model, watch, version, evaluation, trial, ...note, weighing: asked };
}

/** Only for a page, and for users who may predict: a prediction for a row that the file could hold. */
async function typicalWhatIf(call: Call, name: string, version: number): Promise<WhatIf | undefined> {
  if (wantedForm(call.request) !== "html" || !may(call.identity, "predict")) return undefined;
  const fields = typicalRow(await call.signalbox.models.findVersion(name, version));
  return (await tryRow(call.signalbox, name, { fields, requestId: call.requestId })).trial;
}

/** The costs of mistakes, from the page's query, else as trained. */
async function weighing({ store }: PanelSource, runId: string, query: Record<string, string>) {
  const run = await findRun(store, runId);
  if (!run) return null;
  const asked = (name: string, otherwise: number) => {
    const value = query[name] ? Number(query[name]) : otherwise;
    return Number.isFinite(value) && value >= 0 ? value : otherwise;
  };
  const { falsePositive, falseNegative } = run.options.costs ?? { falsePositive: 1, falseNegative: 1 };
  return {
    threshold: query.threshold ? Math.min(1, asked("threshold", 0.5)) : null,
    costs: {
      falsePositive: asked("costFalsePositive", falsePositive),
      falseNegative: asked("costFalseNegative", falseNegative),
    },
    training: { datasetId: run.datasetId, options: run.options },
  };
}

/** Figures over time, with the models whose figures can be chosen. Throws AppError `invalid` or `missing`. */
export async function historyData({ signalbox, query }: Call) {
  // A form sends what was left empty, too.
  const filled = Object.fromEntries(Object.entries(query).filter(([, text]) => text !== ""));
  const history = await historyFigures(signalbox, checked(filled, HISTORY_QUERY()));
  const models = await listModels(signalbox.store, { before: NEWEST, limit: MODELS_OFFERED });
  const keptDays = POINT_STEPS.at(-1)!.days;
  const now = new Date(signalbox.now()).toISOString();
  const offered = { models: models.map(({ name }) => name), ranges: RANGE_NAMES };
  const shown = { history, asText: () => asText(history), hasTables: query.table === "1" };
  return { ...shown, ...offered, keptDays, now };
}

export async function tokensData({ signalbox }: Call): Promise<{
  tokens: TokenView[];
  fresh?: TokenView & { token: string };
}> {
  return { tokens: await signalbox.tokens.list() };
}

export async function sessionsData(call: Call) {
  const { items: sessions, next } = await sessionPage(call, checked(call.query, LIST_QUERY()));
  return { sessions, next };
}

export async function auditData({ signalbox, query }: Call) {
  const { cursor, limit } = checked(query, LIST_QUERY());
  const { items: entries, next } = await signalbox.audit.page(cursor, limit);
  return { entries, next };
}

const MOST_OFFERED = 50;

/** The page at /compare: the comparison, or the runs to choose from while fewer than two or too many are named. */
export interface ComparePageData {
  comparison: RunComparison | null;
  named: string[];
  /** Finished runs, newest first. */
  offered: RunRow[];
}

/** Scripts get the error instead of the choice. Throws AppError as `compareData` does. */
export async function comparePageData({ signalbox, url, request }: Call): Promise<ComparePageData> {
  const named = comparedNames(url);
  const isCountable = named.length > 1 && named.length <= MOST_COMPARED;
  if (isCountable || wantedForm(request) !== "html")
    return { comparison: await compareData(signalbox, named), named, offered: [] };
  const filter = { q: "", status: "finished", sort: "", tag: "" };
  const { items } = await runRows(signalbox, { before: NEWEST, limit: MOST_OFFERED, filter });
  return { comparison: null, named, offered: items };
}
