/** Events of versions that predict beside the live one: challengers unseen, canaries for a share of the traffic. */
import { figure } from "../../platform/figures.ts";
import "../../platform/zod-setup.ts";
import * as z from "zod";
import { event, NO_ACTIVITY } from "../event-type.ts";
import { ofModel } from "../stale-panels.ts";

const model = { model: z.string(), version: z.number() };
const share = { ...model, share: z.number() };

export const TRAFFIC_EVENTS = {
  "challenger.started": event({
    data: () => z.object(model),
    level: "info",
    sentence: (d) =>
      `${d.model} version ${d.version} now answers the same rows as the live version, for comparison`,
    stale: ofModel,
  }),
  "challenger.ended": event({
    data: () => z.object(model),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version} is no longer a challenger`,
    stale: ofModel,
  }),
  "canary.started": event({
    data: () => z.object(share),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version} now answers ${figure(d.share)} % of the traffic`,
    stale: ofModel,
  }),
  "canary.changed": event({
    data: () => z.object(share),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version} now answers ${figure(d.share)} % of the traffic`,
    stale: ofModel,
  }),
  "canary.ended": event({
    data: () => z.object(model),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version} no longer answers a share of the traffic`,
    stale: ofModel,
  }),
  "canary.rolledback": event({
    data: () => z.object({ ...share, liveVersion: z.number(), reason: z.string() }),
    level: "error",
    sentence: (d) =>
      `${d.model} version ${d.version} no longer answers ${figure(d.share)} % of the traffic: ${d.reason}`,
    stale: ofModel,
  }),
  "canary.counted": event({
    ...NO_ACTIVITY,
    data: () => z.object(model),
    stale: (d) => ["watch", `watch:${d.model}`],
  }),
} as const;
