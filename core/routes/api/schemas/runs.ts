/** Schemas of runs in requests and responses. */
import * as z from "zod";
import type { Readings } from "../../../csv/types.ts";
import { RUN_STATUSES, type StoredRound } from "../../../store/runs.ts";
import { type RunOptions, STAGE_NAMES, type VersionComparison } from "../../../trainer/contract.ts";
import { EXPERT_SHAPE } from "../../../training/options/expert-schema.ts";
import type { LeaderboardEntry } from "../../../training/results/leaderboard.ts";
import type { RunStage, RunView } from "../../../training/run-view.ts";
import { COLUMN_TYPE, ERROR_RECORD, FINDING, ORDERED, TASK, TIME } from "./datasets.ts";

const SHARE = z.number().min(0).max(1);
const MILLISECONDS = z.number().min(0);

/** By scikit-learn's names. */
export const METRIC_VALUES = z.record(z.string(), z.number());
export const INTERVALS = z.record(z.string(), z.tuple([z.number(), z.number()]));

export const COMPARISON = (
  z.object({
    version: z.int().min(1).describe("the previous version"),
    columns: z.object({
      came: z.array(z.string()),
      went: z.array(z.string()),
      changed: z.array(z.object({ column: z.string(), from: COLUMN_TYPE, to: COLUMN_TYPE })),
    }),
    metrics: z
      .record(
        z.string(),
        z.object({ before: z.number(), after: z.number(), interval: z.tuple([z.number(), z.number()]) }),
      )
      .describe("interval: 95 % of after - before"),
    rows: z.int().min(0),
    sentence: z.string(),
  }) satisfies z.ZodType<VersionComparison>
).meta({ id: "Comparison" });

export const REFIT = z
  .union([
    z.object({
      rows: z.int().min(1).describe("rows that the served model was trained on after the test"),
      seconds: z.number().min(0),
    }),
    z.object({ reason: z.string().describe("why the served model is the tested one") }),
  ])
  .nullable()
  .default(null)
  .describe("whether the served model learned from the test rows too; the figures describe the tested model");

export const COST = z
  .number()
  .nullable()
  .default(null)
  .describe("microseconds of one processor that the prediction of a row takes, as measured");

const STAGE = (
  z.object({
    position: z.int().min(0).max(7),
    name: z.enum(STAGE_NAMES),
    status: z.enum(["pending", "running", "finished", "failed", "skipped"]),
    progress: SHARE,
    note: z.string(),
    startedAt: TIME.nullable(),
    durationMs: MILLISECONDS.nullable(),
    findings: z.array(FINDING),
    facts: z.record(z.string(), z.unknown()).describe("what the stage found"),
  }) satisfies z.ZodType<RunStage>
).meta({ id: "Stage" });

const CANDIDATE = (
  z.object({
    name: z.string(),
    family: z.enum(["baseline", "linear", "smooth", "network", "boosting", "forest", "ensemble"]),
    score: z.number().describe("mean of the run's metric over the folds"),
    std: z.number(),
    foldScores: z.array(z.number()),
    params: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
    durationMs: MILLISECONDS,
    group: z
      .enum(["compared", "stopped", "baseline"])
      .describe("stopped: scored on fewer folds than the deciding ones"),
    isLevel: z.boolean().describe("not worse than the first by more than noise"),
  }) satisfies z.ZodType<LeaderboardEntry>
).meta({ id: "Candidate" });

const OPTIONS = (
  z.object({
    target: z.string(),
    task: TASK.nullable(),
    isTaskGuessed: z
      .literal(true)
      .optional()
      .describe("the task is a guess, which Data validation may change"),
    features: z.array(z.string()).nullable(),
    exclude: z.array(z.string()),
    budgetSeconds: z.number(),
    budgetRounds: z.int().nullable(),
    split: z.enum(["random", "time", "group"]),
    splitColumn: z.string().nullable(),
    seed: z.int(),
    metric: z.string().nullable(),
    positiveClass: z.string().nullable().default(null),
    costs: z.object({ falsePositive: z.number(), falseNegative: z.number() }).nullable(),
    refit: z
      .boolean()
      .default(true)
      .describe("whether the model may learn from the test rows after the test"),
    ...EXPERT_SHAPE(),
    testDatasetVersion: z.int().min(1).optional(),
  }) satisfies z.ZodType<RunOptions>
).meta({ id: "RunOptions" });

/** How rows are read, as decided when the file was read. */
export const READINGS = z
  .looseObject({
    names: z.array(z.string()).describe("all columns of the file, in order"),
    hasHeader: z.boolean(),
    hasRowNames: z.boolean(),
    delimiter: z.string(),
    columns: z
      .array(z.looseObject({ name: z.string(), type: z.string(), missingWords: z.array(z.string()) }))
      .describe("how the cells of each column become values"),
  })
  .meta({ id: "Readings" }) as unknown as z.ZodType<Readings>;

export const RUN = (
  z.object({
    id: z.string(),
    number: z.int().min(1),
    datasetId: z.string(),
    datasetVersion: z.int().min(1),
    datasetName: z.string(),
    name: z.string().nullable().describe("the name that the user gave it"),
    ...ORDERED,
    target: z.string(),
    task: TASK.nullable(),
    metric: z.string().nullable(),
    status: z.enum(RUN_STATUSES),
    stage: z.enum(STAGE_NAMES).nullable().describe("the one that is running"),
    stages: z.array(STAGE).length(STAGE_NAMES.length),
    progress: z.number().min(0).max(1.000001),
    elapsedMs: MILLISECONDS,
    etaSeconds: z.number().nullable(),
    candidates: z.array(CANDIDATE).describe("best first"),
    best: z.string().nullable(),
    metrics: METRIC_VALUES.nullable().describe("on the test set"),
    intervals: INTERVALS.nullable().describe("95 % bootstrap intervals of the metrics"),
    baseline: METRIC_VALUES.nullable().describe("the same metrics for the baseline"),
    verdict: z.string().nullable(),
    beatsBaseline: z.boolean().nullable(),
    positiveClass: z.string().nullable().describe("the positive class, of two"),
    findings: z.array(FINDING).describe("of all stages, errors first"),
    refit: REFIT,
    readings: READINGS.nullable(),
    comparison: COMPARISON.nullable().describe("compared with the previous version, on the same rows"),
    cost: COST,
    modelName: z.string(),
    version: z.int().nullable(),
    datasetDeleted: z.boolean().describe("the dataset was deleted since"),
    versionDeleted: z.boolean().describe("the version that it made was deleted since"),
    options: OPTIONS,
    error: ERROR_RECORD.nullable(),
    queuedAt: TIME,
    startedAt: TIME.nullable(),
    finishedAt: TIME.nullable(),
  }) satisfies z.ZodType<RunView>
).meta({ id: "Run" });

export const ROUND = (
  z.object({
    candidate: z.string(),
    round: z.int(),
    train: z.number(),
    valid: z.number(),
    baseline: z.number(),
    metric: z.string(),
  }) satisfies z.ZodType<StoredRound>
).meta({ id: "Round" });

export const CANDIDATES = z.object({ items: RUN.shape.candidates });
