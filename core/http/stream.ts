/** Turns a generator into a response body: pulled by its reader, ended with it, broken when it fails. */

/** Headers of a stream, so that a proxy passes it on at once; we too must not wait for its end. */
export const STREAM_HEADER = "x-accel-buffering";

export function isStream({ headers }: Response): boolean {
  return headers.has(STREAM_HEADER);
}

const FLUSH_MS = 100;

/** The source of a body. */
export type Chunks = Pick<AsyncGenerator<string | Uint8Array<ArrayBuffer>>, "next" | "return">;

/** The chunks with one put back in front. `return` ends them even if nothing more was read. */
export function startingWith(first: string | Uint8Array<ArrayBuffer>, rest: Chunks): Chunks {
  let isTaken = false;
  return {
    next: () => {
      if (isTaken) return rest.next();
      isTaken = true;
      return Promise.resolve({ value: first, done: false });
    },
    return: (value) => rest.return(value),
  };
}

/**
 * A body of the generator's chunks. `failed` is written before the stream breaks, so that the reader sees the reason
 * and curl still exits non-zero.
 */
export function streamBody(
  chunks: Chunks,
  failed: (error: unknown) => string | Promise<string>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let isBroken = false;
  return new ReadableStream({
    async pull(controller) {
      if (isBroken) {
        // An error drops what Bun has not yet flushed, and Bun has no event for "flushed".
        await Bun.sleep(FLUSH_MS);
        // Without a value: Bun would print it among our log lines, and the reason has been written.
        return controller.error();
      }
      try {
        const { value, done } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
      } catch (error) {
        isBroken = true;
        controller.enqueue(encoder.encode(await failed(error)));
      }
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
