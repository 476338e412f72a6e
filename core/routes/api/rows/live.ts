/** The API of what happens: events as pages, SSE and NDJSON; status, gauges, activity. */
import * as z from "zod";
import { EVENT_NAMES } from "../../../events/events.ts";
import { follow } from "../../../events/follow.ts";
import { checked } from "../../../http/body.ts";
import { linkHeader, preferredType } from "../../../http/negotiate.ts";
import { eventLines, streamAnswer } from "../../../http/responses.ts";
import { AppError } from "../../../platform/errors.ts";
import { VERSION } from "../../../platform/version.ts";
import { lazily, type OutputOf } from "../../../platform/zod-setup.ts";
import { ACTIVITY_LEVELS, activityRows } from "../../data/list-data.ts";
import { type PanelSource, READERS } from "../../data/panel-data.ts";
import { type Call, json, listOf, rangeOf, route } from "../route.ts";

const WHOLE = lazily(() => z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER));
const LIMIT = lazily(() => z.coerce.number().int().min(1).max(1000));
const LISTED = 100;
const EVENTS_QUERY = lazily(() =>
  z.object({
    since: WHOLE().optional().describe("the last seq you have received"),
    cursor: WHOLE().optional().describe("same as since"),
    epoch: z
      .string()
      .optional()
      .describe("the log that seq belongs to; for another log, reading starts now and `truncated` is set"),
    type: z.enum(EVENT_NAMES).optional().describe("only events of this type"),
    limit: LIMIT().optional().describe("maximum number; default: 100 as JSON, all as NDJSON or SSE"),
    follow: z.enum(["0", "1"]).default("0").describe("1 keeps the response open").meta({ isUnlisted: true }),
  }),
);
const ACTIVITY_QUERY = lazily(() =>
  z.object({
    before: WHOLE().optional().describe("`next` of the previous page"),
    cursor: WHOLE().default(Number.MAX_SAFE_INTEGER).describe("same as before"),
    limit: LIMIT().default(LISTED).describe("how many"),
    q: z.string().max(200).default("").describe("only sentences that contain this text"),
    status: z
      .enum(["", ...ACTIVITY_LEVELS])
      .default("")
      .describe("only events of this level"),
  }),
);
const EVENT_TYPES = ["application/json", "application/x-ndjson", "text/event-stream"] as const;

async function events(call: Call<unknown, OutputOf<typeof EVENTS_QUERY>>): Promise<Response> {
  const { signalbox, request, url, query, problemOf, hold, takeTime } = call;
  const accepted = preferredType(request.headers.get("accept"), EVENT_TYPES);
  const isSse = accepted === "text/event-stream";
  const isEndless = isSse || query.follow === "1";
  const last = request.headers.get("last-event-id");
  const from = last === null ? (query.since ?? query.cursor) : checked(last, WHOLE());
  const asked = from ?? (isEndless ? signalbox.log.lastSeq : 0);
  const { since, truncated } = await signalbox.log.resume(asked, query.epoch ?? null);
  const { type = null, limit } = query;
  if (isEndless || accepted === "application/x-ndjson") {
    refuseBeyondCap(signalbox);
    takeTime();
    const format = isSse ? "sse" : "ndjson";
    const sees = signalbox.viewScope.isAll ? undefined : seenBy(signalbox);
    const about = { since, type, limit, isEndless, signal: request.signal, hold };
    const followed = follow(signalbox.log, { ...about, ...(sees && { sees }) });
    const headers = { "signalbox-epoch": signalbox.log.epoch, "signalbox-truncated": String(truncated) };
    return streamAnswer(eventLines(followed, { format, isEndless }), format, { problemOf, headers });
  }
  const shown = limit ?? LISTED;
  const read = await signalbox.log.read(since, shown, type);
  const next = read.length === shown ? read.at(-1)!.seq : null;
  const { privacy, viewScope } = signalbox;
  if (privacy.settled !== null) await privacy.settled;
  const items = read.filter(({ data }) => privacy.seesEvent(viewScope, data));
  const { epoch } = signalbox.log;
  const named = url.searchParams.has("cursor") ? "cursor" : "since";
  return Response.json({ items, next, epoch, truncated }, { headers: linkHeader(url, next, named) });
}

/** What the reader may see of the log, at the moment of sending. */
function seenBy({ privacy, viewScope }: PanelSource) {
  return async (entry: { json: string }) => {
    if (privacy.settled !== null) await privacy.settled;
    return privacy.seesEntry(viewScope, entry);
  };
}

/** A stream costs as much as a socket: the same bound holds for them. */
function refuseBeyondCap({ log, config }: PanelSource): void {
  if (log.followers < config.MAX_SOCKETS) return;
  throw new AppError("unavailable", "The limit of open streams is reached", {
    fix: "Poll /api/events?since= instead.",
  });
}

export const LIVE_ROUTES = [
  route({
    method: "GET",
    path: "/api/events",
    scope: "read",
    example: "curl --fail-with-body -N '{home}/api/events?follow=1'",
    says: "Returns the event log: as JSON, as application/x-ndjson, or as SSE with Accept: text/event-stream. With follow=1 the response stays open; that parameter is not listed below, because generated requests would never end.",
    query: EVENTS_QUERY,
    answers: {
      200: {
        ...json("EVENT_PAGE"),
        "application/x-ndjson": "one event per line; with follow=1 a blank line after ten quiet seconds",
        "text/event-stream": "id, event and data of each; it stays open",
      },
    },
    refusals: ["unavailable"],
    handle: events,
  }),
  route({
    method: "GET",
    path: "/api/activity",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/activity?limit=10'",
    says: "Lists what happened, in sentences, newest first.",
    query: ACTIVITY_QUERY,
    answers: { 200: listOf("ACTIVITY") },
    handle: async ({ signalbox, query, url }) => {
      const range = rangeOf({ ...query, cursor: query.before ?? query.cursor });
      const { items, next } = await activityRows(signalbox, range);
      const named = url.searchParams.has("before") ? "before" : "cursor";
      return Response.json({ items, next }, { headers: linkHeader(url, next, named) });
    },
  }),
  route({
    method: "GET",
    path: "/api/status",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/status'",
    says: "Returns the version, log position, number of viewers and the current run.",
    answers: { 200: json("STATUS") },
    handle: async ({ signalbox }) => {
      const run = await READERS.run(signalbox, null);
      return Response.json({
        ...(await READERS.connection(signalbox, null)),
        version: VERSION,
        epoch: signalbox.log.epoch,
        run,
      });
    },
  }),
  route({
    method: "GET",
    path: "/api/hosts",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/hosts'",
    says: "Lists the servers and workers on this database: role, version, last heartbeat, load, and what each trains.",
    answers: { 200: listOf("HOST") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.presence.hosts(), next: null }),
  }),
  route({
    method: "GET",
    path: "/api/metrics",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/metrics'",
    says: "Returns the gauges with their last 24 hours.",
    answers: { 200: json("GAUGES_WITH_HISTORY") },
    handle: async ({ signalbox }) => Response.json(await READERS.metrics(signalbox, null)),
  }),
  route({
    method: "GET",
    path: "/api/health",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/health'",
    says: "Returns healthy, warning or critical for each gauge.",
    answers: { 200: json("HEALTH") },
    handle: async ({ signalbox }) => Response.json(await READERS.health(signalbox, null)),
  }),
  route({
    method: "GET",
    path: "/healthz",
    scope: "open",
    example: "curl --fail-with-body '{home}/healthz'",
    says: "Says whether the process is alive.",
    answers: { 200: { "text/plain": "ok", ...json("ALIVE") } },
    handle: ({ request }) =>
      preferredType(request.headers.get("accept"), ["text/plain", "application/json"]) === "text/plain"
        ? new Response("ok\n", { headers: { "content-type": "text/plain; charset=utf-8" } })
        : Response.json({ status: "ok" }),
  }),
  route({
    method: "GET",
    path: "/readyz",
    scope: "open",
    example: "curl --fail-with-body '{home}/readyz'",
    says: "Says whether the server can answer requests: reads the end of the log from the database.",
    answers: { 200: json("READY") },
    handle: async ({ signalbox }) =>
      Response.json({
        ready: true,
        seq: (await signalbox.log.read(signalbox.log.lastSeq - 1, 1))[0]?.seq ?? 0,
      }),
  }),
  route({
    method: "GET",
    path: "/version",
    scope: "open",
    example: "curl --fail-with-body '{home}/version'",
    says: "Returns the version.",
    answers: { 200: json("SERVER_VERSION") },
    handle: () => Response.json({ version: VERSION }),
  }),
];
