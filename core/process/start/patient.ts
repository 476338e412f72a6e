/** Waits at the start for a database or storage that does not respond, and reports it. */

const WAIT_MS = 60_000;
const TELL_EVERY_MS = 5000;
const LOOK_EVERY_MS = 1000;

/**
 * The result of `open`, once it succeeds. Throws errors for which `isWorthWaiting` is false, and any error after a
 * minute.
 */
export async function openPatiently<T>(
  open: () => Promise<T>,
  isWorthWaiting: (error: unknown) => boolean,
): Promise<T> {
  const begin = performance.now();
  for (let told = 0; ; ) {
    try {
      return await open();
    } catch (error) {
      const waitedMs = performance.now() - begin;
      if (!isWorthWaiting(error) || waitedMs > WAIT_MS) throw error;
      if (waitedMs >= told) {
        told = waitedMs + TELL_EVERY_MS;
        const seconds = Math.round((WAIT_MS - waitedMs) / 1000);
        process.stderr.write(`signalbox: ${(error as Error).message}; waiting for up to ${seconds} s more\n`);
      }
      await Bun.sleep(LOOK_EVERY_MS);
    }
  }
}
