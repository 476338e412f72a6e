/** Describes a schedule: what it does, when, and what follows. Checked where it is made and where it is changed. */
import * as z from "zod";
import { checkPlace, isTableName, PLACE_REQUEST, type Place } from "../../datasets/sources/place.ts";
import { AppError } from "../../platform/errors.ts";
import { isMetricName, METRICS } from "../../trainer/metrics/index.ts";
import { dueAfter } from "./due.ts";

export const ACTIONS = ["refresh", "retrain", "score"] as const;
export const TRIGGERS = ["new-file", "drift", "accuracy"] as const;
export const RULES = ["tell", "challenger", "deploy"] as const;

const SPEC = {
  name: z.string().trim().min(1).max(100),
  action: z.enum(ACTIONS),
  cron: z.string().max(200).optional().describe("when, such as 0 3 * * * for 3:00 every day"),
  timeZone: z.string().max(60).optional().describe("of `cron`, such as Europe/Berlin; UTC if left out"),
  on: z.enum(TRIGGERS).optional().describe("instead of `cron`: what makes it run"),
  metric: z
    .string()
    .refine(isMetricName, `must be one of ${Object.keys(METRICS).join(", ")}`)
    .optional()
    .describe("on accuracy: which figure on reported outcomes"),
  below: z.number().optional().describe("on accuracy: runs when the figure is worse than this"),
  sourceId: z.string().optional().describe("refresh, score, or what to refresh before training"),
  datasetId: z.string().optional().describe("retrain and score: instead of a source"),
  model: z.string().optional().describe("retrain and score"),
  rule: z.enum(RULES).optional().describe("retrain: what happens with a better version; tell if left out"),
  format: z.enum(["csv", "parquet"]).optional().describe("score: of the file"),
  enabled: z.boolean().optional(),
};

export const TARGET = PLACE_REQUEST.omit({ query: true, rowLimit: true }).extend({
  table: z.string().max(130).optional().describe("databases: made if it does not exist"),
  mode: z.enum(["append", "replace"]).optional().describe("databases: append if left out"),
});
export type Target = z.output<typeof TARGET>;

/** What `POST /api/schedules` takes. */
export const SCHEDULE_REQUEST = z.strictObject({
  ...SPEC,
  to: TARGET.optional().describe(
    "score: s3://bucket/key, a database with `table`, or an https address that gets a link",
  ),
});
export type ScheduleRequest = z.output<typeof SCHEDULE_REQUEST>;
export const METRIC = SPEC.metric;
export const SCHEDULE_PATCH = SCHEDULE_REQUEST.partial();

export type ScheduleSpec = Omit<ScheduleRequest, "to" | "name" | "enabled">;

/** Throws AppError `invalid` where the parts do not fit together. */
export async function checkSpec(spec: ScheduleSpec, to: Target | null): Promise<void> {
  const { action, cron, timeZone, on, sourceId, datasetId, model } = spec;
  if ((cron === undefined) === (on === undefined))
    throw wrong("A schedule needs either a time or a trigger", "cron", "Send `cron`, or `on`.");
  if (cron !== undefined) await dueAfter({ cron, timeZone }, Date.now());
  if (on === "new-file" && !sourceId && !datasetId)
    throw wrong("A new file of what?", "sourceId", "Name the source or the dataset.");
  if ((on === "drift" || on === "accuracy") && !model)
    throw wrong("This trigger is about a model", "model", "Name the model.");
  if (on === "accuracy" && (spec.metric === undefined || spec.below === undefined))
    throw wrong(
      "Accuracy below what?",
      "below",
      "Send `metric` and `below`.",
      '{"metric":"accuracy","below":0.8}',
    );
  if (action === "refresh" && !sourceId)
    throw wrong("A refresh needs a source", "sourceId", "Name the source.");
  if (action !== "refresh" && !model) throw wrong(`To ${action} needs a model`, "model", "Name the model.");
  if (action === "score" && !sourceId && !datasetId)
    throw wrong("Score which rows?", "sourceId", "Name a source or a dataset.");
  if (action === "score" && !to)
    throw wrong("Where should the predictions go?", "to", "Name an object, a table or a webhook.");
  if (action !== "score" && to) throw wrong("Only a scoring writes a result", "to", "Leave it out.");
  if (action !== "retrain" && spec.rule) throw wrong("Only a retraining has a rule", "rule", "Leave it out.");
  if (to) checkTarget(spec, to);
}

export type TargetKind = "object" | "table" | "webhook";

export function targetKind({ url }: Pick<Place, "url">): TargetKind {
  if (url.startsWith("s3:")) return "object";
  return /^https?:/.test(url) ? "webhook" : "table";
}

function checkTarget({ format }: ScheduleSpec, to: Target): void {
  const kind = targetKind(to);
  // A table takes no query, so another one is checked in its place.
  checkPlace(kind === "table" ? { ...to, query: "select 1" } : to);
  if (kind === "table" && !isTableName(to.table ?? ""))
    throw wrong(
      "A database needs the name of a table",
      "table",
      "Use letters, digits and underscores.",
      "predictions",
    );
  if (kind === "table" && format === "parquet")
    throw wrong("A table has no file format", "format", "Leave it out.");
}

function wrong(message: string, column: string, fix: string, example?: string): AppError {
  return new AppError("invalid", message, { column, fix, ...(example && { example }) });
}
