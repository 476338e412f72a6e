/**
 * Runs the eight stages in order on one CSV, without a server. The child process and the command `train` use it. It
 * uses no store and no socket.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { ReadingChoices, ReadingPlan } from "../csv/types.ts";
import type { RunOptions, RunResult } from "../trainer/contract.ts";
import { readTestedModel } from "../trainer/model/model-file.ts";
import { openThreads } from "./folds/fold-pool.ts";
import { createWork, STAGES, type Work } from "./stages/index.ts";
import type { Artifacts, RunDataset, StageReport } from "./stages/stage.ts";
import type { Spent } from "./stages/work/time-plan.ts";
import { planOf } from "./stages/work/work.ts";

export interface RunInput {
  options: RunOptions;
  dataset: RunDataset;
  /** The original file that the dataset's table was made from, and how. */
  file?: { path: string; choices: ReadingChoices };
  /** The same for the test dataset, if there is one. */
  testFile?: { path: string; choices: ReadingChoices };
  /** The run's own folder: artifacts, and what a resumed run builds on. */
  folder: string;
  /** The version of the same model that the new one is compared with: its number and its file. */
  previous?: { version: number; path: string } | null;
  /** The table's typed columns are kept beside it, for the next run. */
  keepsColumns?: true;
}

type WholeReport = Exclude<StageReport, { type: "round" }>;

/** A stage's report with its position, or the start and end of a stage. */
export type RunReport =
  | { type: "started"; position: number }
  | { type: "finished"; position: number; durationMs: number }
  | { type: "stage"; position: number; report: WholeReport }
  | { type: "rounds"; position: number; rounds: Extract<StageReport, { type: "round" }>[] };

export interface RunControls {
  report: (report: RunReport) => void;
  cancel: AbortSignal;
  stop: AbortSignal;
  /** When the run's time began, by performance.now(); default: now. */
  beganAt?: number;
  /** Called at the end with each piece's expected and actual duration. */
  onAccount?: (account: Spent[]) => void;
}

/** Runs all stages; the model file is the artifact "model.bin". Throws what a stage throws. */
export async function runStages(input: RunInput, controls: RunControls): Promise<RunResult> {
  await mkdir(input.folder, { recursive: true });
  const work = createWork(openThreads, input);
  if (input.previous) {
    const { version, path } = input.previous;
    work.previous = { version, model: readTestedModel(await readFile(path)) };
  }
  const artifacts = folderArtifacts(input.folder);
  const dataset = handledDataset(input);
  const beganAt = controls.beganAt ?? performance.now();
  const elapsedMs = () => performance.now() - beganAt;
  for (const [position, stage] of STAGES.entries()) {
    const startedAt = performance.now();
    controls.report({ type: "started", position });
    const context = {
      options: input.options,
      dataset,
      work,
      report: (report: StageReport) =>
        controls.report(
          report.type === "round"
            ? { type: "rounds", position, rounds: [report] }
            : { type: "stage", position, report: forecasted(report, work) },
        ),
      cancel: controls.cancel,
      stop: controls.stop,
      elapsedMs,
      artifacts,
    };
    planOf(context).begin(stage.name);
    await stage.run(context);
    controls.report({ type: "finished", position, durationMs: Math.round(performance.now() - startedAt) });
  }
  if (work.time) controls.onAccount?.(work.time.account());
  if (!work.result) throw new Error("the last stage left no result");
  return work.result;
}

/** Free text as categories, if requested: the model reads it that way, too. */
function handledDataset({ dataset, options }: RunInput): RunDataset {
  if (options.text !== "category") return dataset;
  const handled = (plan: ReadingPlan): ReadingPlan => ({
    ...plan,
    columns: plan.columns.map((column) =>
      column.type === "text" ? { ...column, type: "category" } : column,
    ),
  });
  const { test } = dataset;
  return {
    ...dataset,
    plan: handled(dataset.plan),
    ...(test && { test: { ...test, plan: handled(test.plan) } }),
  };
}

/** Adds the time left of the whole run to progress reports. */
function forecasted(report: WholeReport, { time }: Work): WholeReport {
  if (report.type !== "progress") return report;
  const leftMs = time?.leftMs() ?? null;
  return { ...report, ...(leftMs !== null && { leftMs: Math.round(leftMs) }) };
}

/**
 * Files in `folder`; a save is written to a temporary file, synced and renamed, so that a crash leaves the old or the
 * new one.
 */
function folderArtifacts(folder: string): Artifacts {
  return {
    async save(name, bytes) {
      const path = join(folder, name);
      const file = await open(`${path}.part`, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.part`, path);
    },
    async load(name) {
      try {
        return await readFile(join(folder, name));
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return null;
        throw error;
      }
    },
  };
}
