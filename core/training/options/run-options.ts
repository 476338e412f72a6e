/** Defines and checks the options of a training: the request's schema, and how it is completed with the dataset. */
import * as z from "zod";
import { nearName, sameName } from "../../csv/dialect/near-name.ts";
import { findLabel } from "../../csv/profile/advice/positive-class.ts";
import { guessTask, TASK_CHOSEN } from "../../csv/profile/guess-target.ts";
import type { CsvProfile } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import type { RunOptions } from "../../trainer/contract.ts";
import { isMetricName, METRICS, metricNames } from "../../trainer/metrics/index.ts";
import type { Task } from "../../trainer/samples.ts";
import { EXPERT_SETTINGS } from "./expert.ts";
import { EXPERT_SHAPE, EXPERT_TEXT_SHAPE } from "./expert-schema.ts";
import { settleExpert } from "./settle-expert.ts";

export const MODEL_NAME = lazily(() =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,79}$/, "must be lower-case letters, digits, dots and dashes, at most 80"),
);

export const TRAIN_REQUEST = lazily(() =>
  z.strictObject({
    datasetId: z.string(),
    target: z.string().optional(),
    task: z.enum(["binary", "multiclass", "regression"]).optional(),
    name: MODEL_NAME().optional(),
    features: z.array(z.string()).optional(),
    exclude: z.array(z.string()).optional(),
    budgetSeconds: z.number().min(1).max(86_400).optional(),
    budgetRounds: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        "ends the comparison of candidates after this many rounds instead of by time: same bytes, seed and rounds give the same model; may exceed budgetSeconds",
      ),
    split: z.enum(["random", "time", "group"]).optional(),
    splitColumn: z.string().optional(),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31)
      .optional(),
    // Which metrics fit depends on the target: `settleMetric` checks it.
    metric: z
      .string()
      .meta({ enum: Object.keys(METRICS) })
      .optional(),
    positiveClass: z
      .string()
      .min(1)
      .optional()
      .describe("the positive one of two classes: recall, precision, curves and the threshold refer to it"),
    costs: z.strictObject({ falsePositive: z.number().min(0), falseNegative: z.number().min(0) }).optional(),
    refit: z
      .boolean()
      .optional()
      .describe(
        "true (default): after the test the model is retrained on all rows if the time limit allows; the figures describe the model before that",
      ),
    ...EXPERT_SHAPE(),
  }),
);
export type TrainRequest = OutputOf<typeof TRAIN_REQUEST>;

/** As clients send it: settings that are left out come from the other run. */
export const TRAIN_BODY = lazily(() =>
  TRAIN_REQUEST().extend({
    datasetId: z.string().optional().describe("required unless fromRun names a run"),
    fromRun: z
      .string()
      .optional()
      .describe("a run's ID: settings that are left out are copied from it, dataset and model name included"),
  }),
);

const number = lazily(() =>
  z.coerce.number({
    error: ({ code }) => (code === "invalid_type" ? "must be a number" : undefined),
  }),
);
const list = lazily(() =>
  z
    .string()
    .regex(/[^,]/, "must name a column")
    .transform((text) => text.split(",").filter(Boolean)),
);
export const TRAIN_QUERY = lazily(() =>
  z.strictObject({
    target: z.string().optional().describe("the column to predict; guessed if left out"),
    name: MODEL_NAME().optional().describe("the model's name; default: the file's"),
    file: z.string().max(1000).optional().describe("the file's name, if the path does not have it"),
    task: TRAIN_REQUEST().shape.task.describe("detected if left out"),
    features: list().optional().describe("columns to use, separated by commas"),
    exclude: list().optional().describe("columns to exclude, separated by commas"),
    budgetSeconds: number().min(1).max(86_400).optional().describe("time limit"),
    budgetRounds: number()
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe("ends by rounds: same bytes and seed give the same model"),
    split: TRAIN_REQUEST().shape.split.describe("how the test set is chosen"),
    splitColumn: z.string().optional().describe("the date or group column, if split needs one"),
    seed: number()
      .int()
      .min(0)
      .max(2 ** 31)
      .optional()
      .describe("the same seed gives the same split"),
    metric: TRAIN_REQUEST().shape.metric.describe("the metric to optimise, by scikit-learn's name"),
    positiveClass: TRAIN_REQUEST().shape.positiveClass,
    refit: z
      .stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] })
      .optional()
      .describe("true: train on the test rows too, after the test (default)"),
    ...EXPERT_TEXT_SHAPE(),
  }),
);

/** Labels and texts come in no order in time: the latest rows by one of them would be any rows. */
function requireOrder(splitColumn: string, { columns }: CsvProfile): void {
  const type = columns.find(({ name }) => name === splitColumn)?.type;
  if (type === "date" || type === "number" || type === "id") return;
  const dated = columns.find((column) => column.type === "date");
  throw new AppError(
    "invalid",
    `splitColumn: “${splitColumn}” holds no dates: its rows have no order in time`,
    {
      column: splitColumn,
      fix: `Choose a column with dates or numbers${dated ? `, such as “${dated.name}”` : ""}, or split at random.`,
    },
  );
}

/** The options that the run stores. Throws AppError `invalid` if a column or the target does not exist. */
export function settleOptions(asked: TrainRequest, profile: CsvProfile, budgetSeconds: number): RunOptions {
  const request = withKnownNames(asked, profile);
  const target = request.target ?? profile.target;
  if (target === null) {
    throw new AppError("invalid", "No column is a likely target", {
      fix: "Send the column to predict as `target`.",
      example: `{"datasetId":"${request.datasetId}","target":${JSON.stringify(profile.columns[0]?.name ?? "")}}`,
    });
  }
  const { split, splitColumn } = request;
  const named = [target, ...(request.features ?? []), ...(request.exclude ?? [])];
  for (const name of [...named, ...(request.splitColumn ? [request.splitColumn] : [])])
    requireColumn(name, profile);
  const isSplitNamed =
    request.splitColumn !== undefined || (split === "group" && request.groups !== undefined);
  if (split && split !== "random" && !isSplitNamed) {
    throw new AppError("syntax", `split=${request.split} needs splitColumn`, {
      column: "splitColumn",
      fix: `Choose the column that holds the ${request.split === "time" ? "date" : "group"}.`,
    });
  }
  if (split === "time" && splitColumn !== undefined) requireOrder(splitColumn, profile);
  const task = request.task ?? (target === profile.target ? profile.task : null);
  const likelyTask = task ?? guessedTask(target, profile);
  const beside = { features: request.features ?? null, exclude: request.exclude ?? [], split, splitColumn };
  const expert = settleExpert(request, profile, { target, task: likelyTask, ...beside });
  return {
    target,
    task,
    ...(!request.task && !isTaskChosen(target, profile) && { isTaskGuessed: true as const }),
    features: request.features ?? null,
    exclude: request.exclude ?? [],
    budgetSeconds: request.budgetSeconds ?? budgetSeconds,
    budgetRounds: request.budgetRounds ?? null,
    split: request.split ?? "random",
    splitColumn: request.splitColumn ?? null,
    seed: request.seed ?? 0,
    metric: settleMetric(request.metric, likelyTask),
    positiveClass: settlePositiveClass(request, profile, target),
    costs: request.costs ?? null,
    refit: request.refit ?? true,
    ...expert,
  };
}

/** With each column called as the file writes it, whatever form its accents were sent in. */
function withKnownNames(request: TrainRequest, { columns }: CsvProfile): TrainRequest {
  const names = columns.map(({ name }) => name);
  const known = (name: string) => sameName(name, names);
  const renamed: Record<string, unknown> = { ...request };
  const single = Object.entries(EXPERT_SETTINGS).flatMap(([name, { takes }]) =>
    takes.kind === "column" ? [name] : [],
  );
  for (const field of ["target", "splitColumn", ...single])
    if (typeof renamed[field] === "string") renamed[field] = known(renamed[field]);
  const { features, exclude, monotone } = request;
  if (features) renamed.features = features.map(known);
  if (exclude) renamed.exclude = exclude.map(known);
  if (monotone)
    renamed.monotone = Object.fromEntries(Object.entries(monotone).map(([name, way]) => [known(name), way]));
  return renamed as TrainRequest;
}

/** Checked if the profile holds every value of the target; the training checks it in any case. */
function settlePositiveClass(request: TrainRequest, profile: CsvProfile, target: string): string | null {
  const { positiveClass: asked, task } = request;
  if (asked === undefined) return null;
  const column = profile.columns.find(({ name }) => name === target);
  const labels = column?.top.map(({ value }) => value) ?? [];
  if (column?.distinct === 2 && labels.length === 2 && findLabel(labels, asked) === null) {
    throw new AppError(
      "invalid",
      `positiveClass: ${JSON.stringify(target)} has no class ${JSON.stringify(asked)}`,
      {
        column: target,
        fix: `Choose ${labels.map((label) => JSON.stringify(label)).join(" or ")} as positiveClass.`,
        example: labels[0],
      },
    );
  }
  if (task === "regression" || (column?.distinctExact && column.distinct > 2)) {
    throw new AppError(
      "invalid",
      `positiveClass: ${JSON.stringify(target)} is not predicted as one of two classes`,
      {
        column: target,
        fix: "Leave positiveClass out, or choose a target with two classes.",
      },
    );
  }
  return asked;
}

/** Chosen explicitly for the dataset: a guess never makes a run fail. */
function isTaskChosen(target: string, { target: chosen, taskReason }: CsvProfile): boolean {
  return target === chosen && taskReason === TASK_CHOSEN;
}

function requireColumn(name: string, profile: CsvProfile): void {
  if (profile.columns.some((column) => column.name === name)) return;
  const names = profile.columns.map((column) => column.name);
  const close = nearName(name, names);
  const shown = names.slice(0, 20).join(", ") + (names.length > 20 ? ", …" : "");
  throw new AppError("invalid", `The column ${JSON.stringify(name)} does not exist`, {
    column: name,
    fix: close ? `Did you mean ${JSON.stringify(close)}?` : `The columns are: ${shown}.`,
    ...(close && { example: close }),
  });
}

function guessedTask(target: string, { columns }: CsvProfile): Task {
  return guessTask(columns.find(({ name }) => name === target)!).task;
}

/** Null: the task's default. Throws AppError `syntax`, which names the metrics that fit. */
function settleMetric(name: string | undefined, task: Task): RunOptions["metric"] {
  if (name === undefined) return null;
  const fitting = metricNames(task);
  if (fitting.some((metric) => metric === name)) return name;
  const problem = isMetricName(name)
    ? `The metric “${name}” does not fit a ${task} task`
    : `“${name}” is not a metric`;
  throw new AppError("syntax", problem, {
    column: "metric",
    fix: `Leave the metric out, or choose one of ${fitting.join(", ")}.`,
  });
}
