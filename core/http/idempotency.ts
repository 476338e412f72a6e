/**
 * Answers a repeated request with the first response. A POST or PUT with an Idempotency-Key is executed once; the same
 * request within a day gets the first response, also after a restart. A body of any size is identified by its hash,
 * taken while it streams. Refusals changed nothing, so they are not stored.
 */

import { AppError } from "../platform/errors.ts";
import { DAY_MS } from "../platform/figures.ts";
import type { Store } from "../store/database.ts";
import {
  claimAnswer,
  findAnswer,
  keepAnswer,
  releaseAnswer,
  type StoredResponse,
} from "../store/idempotency.ts";
import { isStream } from "./stream.ts";

const KEPT_MS = DAY_MS;
const KEPT = 1000;
const KEPT_BYTES = 32 * 1024 * 1024;
const LARGEST_BYTES = 1024 * 1024;
/** The status of a key whose request is being processed. */
const CLAIMED = 0;
/** A server that died during a request keeps its key for this long. */
const CLAIM_MS = 600_000;
const KEPT_HEADERS = ["content-type", "location", "etag", "preference-applied"];

export interface KeyedRequest {
  request: Request;
  /** Keys of different users are different keys. */
  who: string;
  /** "secret": its response contains a secret that is shown once. "harmless": repeating it does no harm. */
  kind: "change" | "secret" | "harmless";
}

export class Idempotency {
  private readonly inFlight = new Set<string>();

  constructor(private readonly options: { store: Store; now: () => number }) {}

  /**
   * Executes the request, or repeats the first response. `act` gets the request to read the body from. Throws AppError:
   * `syntax` for an invalid key, `conflict` while the same request is being processed, `invalid` if the key was used
   * for another request.
   */
  async answer(asked: KeyedRequest, act: (request: Request) => Promise<Response>): Promise<Response> {
    const { request, who } = asked;
    const text = request.headers.get("idempotency-key") ?? "";
    if (!/^[\x21-\x7e]{1,255}$/.test(text))
      throw new AppError("syntax", "The Idempotency-Key must be 1 to 255 visible characters", {
        fix: "Send a new UUID for each operation.",
        example: `Idempotency-Key: ${crypto.randomUUID()}`,
      });
    const key = new Bun.CryptoHasher("sha256").update(`${who}\n${text}`).digest("hex");
    if (this.inFlight.has(key)) throw underWay();
    // Before the first await: of two simultaneous requests only one is executed.
    this.inFlight.add(key);
    const known = await this.knownAnswer(key);
    if (!known) return this.act(key, asked, act);
    this.inFlight.delete(key);
    if (known.status === CLAIMED) throw underWay();
    return replay(known, await fingerprintOf(request));
  }

  /** Null: this request is new, and where several servers respond, the key was claimed. */
  private async knownAnswer(key: string): Promise<StoredResponse | null> {
    const { store, now } = this.options;
    try {
      const known = await findAnswer(store, key, now() - KEPT_MS);
      const isAbandoned = known?.status === CLAIMED && known.at <= now() - CLAIM_MS;
      if ((known && !isAbandoned) || !store.isShared) return known;
      const claim = { key, fingerprint: "", status: CLAIMED, headers: [], body: null, at: now() };
      // Only one of two servers gets it.
      return (await claimAnswer(store, claim, now() - CLAIM_MS)) ? null : claim;
    } catch (error) {
      this.inFlight.delete(key);
      throw error;
    }
  }

  /** Nothing was done, or no response was stored: the same request may be sent again. */
  private release(key: string): void {
    this.inFlight.delete(key);
    const { store } = this.options;
    // If that fails, the claim expires on its own.
    if (store.isShared) releaseAnswer(store, key).catch(() => {});
  }

  private async act(
    key: string,
    { request, kind }: KeyedRequest,
    act: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    const end = () => this.inFlight.delete(key);
    const release = () => this.release(key);
    try {
      const { watched, hash } = watchBody(request);
      const answer = await act(watched);
      if (!answer.ok) {
        release();
        return answer;
      }
      const headers = KEPT_HEADERS.flatMap((name): [string, string][] => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      const keep = async (text: string | null) => {
        if (text === null && kind === "harmless") return release();
        const body = kind === "secret" ? null : text;
        await this.keep({ key, fingerprint: hash.digest("hex"), status: answer.status, headers, body });
        // Only now: a repeated request finds the response.
        end();
      };
      if (isStream(answer)) return collect(answer, keep, release);
      const text = await answer.text();
      await keep(Buffer.byteLength(text) > LARGEST_BYTES ? null : text);
      return new Response(answer.status === 204 ? null : text, answer);
    } catch (error) {
      release();
      throw error;
    }
  }

  private async keep(answer: Omit<StoredResponse, "at">): Promise<void> {
    const { store, now } = this.options;
    const bounds = { after: now() - KEPT_MS, count: KEPT, bytes: KEPT_BYTES };
    await keepAnswer(store, { ...answer, at: now() }, bounds);
  }
}

function underWay(): AppError {
  return new AppError("conflict", "The request with this Idempotency-Key is still being processed", {
    fix: "Wait for its response, or try again in a moment.",
  });
}

function replay(known: StoredResponse, fingerprint: string): Response {
  if (known.fingerprint !== fingerprint)
    throw new AppError("invalid", "This Idempotency-Key was used for another request", {
      fix: "Choose a new key, or repeat the first request exactly.",
    });
  if (known.body === null)
    throw new AppError("conflict", "Already processed. The response was not stored.", {
      fix: "Look up the result, or choose a new key to do it again.",
    });
  const headers = new Headers(known.headers);
  headers.set("idempotency-replayed", "true");
  return new Response(known.status === 204 ? null : known.body, { status: known.status, headers });
}

/**
 * The response; calls `keep` with its text once it was sent completely, or with null if it is too large or its reader
 * left. Calls `failed` if it broke.
 */
function collect(
  answer: Response,
  keep: (body: string | null) => Promise<void>,
  failed: () => void,
): Response {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = answer.body!.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (done) {
          await keep(bytes > LARGEST_BYTES ? null : Buffer.concat(chunks).toString("utf8"));
          return controller.close();
        }
        bytes += value.length;
        if (bytes <= LARGEST_BYTES) chunks.push(value);
        controller.enqueue(value);
      } catch {
        failed();
        controller.error();
      }
    },
    async cancel(reason) {
      await keep(null);
      await reader.cancel(reason);
    },
  });
  return new Response(body, answer);
}

/** The request without its body. */
function hashOf(request: Request): Bun.CryptoHasher {
  const { pathname, search } = new URL(request.url);
  return new Bun.CryptoHasher("sha256").update(`${request.method} ${pathname}${search}\n`);
}

/** The request, whose body is hashed while it is read. */
function watchBody(request: Request): { watched: Request; hash: Bun.CryptoHasher } {
  const hash = hashOf(request);
  if (!request.body) return { watched: request, hash };
  const update = withoutBoundary(request, (bytes) => hash.update(bytes));
  const body = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        update(chunk);
        controller.enqueue(chunk);
      },
      flush: () => update(null),
    }),
  );
  const { url, method, headers, signal } = request;
  return { watched: new Request(url, { method, headers, signal, body }), hash };
}

async function fingerprintOf(request: Request): Promise<string> {
  const hash = hashOf(request);
  const update = withoutBoundary(request, (bytes) => hash.update(bytes));
  if (request.body) for await (const chunk of request.body) update(chunk);
  update(null);
  return hash.digest("hex");
}

/** A form's boundary differs with each request, with curl too: it is left out of the hash. Null ends it. */
function withoutBoundary(
  request: Request,
  update: (bytes: Uint8Array) => void,
): (chunk: Uint8Array | null) => void {
  const named = /boundary="?([^";]+)/i.exec(request.headers.get("content-type") ?? "");
  if (!named) return (chunk) => chunk && update(chunk);
  const boundary = Buffer.from(named[1]!);
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = chunk ? Buffer.concat([rest, chunk]) : rest;
    for (let at = rest.indexOf(boundary); at >= 0; at = rest.indexOf(boundary)) {
      update(rest.subarray(0, at));
      rest = rest.subarray(at + boundary.length);
    }
    const safe = chunk ? Math.max(0, rest.length - boundary.length + 1) : rest.length;
    update(rest.subarray(0, safe));
    rest = rest.subarray(safe);
  };
}
