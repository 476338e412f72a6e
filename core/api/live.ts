/** The API of what happens: events as pages, SSE and NDJSON; status, gauges, activity. */
import * as z from "zod";
import { AppError } from "../errors.ts";
import { follow } from "../follow.ts";
import { eventLines, streamAnswer } from "../http/answers.ts";
import { checked } from "../http/body.ts";
import { linkHeader } from "../http/negotiate.ts";
import { activityRows } from "../list-data.ts";
import { type PanelSource, READERS } from "../panel-data.ts";
import { VERSION } from "../version.ts";
import type { Call, Route } from "./route.ts";

const WHOLE = z.coerce.number().int().min(0);
const LIMIT = z.coerce.number().int().min(1).max(1000).default(100);

function events(call: Call): Response {
  const { box, request, url, query, requestId, hold, takeTime } = call;
  const accept = request.headers.get("accept") ?? "";
  const isSse = accept.includes("text/event-stream");
  const isEndless = isSse || query.follow === "1";
  const from = request.headers.get("last-event-id") ?? query.since;
  const asked = from === undefined ? (isEndless ? box.log.lastSeq : 0) : checked(from, WHOLE);
  const { since, truncated } = box.log.resume(asked, query.epoch ?? null);
  const type = query.type ?? null;
  if (isEndless || accept.includes("ndjson")) {
    refuseBeyondCap(box);
    takeTime();
    const format = isSse ? "sse" : "ndjson";
    const followed = follow(box.log, { since, type, isEndless, signal: request.signal, hold });
    const headers = { "signalbox-epoch": box.log.epoch, "signalbox-truncated": String(truncated) };
    return streamAnswer(eventLines(followed, format), format, { instance: requestId, headers });
  }
  const limit = checked(query.limit, LIMIT);
  const items = box.log.read(since, limit, type);
  const next = items.length === limit ? items.at(-1)!.seq : null;
  const { epoch } = box.log;
  return Response.json({ items, next, epoch, truncated }, { headers: linkHeader(url, next, "since") });
}

/** A stream costs as much as a socket: the same bound holds for them. */
function refuseBeyondCap({ log, config }: PanelSource): void {
  if (log.followers < config.MAX_SOCKETS) return;
  throw new AppError("unavailable", "All streams are taken", { fix: "Poll /api/events?since= instead." });
}

export const LIVE_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/events",
    scope: "read",
    example: "curl --fail-with-body -N '{home}/api/events?follow=1'",
    says: "The numbered log: as JSON, as application/x-ndjson, or as SSE with Accept: text/event-stream.",
    query: {
      since: "the last seq that you have",
      epoch: "the log that seq is of; of another one, it starts at the present and says truncated",
      type: "only events of this type",
      limit: "how many, at most 1000",
      follow: "1 stays open",
    },
    handle: events,
  },
  {
    method: "GET",
    path: "/api/activity",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/activity?limit=10'",
    says: "What happened, in sentences, newest first.",
    query: { before: "`next` of the page before", limit: "how many, at most 1000" },
    handle: ({ box, query, url }) => {
      const before = query.before === undefined ? Number.MAX_SAFE_INTEGER : checked(query.before, WHOLE);
      const { items, next } = activityRows(box, { before, limit: checked(query.limit, LIMIT) });
      return Response.json({ items, next }, { headers: linkHeader(url, next, "before") });
    },
  },
  {
    method: "GET",
    path: "/api/status",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/status'",
    says: "Version, log position, watchers and the current run.",
    handle: ({ box }) => {
      const run = READERS.run(box, null);
      return Response.json({ ...READERS.connection(box, null), version: VERSION, epoch: box.log.epoch, run });
    },
  },
  {
    method: "GET",
    path: "/api/metrics",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/metrics'",
    says: "The gauges with the history of 24 hours.",
    handle: ({ box }) => Response.json(READERS.metrics(box, null)),
  },
  {
    method: "GET",
    path: "/api/health",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/health'",
    says: "Healthy, warning or critical, by gauge.",
    handle: ({ box }) => Response.json(READERS.health(box, null)),
  },
  {
    method: "GET",
    path: "/healthz",
    scope: "open",
    example: "curl --fail-with-body '{home}/healthz'",
    says: "Is the process alive?",
    handle: () => new Response("ok\n"),
  },
  {
    method: "GET",
    path: "/readyz",
    scope: "open",
    example: "curl --fail-with-body '{home}/readyz'",
    says: "Can it serve? It reads the log's end from the database.",
    handle: ({ box }) =>
      Response.json({ ready: true, seq: box.log.read(box.log.lastSeq - 1, 1)[0]?.seq ?? 0 }),
  },
  {
    method: "GET",
    path: "/version",
    scope: "open",
    example: "curl --fail-with-body '{home}/version'",
    says: "Which version this is.",
    handle: () => Response.json({ version: VERSION }),
  },
];
