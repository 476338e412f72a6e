/**
 * Finishes every response before it is sent: compresses it if that is worthwhile and accepted, sets the length for a
 * HEAD, and reports where its time went. A stream is never delayed for it.
 */
import type { Timings } from "../platform/timing.ts";
import { preferredCoding } from "./negotiate.ts";
import { isStream } from "./stream.ts";

/** Smaller bodies fit into one packet: compression gains nothing. */
export const COMPRESS_FROM = 1400;
const COMPRESSED = /^(application\/(problem\+)?json|text\/(html|plain|css|javascript)|image\/svg\+xml)/;

/** Adds Server-Timing, compresses what is worth it, and leaves out the body for HEAD. */
export function finishAnswer(
  request: Request,
  answer: Response,
  timings: Timings,
): Response | Promise<Response> {
  answer.headers.set("server-timing", timings.header());
  const isGzipped = isWorthCompressing(request, answer);
  return request.method !== "HEAD" && !isGzipped ? answer : remade(request, answer, isGzipped);
}

async function remade(request: Request, answer: Response, isGzipped: boolean): Promise<Response> {
  if (isStream(answer)) return request.method === "HEAD" ? headOfStream(answer) : answer;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const body = isGzipped && bytes.length >= COMPRESS_FROM ? compress(answer, bytes) : bytes;
  // A 304 describes a body that it does not contain.
  if (request.method === "HEAD" && answer.status !== 304) {
    answer.headers.set("content-length", String(body.length));
    return new Response(null, answer);
  }
  return new Response(answer.status === 204 || answer.status === 304 ? null : body, answer);
}

function isWorthCompressing(request: Request, { headers, status }: Response): boolean {
  const encodings = request.headers.get("accept-encoding");
  if (encodings === null || status === 204 || status === 304 || headers.has("content-encoding")) return false;
  const type = headers.get("content-type");
  return type !== null && COMPRESSED.test(type) && preferredCoding(encodings, ["gzip"]) !== null;
}

function compress({ headers }: Response, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  headers.set("content-encoding", "gzip");
  headers.append("vary", "accept-encoding");
  const tag = headers.get("etag");
  // Other bytes: only a weak tag may cover both.
  if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`);
  return Bun.gzipSync(bytes, { level: 5 });
}

async function headOfStream(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  answer.headers.set("transfer-encoding", "chunked");
  return new Response(null, answer);
}
