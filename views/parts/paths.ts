/** Builds the paths of pages, from ids and names that were never trusted. */

export function datasetPath({ id }: { id: string }): string {
  return `/datasets/${encodeURIComponent(id)}`;
}

export function runPath({ id }: { id: string }): string {
  return `/runs/${encodeURIComponent(id)}`;
}

/** A run replayed; at that many seconds after its start, where a moment is named. */
export function replayPath(run: { id: string }, seconds?: number): string {
  return `${runPath(run)}/replay${seconds === undefined ? "" : `?at=${Math.ceil(seconds * 1000) / 1000}`}`;
}

export function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name)}`;
}
