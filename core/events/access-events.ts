/** Events of who may see what: access that ended, and what became private or the team's. */
import "../platform/zod-setup.ts";
import * as z from "zod";
import { event, NO_ACTIVITY } from "./event-type.ts";
import type { PanelKey } from "./panel-names.ts";

/** Those that show something of anything: without a subject each shows the current one. */
const EVERY_LIST = [
  ...(["datasets", "runs", "models", "activity", "attention", "predictions", "health", "metrics"] as const),
  ...(["run", "stages", "curve", "leaderboard", "report", "reading", "model", "watch"] as const),
] satisfies PanelKey[];

export const ACCESS_EVENTS = {
  "token.revoked": event({
    ...NO_ACTIVITY,
    data: () => z.object({ tokenId: z.string() }),
    stale: () => ["connection"],
  }),
  "session.ended": event({
    ...NO_ACTIVITY,
    data: () => z.object({ sessionId: z.string() }),
    stale: () => ["connection"],
  }),
  "visibility.changed": event({
    data: () =>
      z.object({
        /** Its display name. */
        label: z.string(),
        visibility: z.enum(["private", "team"]),
        /** False: it inherited this from what it was made of. */
        isAsked: z.boolean(),
        datasetId: z.string().optional(),
        runId: z.string().optional(),
        model: z.string().optional(),
      }),
    level: "info",
    sentence: ({ label, visibility, isAsked }) => {
      if (!isAsked) return null;
      return visibility === "private" ? `${label} was made private` : `${label} was shared with the team`;
    },
    stale: ({ datasetId, runId, model }) => [
      ...EVERY_LIST,
      ...(datasetId === undefined ? [] : [`runs:${datasetId}` as const]),
      ...(runId === undefined ? [] : [`run:${runId}` as const]),
      ...(model === undefined ? [] : ([`model:${model}`, `history:${model}`] as const)),
    ],
  }),
} as const;
