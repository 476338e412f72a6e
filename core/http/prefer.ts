/** Does the client wait, or come back later? The Prefer header of RFC 7240: `respond-async` and `wait=SECONDS`. */

export interface Preference {
  isAsync: boolean;
  /** How long it waits at most; null: not said. */
  waitSeconds: number | null;
  /** What was understood, for Preference-Applied. */
  applied: Record<string, string>;
}

/** What is not understood is ignored, as the RFC asks. */
export function readPreference(request: Request): Preference {
  const text = request.headers.get("prefer");
  if (text === null) return { isAsync: false, waitSeconds: null, applied: {} };
  const isAsync = /(^|[,\s])respond-async\b/i.test(text);
  const wait = /(?:^|[,\s])wait\s*=\s*"?(\d{1,9})\b/i.exec(text)?.[1];
  const understood = [...(isAsync ? ["respond-async"] : []), ...(wait ? [`wait=${wait}`] : [])];
  return {
    isAsync,
    waitSeconds: wait === undefined ? null : Number(wait),
    applied: understood.length ? { "preference-applied": understood.join(", "), vary: "prefer" } : {},
  };
}

/** What it comes to within the time; null where that is over. A failure within it is thrown. */
export async function within<T>(promise: Promise<T>, seconds: number): Promise<T | null> {
  let timer: Timer | undefined;
  // Who does not wait hears of a failure elsewhere.
  promise.catch(() => {});
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, Math.min(seconds * 1000, 2 ** 31 - 1), null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
