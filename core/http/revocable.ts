/**
 * Ties what a request has open to its access: when a token is revoked or expires, a running upload or download and a
 * pending response end at once.
 */
import type { Lease } from "../platform/leases.ts";
import { isStream } from "./stream.ts";

/** Smaller bodies have arrived completely before anybody can revoke anything. */
const SMALL_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;

/** The request, whose body ends with the access. */
export function revocableRequest(request: Request, lease: Lease): Request {
  const length = request.headers.get("content-length");
  if (!request.body || request.bodyUsed || (length !== null && Number(length) <= SMALL_BYTES)) return request;
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: revocableBody(request.body, lease) });
}

/** The same bytes; breaks with the reason when the access ends. Nothing is registered before the first read. */
export function revocableBody(
  body: ReadableStream<Uint8Array>,
  lease: Lease,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let release: (() => void) | null = null;
  let isOver = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        release ??= lease((reason) => {
          isOver = true;
          controller.error(reason);
          void reader.cancel(reason);
        });
        const { value, done } = await reader.read().catch((error: unknown) => {
          release?.();
          throw error;
        });
        if (isOver) return;
        if (!done) return controller.enqueue(value as Uint8Array<ArrayBuffer>);
        release();
        controller.close();
      },
      cancel(reason) {
        release?.();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Larger ones exceed what the network buffers: a slow reader would still get them long after. */
const LARGE_BYTES = 256 * 1024;

/**
 * The same response; a large complete one is sent in pieces, and ends with the access. Streams handle that themselves.
 */
export async function revocableAnswer(answer: Response, lease: Lease): Promise<Response> {
  if (isStream(answer) || !answer.body) return answer;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return new Response(bytes.length > LARGE_BYTES ? revocableBody(inPieces(bytes), lease) : bytes, answer);
}

/** Bytes as a body that its reader pulls, so that a slow download can still end. */
export function inPieces(bytes: Uint8Array | string): ReadableStream<Uint8Array> {
  const whole = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= whole.length) return controller.close();
      controller.enqueue(whole.subarray(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
    },
  });
}

/** The result of the work; throws the reason if the access ends first. The work itself continues. */
export async function whileAllowed<T>(work: () => Promise<T>, lease: Lease): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const release = lease(reject);
  try {
    return await Promise.race([work(), ended]);
  } finally {
    release();
  }
}
