/** Events of the servers and workers on one database, and of what they are set to. */
import "../../platform/zod-setup.ts";
import * as z from "zod";
import { event } from "../event-type.ts";

const host = { hostId: z.string(), host: z.string(), role: z.string() };
const named = ({ host: name, role }: { host: string; role: string }) => `The ${role} on ${name}`;

export const HOST_EVENTS = {
  "host.joined": event({
    data: () => z.object({ ...host, version: z.string() }),
    level: "info",
    sentence: (d) => `${named(d)} started (version ${d.version})`,
    stale: () => ["metrics", "activity", "attention"],
  }),
  "host.left": event({
    data: () => z.object({ ...host, cause: z.enum(["stopped", "vanished"]) }),
    level: (d) => (d.cause === "stopped" ? "info" : "warning"),
    sentence: (d) => (d.cause === "stopped" ? `${named(d)} was shut down` : `${named(d)} stopped responding`),
    stale: () => ["metrics", "activity", "attention"],
  }),
  "settings.changed": event({
    data: () => z.object({ names: z.array(z.string()) }),
    level: "info",
    sentence: (d) => `Settings changed: ${d.names.join(", ")}`,
    stale: () => ["activity", "health", "metrics", "attention"],
  }),
} as const;
