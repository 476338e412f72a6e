/** Schemas of events, alerts, gauges, settings and the server's state in requests and responses. */
import * as z from "zod";
import { ALERT_CODES, ALERTS, type AlertRecord } from "../../../events/alert-records.ts";
import type { Activity, LoggedEvent } from "../../../events/event-log.ts";
import { EVENT_NAMES } from "../../../events/events.ts";
import { HEALTH_STATE_NAMES } from "../../../events/health-states.ts";
import { GAUGE_NAMES } from "../../../operations/gauges.ts";
import type { GaugeReading } from "../../../operations/health.ts";
import type { PanelData } from "../../data/panel-data.ts";
import { listOf, TIME } from "./datasets.ts";
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
  .describe("whether everything live is serving and the last training worked");

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

export const HISTORY = z.object({
  range: z.string().nullable(),
  from: TIME,
  to: TIME,
  stepSeconds: z.number(),
  model: z.string().nullable(),
  series: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      unit: z.string(),
      figure: z.enum(["mean", "sum"]),
      points: z.array(
        z.object({ at: TIME, value: z.number(), low: z.number(), high: z.number(), count: COUNT }),
      ),
    }),
  ),
  deployments: z.array(z.object({ version: z.int(), at: TIME })),
});

export const STATUS = z.object({
  version: z.string(),
  epoch: z.string(),
  seq: COUNT,
  sockets: COUNT,
  upSeconds: COUNT,
  run: RUN.nullable(),
});

export const EVENT_PAGE = listOf(EVENT).extend({ epoch: z.string(), truncated: z.boolean() });

export const ALERT = z
  .object({
    id: z.string(),
    code: z.enum(ALERT_CODES).describe(
      Object.entries<AlertRecord>(ALERTS)
        .map(([code, { says }]) => `${code}: ${says}`)
        .join(" "),
    ),
    subject: z.string().describe("a run's ID, a model's name, or a gauge"),
    severity: z.enum(["warning", "error"]),
    sentence: z.string(),
    action: z.object({ label: z.string(), method: z.enum(["get", "post"]), path: z.string() }),
    raisedAt: TIME,
  })
  .meta({ id: "Alert" });

export const SETTINGS = z.record(
  z.string(),
  z.object({
    group: z.string(),
    says: z.string(),
    value: z.unknown().describe("null if it is a secret"),
    source: z.enum(["environment", "stored", "default"]),
    locked: z.boolean().describe("set by the environment"),
    default: z.unknown(),
    isSecret: z.boolean(),
    isSet: z.boolean(),
    options: z.array(z.string()).nullable().describe("the only allowed values"),
  }),
);

export const ALIVE = z.object({ status: z.literal("ok") });
export const READY = z.object({ ready: z.literal(true), seq: z.int() });
export const SERVER_VERSION = z.object({ version: z.string() });
