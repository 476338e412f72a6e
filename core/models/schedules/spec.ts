/** Describes a schedule: what it does, when, and what follows. Checked when it is created and changed. */
import * as z from "zod";
import { checkPlace, isTableName, PLACE_REQUEST, type Place } from "../../datasets/sources/place.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import { isMetricName, METRICS } from "../../trainer/metrics/index.ts";
import { dueAfter } from "./due.ts";

export const ACTIONS = ["refresh", "retrain", "score"] as const;
export const TRIGGERS = ["new-file", "drift", "accuracy"] as const;
export const RULES = ["tell", "challenger", "deploy"] as const;

const SPEC = lazily(() => ({
  name: z.string().trim().min(1).max(100),
  action: z.enum(ACTIONS),
  cron: z
    .string()
    .max(200)
    .optional()
    .describe(
      "when, for example 0 3 * * * for 3:00 every day; a time that a clock change skips comes at the end of the gap, one that occurs twice comes once",
    ),
  timeZone: z.string().max(60).optional().describe("of `cron`, for example Europe/Berlin; UTC if left out"),
  on: z.enum(TRIGGERS).optional().describe("instead of `cron`: the trigger"),
  metric: z
    .string()
    .refine(isMetricName, `must be one of ${Object.keys(METRICS).join(", ")}`)
    .optional()
    .describe("on accuracy: the metric on reported outcomes"),
  below: z.number().optional().describe("on accuracy: runs when the metric is worse than this"),
  sourceId: z.string().optional().describe("refresh and score; for retrain, what to refresh before training"),
  datasetId: z.string().optional().describe("retrain and score: instead of a source"),
  model: z.string().optional().describe("retrain and score"),
  version: z
    .union([z.literal("live"), z.int().min(1)])
    .optional()
    .describe("score: the version that predicts; the live one of that moment if left out"),
  rule: z
    .enum(RULES)
    .optional()
    .describe("retrain: what to do with a better version; tell (report it) if left out"),
  format: z.enum(["csv", "parquet"]).optional().describe("score: the format of the file"),
  enabled: z.boolean().optional(),
}));

const TARGET = lazily(() =>
  PLACE_REQUEST()
    .omit({ query: true, rowLimit: true })
    .extend({
      table: z.string().max(130).optional().describe("databases: the table, created if it does not exist"),
      mode: z.enum(["append", "replace"]).optional().describe("databases: append if left out"),
    }),
);
export type Target = OutputOf<typeof TARGET>;

/** The body of `POST /api/schedules`. */
export const SCHEDULE_REQUEST = lazily(() =>
  z.strictObject({
    ...SPEC(),
    to: TARGET()
      .optional()
      .describe("score: s3://bucket/key, a database with `table`, or an https address that receives a link"),
  }),
);
export type ScheduleRequest = OutputOf<typeof SCHEDULE_REQUEST>;
export const METRIC = lazily(() => SPEC().metric);
export const SCHEDULE_PATCH = lazily(() => SCHEDULE_REQUEST().partial());

export type ScheduleSpec = Omit<ScheduleRequest, "to" | "name" | "enabled">;

/** Throws AppError `invalid` if the parts do not fit together. */
export async function checkSpec(spec: ScheduleSpec, to: Target | null): Promise<void> {
  const { action, cron, timeZone, on, sourceId, datasetId, model } = spec;
  if ((cron === undefined) === (on === undefined))
    throw wrong("A schedule needs either a time or a trigger", "cron", "Send `cron`, or `on`.");
  if (cron !== undefined && (await dueAfter({ cron, timeZone }, Date.now())) === null)
    throw wrong("This time never comes", "cron", "Choose a day that exists.", "0 3 28 2 *");
  if (on === "new-file" && !sourceId && !datasetId)
    throw wrong("The trigger needs a source or a dataset", "sourceId", "Choose a source or a dataset.");
  if ((on === "drift" || on === "accuracy") && !model)
    throw wrong("This trigger needs a model", "model", "Choose a model.");
  if (on === "accuracy" && (spec.metric === undefined || spec.below === undefined))
    throw wrong(
      "The accuracy trigger needs a metric and a limit",
      "below",
      "Choose a metric and a limit.",
      '{"metric":"accuracy","below":0.8}',
    );
  if (action === "refresh" && !sourceId)
    throw wrong("A refresh needs a source", "sourceId", "Choose a source.");
  if (action !== "refresh" && !model)
    throw wrong(`The action ${action} needs a model`, "model", "Choose a model.");
  if (action === "score" && !sourceId && !datasetId)
    throw wrong("Scoring needs rows", "sourceId", "Choose a source or a dataset.");
  if (action === "score" && !to)
    throw wrong(
      "Scoring needs a destination for the predictions",
      "to.url",
      "Give the address of an object, a table or a webhook.",
    );
  if (action !== "score" && to)
    throw wrong("Only the action score writes a result", "to", "Leave `to` out, or use the action score.");
  if (action !== "score" && typeof spec.version === "number")
    throw wrong(
      "Only the action score uses a version",
      "version",
      "Leave `version` out, or use the action score.",
    );
  if (action !== "retrain" && spec.rule)
    throw wrong("Only the action retrain has a rule", "rule", "Leave `rule` out, or use the action retrain.");
  if (to) checkTarget(spec, to);
}

export type TargetKind = "object" | "table" | "webhook";

export function targetKind({ url }: Pick<Place, "url">): TargetKind {
  if (url.startsWith("s3:")) return "object";
  return /^https?:/.test(url) ? "webhook" : "table";
}

function checkTarget({ format }: ScheduleSpec, to: Target): void {
  const kind = targetKind(to);
  // A table takes no query, so a trivial one is checked in its place.
  checkPlace(kind === "table" ? { ...to, query: "select 1" } : to);
  if (kind === "table" && !isTableName(to.table ?? ""))
    throw wrong(
      "A database needs a table name",
      "table",
      "Use letters, digits and underscores.",
      "predictions",
    );
  if (kind === "table" && format === "parquet")
    throw wrong("A table has no file format", "format", "Leave `format` out.");
}

function wrong(message: string, column: string, fix: string, example?: string): AppError {
  return new AppError("invalid", message, { column, fix, ...(example && { example }) });
}
