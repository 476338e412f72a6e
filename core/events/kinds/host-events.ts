/** Events of the machine, of the servers and workers on one database, and of what they are set to. */
import "../../platform/zod-setup.ts";
import * as z from "zod";
import { reading } from "../../platform/figures.ts";
import { event } from "../event-type.ts";
import { HEALTH_STATE_NAMES, HEALTH_STATES } from "../health-states.ts";
import type { PanelKey } from "../panel-names.ts";

const host = { hostId: z.string(), host: z.string(), role: z.string() };
/** The host, if there are several on the same database; absent for a single one, or if it concerns all. */
const one = { hostId: z.string().optional(), host: z.string().optional() };
const named = ({ host: name, role }: { host: string; role: string }) => `The ${role} on ${name}`;

/** Uploads that were on their way to it are over. */
const OF_HOSTS: PanelKey[] = ["metrics", "activity", "attention", "datasets"];

export const HOST_EVENTS = {
  "host.joined": event({
    data: () => z.object({ ...host, version: z.string() }),
    level: "info",
    sentence: (d) => `${named(d)} started (version ${d.version})`,
    stale: () => OF_HOSTS,
  }),
  "host.left": event({
    data: () => z.object({ ...host, cause: z.enum(["stopped", "vanished"]) }),
    level: (d) => (d.cause === "stopped" ? "info" : "warning"),
    sentence: (d) => (d.cause === "stopped" ? `${named(d)} was shut down` : `${named(d)} stopped responding`),
    stale: () => OF_HOSTS,
  }),
  "health.changed": event({
    data: () =>
      z.object({
        gauge: z.string(),
        label: z.string(),
        from: z.string(),
        to: z.enum(HEALTH_STATE_NAMES),
        value: z.number(),
        unit: z.string(),
        isLoss: z.boolean().optional(),
        ...one,
      }),
    level: (d) => (d.to === "healthy" ? "success" : d.to === "critical" && d.isLoss ? "error" : "warning"),
    sentence: (d) =>
      `${d.host ? `${d.host}: ` : ""}${d.label} ${HEALTH_STATES[d.to].phrase}: ${reading(d.value, d.unit)}`,
    stale: () => ["health", "metrics", "activity", "attention"],
  }),
  "metrics.sampled": event({
    data: () => z.object({ values: z.record(z.string(), z.number()), host: one.host }),
    level: "info",
    sentence: null,
    stale: () => ["metrics", "health", "connection", "predictions", "history"],
  }),
  "settings.changed": event({
    data: () => z.object({ names: z.array(z.string()) }),
    level: "info",
    sentence: (d) => `Settings changed: ${d.names.join(", ")}`,
    stale: () => ["activity", "health", "metrics", "attention"],
  }),
} as const;
