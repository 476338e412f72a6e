/** Schemas of sources, schedules, alert routes and webhooks in requests and responses. */
import * as z from "zod";
import { SOURCE_KINDS } from "../../../datasets/sources/place.ts";
import type { SourceView } from "../../../datasets/sources/source-view.ts";
import { ALERT_CODES, type AlertCode } from "../../../events/alert-records.ts";
import type { ScheduleRunView, ScheduleView } from "../../../models/schedules/schedule-views.ts";
import { ACTIONS, METRIC, RULES, TRIGGERS } from "../../../models/schedules/spec.ts";
import type { AlertRouteView } from "../../../operations/alert-routes/alert-routes.ts";
import { CHANNELS, ROUTE_REQUEST } from "../../../operations/alert-routes/spec.ts";
import type { WebhookView } from "../../../operations/webhooks.ts";
import { DATASET, TIME } from "./datasets.ts";

const COUNT = z.int().min(0);
const { quiet, digest } = ROUTE_REQUEST().shape;

export const SOURCE = (
  z.object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(SOURCE_KINDS),
    status: z.enum(["new", "refreshing", "ok", "failed"]),
    url: z.string().describe("without its credentials"),
    query: z.string().nullable(),
    rowLimit: z.int().nullable(),
    timeoutSeconds: z.number(),
    secrets: z.array(z.string()).describe("names of the stored credentials"),
    datasetId: z.string().nullable(),
    lastTriedAt: TIME.nullable(),
    lastRefreshedAt: TIME.nullable(),
    lastError: z.string().nullable(),
    createdBy: z.string(),
    createdAt: TIME,
  }) satisfies z.ZodType<SourceView>
).meta({ id: "Source" });

export const REFRESHED = SOURCE.extend({
  isChanged: z.boolean().describe("false: it is the same file as last time"),
  dataset: DATASET,
});

export const SCHEDULE_RUN = (
  z.object({
    id: z.string(),
    dueAt: TIME,
    startedAt: TIME,
    finishedAt: TIME.nullable(),
    status: z.enum(["running", "done", "failed", "stopped"]),
    runId: z.string().nullable().describe("the training that it started"),
    sentence: z.string().nullable(),
    hasResult: z.boolean(),
  }) satisfies z.ZodType<ScheduleRunView>
).meta({ id: "ScheduleRun" });

export const SCHEDULE = (
  z.object({
    id: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    action: z.enum(ACTIONS),
    cron: z.string().optional(),
    timeZone: z.string().optional(),
    on: z.enum(TRIGGERS).optional(),
    metric: METRIC(),
    below: z.number().optional(),
    sourceId: z.string().optional(),
    datasetId: z.string().optional(),
    model: z.string().optional(),
    version: z.union([z.literal("live"), z.int()]).optional(),
    rule: z.enum(RULES).optional(),
    format: z.enum(["csv", "parquet"]).optional(),
    to: z
      .object({
        url: z.string(),
        secrets: z.array(z.string()),
        table: z.string().optional(),
        mode: z.string().optional(),
      })
      .nullable(),
    nextAt: TIME.nullable(),
    upcoming: z.array(TIME).describe("the next times of `cron`, up to five"),
    last: SCHEDULE_RUN.nullable(),
    createdBy: z.string(),
    createdAt: TIME,
  }) satisfies z.ZodType<ScheduleView>
).meta({ id: "Schedule" });

export const ALERT_ROUTE = (
  z.object({
    id: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    channel: z.enum(CHANNELS),
    to: z.string().describe("of a webhook's address only the host"),
    severities: z.array(z.enum(["warning", "error"])).optional(),
    kinds: z.array(z.enum(ALERT_CODES as [AlertCode, ...AlertCode[]])).optional(),
    models: z.array(z.string()).optional(),
    resolved: z.boolean().optional(),
    quiet,
    digest,
    delivered: z.int(),
    givenUp: z.int(),
    attempts: z.int(),
    lastError: z.string().nullable(),
    nextDigestAt: TIME.nullable(),
    createdAt: TIME,
  }) satisfies z.ZodType<AlertRouteView>
).meta({ id: "AlertRoute" });

export const WEBHOOK = (
  z.object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    cursor: COUNT.describe("last event that was delivered, skipped, or given up"),
    delivered: COUNT,
    givenUp: COUNT,
    attempts: COUNT,
    lastError: z.string().nullable(),
    createdAt: TIME,
    isLocked: z.boolean().describe("set by the environment"),
  }) satisfies z.ZodType<WebhookView>
).meta({ id: "Webhook" });

export const NEW_WEBHOOK = WEBHOOK.extend({ secret: z.string().describe("shown only once") });
