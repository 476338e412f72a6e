/** Schemas of models, versions and predictions in requests and responses. */
import * as z from "zod";
import type { CanaryView } from "../../../models/canary/canaries.ts";
import type { Counterfactual } from "../../../models/counterfactuals.ts";
import type { ChallengerView } from "../../../models/monitoring/comparison.ts";
import type { ColumnDrift, DriftView } from "../../../models/monitoring/drift/drift.ts";
import type { LiveView } from "../../../models/monitoring/live-metrics.ts";
import type { Told } from "../../../models/monitoring/outcomes.ts";
import type { ReportedRows } from "../../../models/monitoring/outcomes-csv.ts";
import type { Prediction } from "../../../models/monitoring/prediction-log.ts";
import type { Warning } from "../../../models/predict-rows.ts";
import { WARNING_CODES } from "../../../models/rows/warnings.ts";
import type { ModelSchema, RunSummary } from "../../../trainer/contract.ts";
import { METRICS, type MetricName } from "../../../trainer/metrics/index.ts";
import type { MonitoringView } from "../../data/monitoring-view.ts";
import type { ModelView, PredictionMinute } from "../../data/panel-data.ts";
import { ERROR_CODE, ERROR_RECORD, FINDING, ORDERED, TASK, TIME } from "./datasets.ts";
import { COMPARISON, COST, INTERVALS, METRIC_VALUES, READINGS, REFIT } from "./runs.ts";

const COUNT = z.int().min(0);
const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

const MODEL_SCHEMA = (
  z.object({
    features: z.array(
      z.object({
        name: z.string(),
        type: z.enum(["number", "category", "boolean", "date", "text"]),
        values: z.array(z.string()).optional().describe("most common first, at most 200"),
        min: z.number().optional(),
        max: z.number().optional(),
        example: z.union([z.string(), z.number()]).nullable(),
      }),
    ),
    target: z.string(),
    classes: z.array(z.string()).optional(),
  }) satisfies z.ZodType<ModelSchema>
).meta({ id: "ModelSchema" });

const RESULT = (
  z.object({
    task: TASK,
    metric: z.string(),
    best: z.string(),
    positiveClass: z.string().nullable().default(null).describe("the positive class, of two"),
    findings: z.array(FINDING).default([]).describe("of the training, errors first"),
    refit: REFIT,
    cost: COST,
    readings: READINGS.optional(),
    metrics: METRIC_VALUES,
    intervals: INTERVALS,
    baseline: METRIC_VALUES,
    verdict: z.string(),
    beatsBaseline: z.boolean(),
    schema: MODEL_SCHEMA,
    rowsTrain: COUNT,
    rowsTest: COUNT,
    comparison: COMPARISON.nullable(),
  }) satisfies z.ZodType<RunSummary>
).meta({ id: "Result" });

const LIVE = (
  z.object({
    outcomes: COUNT,
    learned: COUNT.describe("outcomes of rows that the version was trained on: never scored"),
    measured: COUNT.describe("number of the newest version"),
    needed: COUNT.describe("with fewer outcomes no metric is given"),
    figures: z.array(
      z.object({
        metric: z.enum(METRIC_NAMES),
        value: z.number(),
        interval: z.tuple([z.number(), z.number()]),
        training: z.number().nullable(),
        trainingInterval: z.tuple([z.number(), z.number()]).nullable(),
        verdict: z.enum(["better", "worse", "unclear"]),
      }),
    ),
  }) satisfies z.ZodType<LiveView>
).meta({ id: "Live" });

const VERSION = {
  version: z.int().min(1),
  runId: z.string(),
  createdAt: TIME,
  sizeBytes: COUNT,
  isLive: z.boolean(),
  threshold: z
    .number()
    .nullable()
    .describe("the probability from which the positive class is predicted, if it was set; null: as trained"),
  previousThreshold: z.number().nullable().describe("the threshold before the last change"),
  result: RESULT,
};

const LEAD = {
  metrics: METRIC_VALUES,
  schema: MODEL_SCHEMA,
  card: z.string().nullable().describe("the model card, in Markdown; null: the run was deleted"),
};

export const PER_MINUTE = z.array(
  z.object({ at: TIME, predictions: COUNT }) satisfies z.ZodType<PredictionMinute>,
);

const RUN_DELETED = z.boolean().describe("the run that made it was deleted since");

export const LISTED_MODEL = z
  .object({
    name: z.string(),
    ...ORDERED,
    liveVersion: z.int().nullable(),
    ...LEAD,
    versions: z.array(z.object({ ...VERSION, runDeleted: RUN_DELETED })).describe("newest first"),
    predictions: z.object({ total: COUNT, lastHour: COUNT }),
  })
  .meta({ id: "ListedModel" });

export const MODEL = (
  z.object({
    name: z.string(),
    ...ORDERED,
    liveVersion: z.int().nullable(),
    ...LEAD,
    versions: z
      .array(
        z.object({
          ...VERSION,
          runDeleted: RUN_DELETED,
          live: LIVE,
        }),
      )
      .describe("newest first"),
    deployments: z.array(z.object({ version: z.int(), at: TIME })).describe("newest first"),
    predictions: z.object({ total: COUNT, perMinute: PER_MINUTE }),
  }) satisfies z.ZodType<ModelView>
).meta({ id: "Model" });

export const MODEL_VERSION = z
  .object({
    ...VERSION,
    ...LEAD,
    ...RESULT.pick({ findings: true, positiveClass: true, readings: true, cost: true }).shape,
    name: z.string(),
    sha256: z.string(),
    evaluation: z.record(z.string(), z.unknown()).describe("the data of the model page's charts"),
  })
  .meta({ id: "ModelVersion" });

const CHANGED = z.union([z.string(), z.number()]).nullable();
const FLIP = (
  z.object({
    changes: z
      .array(z.object({ column: z.string(), from: CHANGED, to: CHANGED }))
      .describe("empty: none found"),
    prediction: CHANGED,
    probability: z.number().optional(),
    tried: COUNT,
    sentence: z.string(),
  }) satisfies z.ZodType<Counterfactual>
).meta({ id: "Counterfactual" });

const ANSWER = {
  id: z.string(),
  prediction: z.union([z.string(), z.number()]),
  probabilities: z.record(z.string(), z.number()).optional(),
  threshold: z
    .number()
    .optional()
    .describe("the positive class is predicted from this probability on; absent: the likelier class"),
  interval: z
    .object({ low: z.number(), high: z.number(), level: z.number() })
    .optional()
    .describe("numbers, with interval=: the outcome lies between these with probability level"),
  set: z
    .array(z.string())
    .optional()
    .describe("classes, with interval=: contains the outcome with the requested probability; may be empty"),
  contributions: z.record(z.string(), z.number()).optional(),
  contributionsOf: z
    .string()
    .optional()
    .describe("the class that contributions refer to: the positive one of two, else the predicted one"),
  base: z.number().optional(),
  counterfactual: FLIP.optional(),
};
const PREDICTION = z.object({
  ...ANSWER,
  id: z.string().optional().describe("absent if the prediction is not stored"),
  logged: z.literal(false).optional().describe("no outcome can be reported for it, because it is not stored"),
  version: z
    .int()
    .optional()
    .describe("which version made it, while a canary answers a share of the traffic"),
}) satisfies z.ZodType<Prediction>;

const CELL = z.union([z.string(), z.number(), z.boolean()]).nullable();
export const LOGGED_PREDICTION = z
  .object({
    ...ANSWER,
    model: z.string(),
    version: z.int(),
    at: TIME,
    row: z.record(z.string(), CELL),
    actual: CELL.optional(),
  })
  .meta({ id: "LoggedPrediction" });

const WARNING = z.object({
  row: COUNT.describe("from 0, in the order of the request"),
  column: z.string(),
  code: z.enum(WARNING_CODES).describe("stable, so scripts can filter by it"),
  message: z.string(),
}) satisfies z.ZodType<Warning>;

export const PREDICTIONS = z
  .object({
    model: z.string(),
    version: z
      .int()
      .describe("the version that predicted; the live one if a canary predicted some of the rows"),
    predictions: z.array(PREDICTION),
    threshold: z
      .number()
      .optional()
      .describe(
        "two classes: the positive one is predicted from this probability on; absent: the likelier one",
      ),
    warnings: z
      .array(WARNING)
      .optional()
      .describe("every value that was read as missing, read differently from how it is written, or ignored"),
  })
  .meta({ id: "Predictions" });

const OUTCOME = z.union([z.string(), z.number()]);
export const TOLD = (
  z.object({
    id: z.string(),
    model: z.string(),
    version: z.int(),
    prediction: OUTCOME,
    actual: OUTCOME,
    status: z.enum(["recorded", "unchanged", "changed"]),
    previous: OUTCOME.optional(),
    warnings: z.array(WARNING).optional(),
  }) satisfies z.ZodType<Told>
).meta({ id: "Told" });

export const TOLD_ROWS = z.object({
  accepted: COUNT,
  unchanged: COUNT,
  changed: COUNT,
  rejected: COUNT,
  errors: z
    .array(ERROR_RECORD.omit({ column: true, example: true }).extend({ id: z.string(), code: ERROR_CODE }))
    .describe("of the first invalid rows"),
  warned: COUNT.describe("outcomes that were read differently from how they are written"),
  warnings: z.array(WARNING).describe("the first of them; row counts from 1, header included"),
}) satisfies z.ZodType<ReportedRows>;

const COMPARED = { training: z.number(), live: z.number() };
const COLUMN_DRIFT = (
  z.object({
    column: z.string(),
    psi: z.number().nullable().describe("population stability index"),
    verdict: z.enum(["none", "moderate", "major"]),
    missing: z.object({ ...COMPARED, isMore: z.boolean() }),
    unseen: z.object({ rows: COUNT, examples: z.array(z.string()), isMore: z.boolean() }),
    bins: z.array(z.object({ label: z.string(), ...COMPARED })),
    sentence: z.string(),
  }) satisfies z.ZodType<ColumnDrift>
).meta({ id: "ColumnDrift" });

const DRIFT_VIEW = z.object({
  predictions: COUNT,
  needed: COUNT,
  days: COUNT,
  columns: z.array(COLUMN_DRIFT).describe("largest drift first"),
  answers: COLUMN_DRIFT.nullable(),
}) satisfies z.ZodType<DriftView>;

/** Without its figures if the training stored no bins. */
export const DRIFT = z.object({
  model: z.string(),
  version: z.int(),
  ...DRIFT_VIEW.partial().shape,
});

const CHALLENGE = z.object({
  version: z.int(),
  liveVersion: z.int(),
  answered: COUNT,
  skipped: COUNT.describe("rows that were skipped because it fell behind"),
  compared: COUNT,
  learned: COUNT.describe("outcomes that do not count: one of the two was trained on their rows"),
  needed: COUNT,
  figures: z.array(
    z.object({
      metric: z.enum(METRIC_NAMES),
      live: z.number(),
      challenger: z.number(),
      gain: z.tuple([z.number(), z.number()]).describe("95 %, above zero the challenger is better"),
      verdict: z.enum(["better", "worse", "unclear"]),
    }),
  ),
  verdict: z.enum(["better", "worse", "unclear"]),
  sentence: z.string(),
  msPerRow: z.number().nullable(),
}) satisfies z.ZodType<ChallengerView>;

export const CANARY = (
  z.object({
    version: z.int(),
    liveVersion: z.int(),
    share: z.number().describe("percent of the traffic that it answers"),
    column: z.string().nullable().describe("rows with the same value in it go to the same version"),
    header: z.string().nullable().describe("requests with the same value of it go to the same version"),
    maxErrors: z.number().describe("percent of its requests that may fail"),
    maxSlowdown: z.number().describe("how many times as long as the live version it may take"),
    startedAt: TIME,
    versions: z
      .array(
        z.object({
          version: z.int(),
          requests: COUNT,
          predictions: COUNT,
          errors: COUNT,
          msPerRequest: z.number().nullable().describe("null: none was timed yet"),
        }),
      )
      .describe("what the canary and the live version did since"),
  }) satisfies z.ZodType<CanaryView>
).meta({ id: "Canary" });

export const MODEL_CANARY = z.object({
  model: z.string(),
  canary: CANARY.nullable().describe("null: it was ended"),
});

export const WATCH = (
  z.object({
    name: z.string(),
    version: z.int(),
    isLive: z.boolean(),
    live: LIVE,
    drift: DRIFT_VIEW.nullable(),
    challenge: CHALLENGE.nullable(),
    canary: CANARY.nullable(),
    candidates: z.array(z.int()),
    log: z.enum(["full", "sampled", "off"]),
  }) satisfies z.ZodType<MonitoringView>
).meta({ id: "Watch" });

export const MODEL_FILE = z.looseObject({ signalbox: z.literal("model") }).describe("the model as data");

export const CHARTS = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      sentence: z.string().nullable(),
      svg: z.string(),
      png: z.string(),
      csv: z.string(),
      json: z.string(),
    }),
  ),
});

export const CHART = z.looseObject({ name: z.string(), title: z.string() });
