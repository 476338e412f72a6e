/** Waits that say what they waited for, instead of hanging until the runner gives up. */

const LONGEST_MS = 25_000;

/** What was waited for did not come; a test that expects a failure must not take this for it. */
export class LateError extends Error {
  constructor(what: string, ms: number) {
    super(`Waited ${ms / 1000} s for ${what}`);
  }
}

/** Its result; throws if it does not come in time. `what` completes "Waited 25 s for …". */
export async function inTime<T>(promise: Promise<T>, what: string, ms = LONGEST_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new LateError(what, ms)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the condition is true; throws, with its source, if that does not happen in time. */
export async function until(condition: () => boolean, ms = LONGEST_MS): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new LateError(String(condition), ms);
    await Bun.sleep(5);
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | string | undefined }>;
}

/** Text of a stream until `isEnough`; throws if it ends before, or does not get there in time. */
export function readUntil(
  reader: Reader,
  isEnough: (text: string) => boolean,
  what: string,
): Promise<string> {
  const decoder = new TextDecoder();
  const read = async () => {
    let text = "";
    while (!isEnough(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The stream ended before ${what}: ${text.slice(-500)}`);
      text += typeof value === "string" ? value : decoder.decode(value, { stream: true });
    }
    return text;
  };
  return inTime(read(), what);
}
