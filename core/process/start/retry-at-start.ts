/** Waits at the start for a database or storage that does not answer, and says so. */
import { AppError } from "../../platform/errors.ts";

const WAIT_MS = 60_000;
const TELL_EVERY_MS = 5000;
const LOOK_EVERY_MS = 1000;

export interface RetryOptions {
  /** "The database". */
  what: string;
  isWorthWaiting: (error: unknown) => boolean;
}

/** What `open` gives, once it does. Throws what is not worth waiting for, and after a minute whatever it is. */
export async function openWithRetries<T>(
  open: () => Promise<T>,
  { what, isWorthWaiting }: RetryOptions,
): Promise<T> {
  const begin = performance.now();
  let failure: unknown = new AppError("unavailable", `${what} does not answer`);
  const tell = () => {
    const seconds = Math.max(0, Math.round((WAIT_MS - (performance.now() - begin)) / 1000));
    process.stderr.write(`signalbox: ${(failure as Error).message}; waiting for up to ${seconds} s more\n`);
  };
  // By a timer: a connection that hangs fails late.
  const telling = setInterval(tell, TELL_EVERY_MS);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(() => reject(failure), WAIT_MS);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await Promise.race([open(), late]);
      } catch (error) {
        if (!isWorthWaiting(error) || performance.now() - begin >= WAIT_MS) throw error;
        failure = error;
        if (attempt === 1) tell();
      }
      await Promise.race([Bun.sleep(LOOK_EVERY_MS), late]);
    }
  } finally {
    clearInterval(telling);
    clearTimeout(deadline);
  }
}
