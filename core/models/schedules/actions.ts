/** Does a schedule's work: refreshes, trains and compares, or scores and writes the result. */
import { createReadStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Datasets } from "../../datasets/datasets.ts";
import type { Sources } from "../../datasets/sources/sources.ts";
import { alertAction } from "../../events/alert-records.ts";
import type { Alerts } from "../../events/alerts.ts";
import { AppError } from "../../platform/errors.ts";
import { plural } from "../../platform/figures.ts";
import { FOREVER } from "../../platform/leases.ts";
import type { Store, Unchanged } from "../../store/database.ts";
import type { StoredDataset } from "../../store/datasets.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import { ownedBy } from "../../store/ownership.ts";
import type { StoredRun } from "../../store/runs.ts";
import { TRAIN_REQUEST, type TrainRequest } from "../../training/options/run-options.ts";
import type { Runs } from "../../training/runs.ts";
import { predictFile } from "../files/predict-csv.ts";
import type { ModelCache } from "../model-cache.ts";
import type { Models } from "../registry.ts";
import type { Serving } from "../serving.ts";
import { scoreKey } from "./schedule-views.ts";
import type { ScheduleSpec, Target } from "./spec.ts";
import { targetKind } from "./spec.ts";
import { type Judgement, judge } from "./verdict.ts";

export interface WorkOptions {
  store: Store;
  alerts: Alerts;
  sources: Sources;
  datasets: Datasets;
  runs: Runs;
  models: Models;
  cache: ModelCache;
  serving: Serving;
  files: FileStorage;
  /** Where result files are stored on this machine. */
  folder: string;
  /** PUBLIC_URL, or how this server is reached. */
  home: () => string;
}

export interface WorkDone {
  sentence: string;
  /** The name of the file with the result. */
  result: string | null;
}

/** Throws AppError if the source cannot be refreshed. */
export async function refresh(spec: ScheduleSpec, { sources }: WorkOptions): Promise<WorkDone> {
  const { dataset, isChanged } = await sources.refresh(spec.sourceId!);
  const sentence = isChanged
    ? `new version ${dataset.version} of ${dataset.name}. ${dataset.changes?.sentence ?? ""}`.trim()
    : "no new data.";
  return { sentence, result: null };
}

/** Queues the training as the run `id`, once; `finishRetraining` waits for its end, after a restart too. */
export async function beginRetraining(
  spec: ScheduleSpec,
  id: string,
  options: WorkOptions,
): Promise<StoredRun> {
  const { sources, datasets, runs, models } = options;
  const model = await models.find(spec.model!);
  const [newest] = await models.versions(model.name);
  if (!newest)
    throw new AppError("missing", `${spec.model} has no version`, {
      fix: "Train it once, then schedule it.",
    });
  const last = await runs.find(newest.runId);
  const fresh = spec.sourceId ? (await sources.refresh(spec.sourceId)).dataset : null;
  const dataset = await datasets.findReady(fresh?.id ?? spec.datasetId ?? last.datasetId);
  // It belongs to the model's owner, whatever triggered it.
  return ownedBy({ ...model, visibility: null }, () => runs.train(requestOf(last, dataset), id));
}

/** The settings of the last training, for the dataset as it is now. */
function requestOf(last: StoredRun, dataset: StoredDataset): TrainRequest {
  const { options } = last;
  const known = new Set(dataset.profile?.columns.map(({ name }) => name));
  const set = Object.entries(options).filter(
    ([name, value]) => name in TRAIN_REQUEST().shape && value !== null && value !== undefined,
  );
  const request = TRAIN_REQUEST().parse({
    ...Object.fromEntries(set),
    datasetId: dataset.id,
    name: last.modelName,
  });
  // Guessed settings are guessed again; columns that no longer exist are no reason to fail.
  if (options.isTaskGuessed) delete request.task;
  if (request.exclude) request.exclude = request.exclude.filter((name) => known.has(name));
  if (request.features) request.features = request.features.filter((name) => known.has(name));
  return request;
}

/**
 * Compares the new version with the live one and does what the rule says. Throws AppError `conflict` if the run did not
 * finish.
 */
export async function finishRetraining(
  spec: ScheduleSpec,
  run: StoredRun,
  options: WorkOptions,
): Promise<WorkDone> {
  const { models, store, cache } = options;
  if (run.status !== "finished" || run.modelVersion === null)
    throw new AppError(
      "conflict",
      `run ${run.number} ${run.status === "failed" ? (run.error?.message ?? "failed") : `was ${run.status}`}`,
    );
  const name = run.modelName;
  const fresh = await models.findVersion(name, run.modelVersion);
  const { liveVersion } = await models.find(name);
  if (liveVersion === null || liveVersion === fresh.version) {
    const sentence = `version ${fresh.version} is trained; no version was live to compare it with.`;
    await tell(name, sentence, options);
    return { sentence, result: null };
  }
  const live = await models.findVersion(name, liveVersion);
  const judgement = await judge({ live, fresh }, { store, load: (version) => cache.load(version) });
  const followed = await follow({ spec, name, version: fresh.version, judgement, liveVersion }, options);
  const sentence = `${judgement.sentence} ${followed}`;
  const needsALook = judgement.errors.length > 0 || (judgement.isBetter && (spec.rule ?? "tell") === "tell");
  if (needsALook || judgement.test === "unknown") await tell(name, sentence, options);
  else await options.alerts.resolve("schedule-result", name);
  return { sentence, result: null };
}

interface Following {
  spec: ScheduleSpec;
  name: string;
  version: number;
  judgement: Judgement;
  /** The version that it was compared with. */
  liveVersion: number;
}

async function follow(
  { spec, name, version, judgement, liveVersion }: Following,
  { models }: WorkOptions,
): Promise<string> {
  const { rule = "tell" } = spec;
  if (rule === "challenger") {
    await models.challenge(name, version);
    return `Version ${version} is now the challenger.`;
  }
  if (rule === "tell") return "Nothing was deployed.";
  if (!judgement.isBetter) return `It was not deployed, because ${whyNot(judgement)}.`;
  const unchanged: Unchanged = async (tx) => {
    if ((await models.find(name, tx)).liveVersion === liveVersion) return;
    throw new AppError(
      "conflict",
      `${judgement.sentence} It was not deployed, because another version became live meanwhile`,
    );
  };
  await models.deploy(name, version, { unchanged });
  return `Version ${version} is now live.`;
}

function whyNot({ errors, test, outcomes }: Judgement): string {
  if (errors.length) return "one of its findings is an error";
  if (test === "worse" || outcomes === "worse") return "it is worse";
  if (test === "unknown" && outcomes === "unknown") return "the comparison is inconclusive";
  return "it is not better by more than chance";
}

async function tell(name: string, sentence: string, { alerts }: WorkOptions): Promise<void> {
  // A later result replaces an earlier one.
  await alerts.resolve("schedule-result", name);
  await alerts.raise({
    code: "schedule-result",
    subject: name,
    severity: "warning",
    sentence: `${name}: ${sentence}`,
    action: alertAction("schedule-result", name),
  });
}

interface Scoring {
  id: string;
  name: string;
  spec: ScheduleSpec;
  to: Target;
  /** Called right before the result is sent; throws if another host sends it. */
  begin: () => Promise<void>;
  /** Ends it. */
  signal: AbortSignal;
}

/** Predicts the rows and delivers the result. Throws AppError, or the signal's reason once it is aborted. */
export async function score(
  { id, name, spec, to, begin, signal }: Scoring,
  options: WorkOptions,
): Promise<WorkDone> {
  const { models, sources, datasets, files, folder, home } = options;
  const version = await models.serving(spec.model!, typeof spec.version === "number" ? spec.version : null);
  const kind = targetKind(to);
  const form = kind === "table" ? "ndjson" : (spec.format ?? "csv");
  const { path: input, isCut } = spec.sourceId
    ? await sources.fetchTemporary(spec.sourceId, signal)
    : { path: await datasets.fetch(await datasets.findReady(spec.datasetId!)), isCut: false };
  const result = `${id}.${form}`;
  const path = join(folder, result);
  await mkdir(folder, { recursive: true });
  try {
    const { rows, warnings } = await writePredictions({ input, version, form, path, signal }, options);
    const type = form === "parquet" ? "application/vnd.apache.parquet" : "text/csv";
    signal.throwIfAborted();
    await begin();
    if (kind === "object") await sources.deliver(to, { kind: "upload", path, type }, signal);
    if (kind === "table")
      await sources.deliver(
        to,
        { kind: "table", path, table: to.table!, isReplacing: to.mode === "replace" },
        signal,
      );
    if (kind === "webhook") {
      await files.save({ key: scoreKey(result) });
      const url = `${home()}/api/schedule-runs/${id}/result`;
      const note = join(folder, `${id}.json`);
      const body = { schedule: name, model: version.name, version: version.version, rows, warnings, url };
      await Bun.write(note, JSON.stringify(body));
      await sources.deliver(to, { kind: "upload", path: note, type: "application/json" }, signal);
      await rm(note, { force: true });
    }
    const cut = isCut ? "The query returned more rows than its limit; the rest was not scored." : "";
    const sentence = `${plural(rows, "row")} scored by ${version.name} version ${version.version}.${cut}`;
    if (kind === "webhook") return { sentence, result };
    await rm(path, { force: true });
    return { sentence, result: null };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    if (spec.sourceId) await rm(input, { force: true });
  }
}

interface Writing {
  input: string;
  version: Awaited<ReturnType<Models["serving"]>>;
  form: "csv" | "parquet" | "ndjson";
  path: string;
  signal: AbortSignal;
}

async function writePredictions({ input, version, form, path, signal }: Writing, options: WorkOptions) {
  const { serving, datasets } = options;
  const answer = await predictFile(serving, version, {
    lease: () => FOREVER,
    form,
    body: async () => bytesOf(input),
    readAside: (chunks) => datasets.readAside(chunks),
  });
  const file = await open(path, "w");
  try {
    for await (const chunk of answer.chunks) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return answer.tally;
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}
