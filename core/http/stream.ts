/** How does a generator become a response body? Pulled by its reader, ended with it, broken where it fails. */

const FLUSH_MS = 100;

/**
 * A body of the generator's chunks. `failed` is said before the stream breaks, so that the reader sees the reason and
 * curl still exits non-zero.
 */
export function streamBody(
  chunks: AsyncGenerator<string>,
  failed: (error: unknown) => string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let breakWith: unknown = null;
  return new ReadableStream({
    async pull(controller) {
      if (breakWith) {
        // An error drops what Bun has not yet flushed, and Bun has no event for "flushed".
        await Bun.sleep(FLUSH_MS);
        return controller.error(breakWith);
      }
      try {
        const { value, done } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        breakWith = error;
        controller.enqueue(encoder.encode(failed(error)));
      }
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
