/** Schemas of events, gauges and the server's state on the wire. */
import * as z from "zod";
import type { Activity, LoggedEvent } from "../../../events/event-log.ts";
import { EVENT_NAMES } from "../../../events/events.ts";
import { HEALTH_STATE_NAMES } from "../../../events/health-states.ts";
import { GAUGE_NAMES } from "../../../operations/gauges.ts";
import type { GaugeReading } from "../../../operations/health.ts";
import type { WebhookView } from "../../../operations/webhooks.ts";
import type { PanelData } from "../../data/panel-data.ts";
import { TIME } from "./datasets.ts";
import { RUN } from "./runs.ts";

const COUNT = z.int().min(0);
const EVENT_NAME = z.enum(EVENT_NAMES);

export const EVENT = (
  z.object({
    seq: z.int(),
    type: EVENT_NAME,
    at: TIME,
    data: z.record(z.string(), z.unknown()).describe("by type, as the docs page lists them"),
  }) satisfies z.ZodType<LoggedEvent>
).meta({ id: "Event" });

export const ACTIVITY = (
  z.object({
    seq: z.int(),
    at: TIME,
    type: EVENT_NAME,
    level: z.enum(["info", "success", "warning", "error"]),
    sentence: z.string(),
  }) satisfies z.ZodType<Activity>
).meta({ id: "Activity" });

const STATE = z.enum(HEALTH_STATE_NAMES);
const READING = {
  gauge: z.enum(GAUGE_NAMES),
  label: z.string(),
  unit: z.string(),
  value: z.number(),
  state: STATE,
  warning: z.number(),
  critical: z.number(),
};
const GAUGE = (z.object(READING) satisfies z.ZodType<GaugeReading>).meta({ id: "Gauge" });

const SIGNAL = z
  .object({ state: STATE, label: z.string(), sentence: z.string() })
  .describe("whether everything live is answering and the last training worked");

export const HEALTH = z.object({ state: STATE, gauges: z.array(GAUGE), signal: SIGNAL }) satisfies z.ZodType<
  PanelData["health"]
>;

export const HOST = z.object({
  id: z.string(),
  host: z.string(),
  role: z.string(),
  version: z.string(),
  status: z.enum(["alive", "vanished"]),
  cpuPercent: z.number(),
  memoryPercent: z.number(),
  startedAt: z.iso.datetime(),
  lastBeatAt: z.iso.datetime(),
  runs: z.array(z.object({ id: z.string(), number: z.int() })),
});

export const GAUGES_WITH_HISTORY = z.object({
  gauges: z.array(z.object({ ...READING, history: z.array(z.object({ at: TIME, value: z.number() })) })),
  hosts: z.array(HOST),
}) satisfies z.ZodType<PanelData["metrics"]>;

export const STATUS = z.object({
  version: z.string(),
  epoch: z.string(),
  seq: COUNT,
  sockets: COUNT,
  upSeconds: COUNT,
  run: RUN.nullable(),
});

export const WEBHOOK = (
  z.object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    cursor: COUNT.describe("last event that was delivered, not wanted, or given up"),
    delivered: COUNT,
    givenUp: COUNT,
    attempts: COUNT,
    lastError: z.string().nullable(),
    createdAt: TIME,
    isLocked: z.boolean().describe("set by the environment"),
  }) satisfies z.ZodType<WebhookView>
).meta({ id: "Webhook" });
