/** Makes HTTP responses: pages, fragments with a position as their ETag, streams that may break. */
import type { LogEntry } from "../events/event-log.ts";
import { HEARTBEAT_MS } from "../events/follow.ts";
import type { Problem } from "./problem.ts";
import { type Chunks, STREAM_HEADER, streamBody } from "./stream.ts";

/** When to ask again what is only unavailable for now. */
const RETRY_SECONDS = 2;
const retryAfter = (status: number): Record<string, string> =>
  status === 503 ? { "retry-after": String(RETRY_SECONDS) } : {};

/** HTML; never cached, because it shows a moment. */
export function htmlAnswer(html: string, status = 200): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    vary: "accept",
    ...retryAfter(status),
  };
  return new Response(html, { status, headers });
}

export function problemAnswer(told: Problem): Response {
  // Ends with a line break: in a terminal the prompt then begins on its own line.
  return new Response(`${JSON.stringify(told)}\n`, {
    status: told.status,
    headers: { "content-type": "application/problem+json", ...retryAfter(told.status) },
  });
}

/**
 * The response to a page's form. To htmx 204: it navigates or stays; a form that shows what its page became follows the
 * redirect itself. A browser without script always navigates.
 */
export function landingAnswer(
  request: Request,
  base: string,
  landing: { go: string } | { stay: string },
): Response {
  const isStaying = "stay" in landing;
  const location = `${base}${isStaying ? landing.stay : landing.go}`;
  const isFollowed = !isStaying && isShownIn(request, location);
  if (isFollowed || !request.headers.has("hx-request"))
    return new Response(null, { status: 303, headers: { location } });
  return new Response(null, { status: 204, headers: isStaying ? {} : { "hx-redirect": location } });
}

/** htmx puts the page's content in the place of the present one, which is of the same page. */
function isShownIn({ headers }: Request, location: string): boolean {
  const shown = URL.parse(headers.get("hx-current-url") ?? "")?.pathname;
  return headers.get("hx-target") === "main#main" && shown === location.split(/[?#]/)[0];
}

/** A panel with the ETag "epoch-seq-key". A client whose position is newer than the panel's last change gets 304. */
export function positionAnswer(
  request: Request,
  epoch: string,
  panel: { key: string; body: string; type: string; seq: number; isStaleSince: (seq: number) => boolean },
): Response {
  const etag = `"${epoch}-${panel.seq}-${panel.key}"`;
  const known = [...(request.headers.get("if-none-match") ?? "").matchAll(/"(\w+)-(\d+)-([^"]+)"/g)];
  const headers = { etag, "cache-control": "no-cache", vary: "accept, origin" };
  const isCurrent = known.some(
    ([, of, seq, key]) => of === epoch && key === panel.key && !panel.isStaleSince(Number(seq)),
  );
  if (isCurrent) return new Response(null, { status: 304, headers });
  const answer = htmlAnswer(panel.body);
  for (const [name, value] of Object.entries({ ...headers, "content-type": panel.type }))
    answer.headers.set(name, value);
  return answer;
}

export const XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
export const PARQUET_TYPE = "application/vnd.apache.parquet";

const STREAM_TYPES = {
  text: "text/plain; charset=utf-8",
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  csv: "text/csv; charset=utf-8",
  xlsx: XLSX_TYPE,
  parquet: PARQUET_TYPE,
};

interface StreamOptions {
  /** Makes the problem that is written before the stream breaks, and logs it. */
  problemOf: (error: unknown) => Promise<Problem>;
  headers?: Record<string, string>;
}

/** A body pulled from a generator; if that throws, the problem is written to the body and the stream breaks. */
export function streamAnswer(
  chunks: Chunks,
  format: keyof typeof STREAM_TYPES,
  { problemOf, headers: further = {} }: StreamOptions,
): Response {
  const failed = async (error: unknown) => {
    const { type: _, ...told } = await problemOf(error);
    const json = JSON.stringify({ type: "problem", ...told });
    if (format === "ndjson") return `${json}\n`;
    if (format === "sse") return `event: problem\ndata: ${json}\n\n`;
    const { status, detail, fix, example } = told;
    return `\nFailed (${status}): ${ended(detail)}${fix ? ` ${fix}` : ""}\n${example ? `Try: ${example}\n` : ""}`;
  };
  const headers = {
    "content-type": STREAM_TYPES[format],
    "cache-control": "no-store",
    [STREAM_HEADER]: "no",
    ...further,
  };
  return new Response(streamBody(chunks, failed), { headers });
}

/** Adds the full stop. */
function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A batch is the same array for all readers at the same position: its text is built once. */
const TEXTS = { sse: new WeakMap<LogEntry[], string>(), ndjson: new WeakMap<LogEntry[], string>() };

/** Batches of events as SSE (`id`, `event`, `data`) or NDJSON; an empty batch becomes a comment or a blank line. */
export async function* eventLines(
  batches: AsyncGenerator<LogEntry[]>,
  { format, isEndless }: { format: "sse" | "ndjson"; isEndless: boolean },
): AsyncGenerator<string> {
  // Headers are sent with the first chunk: who follows must not wait for the first event to know that it is connected.
  if (format === "sse") yield `retry: 2000\n: heartbeat each ${HEARTBEAT_MS / 1000} s\n\n`;
  else if (isEndless) yield "\n";
  const line =
    format === "sse"
      ? ({ seq, type, json }: LogEntry) => `id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`
      : ({ json }: LogEntry) => `${json}\n`;
  const heartbeat = format === "sse" ? ":\n\n" : "\n";
  for await (const entries of batches)
    yield entries.length
      ? TEXTS[format].getOrInsertComputed(entries, () => entries.map(line).join(""))
      : heartbeat;
}
