/** Builds the paths of pages from untrusted IDs and names. */

export function datasetPath({ id }: { id: string }): string {
  return `/datasets/${encodeURIComponent(id)}`;
}

export function runPath({ id }: { id: string }): string {
  return `/runs/${encodeURIComponent(id)}`;
}

/** A run's replay; at this many seconds after its start, if given. */
export function replayPath(run: { id: string }, seconds?: number): string {
  return `${runPath(run)}/replay${seconds === undefined ? "" : `?at=${Math.ceil(seconds * 1000) / 1000}`}`;
}

export function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name)}`;
}
