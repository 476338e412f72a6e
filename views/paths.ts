/** Where does each thing live? Paths of pages, from ids and names that were never trusted. */

export function datasetPath({ id }: { id: string }): string {
  return `/datasets/${encodeURIComponent(id)}`;
}

export function runPath({ id }: { id: string }): string {
  return `/runs/${encodeURIComponent(id)}`;
}

export function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name)}`;
}
