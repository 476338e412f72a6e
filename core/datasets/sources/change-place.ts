/** Changes where a source is, and decides which of its credentials stay. */
import type { Place } from "./place.ts";

/**
 * Credentials stay only with the server that they were given for: someone who may change the address must not be able
 * to send them elsewhere.
 */
export function mergedPlace(old: Place, changes: Partial<Place>): Place {
  const defined = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const merged = { ...old, ...defined } as Place;
  const isMoved = serverOf(merged) !== serverOf(old);
  const url = URL.parse(merged.url);
  const oldUrl = URL.parse(old.url);
  if (!isMoved && url && !url.password && oldUrl?.password && url.username === oldUrl.username) {
    url.password = oldUrl.password;
    merged.url = url.href;
  }
  if (!isMoved) return merged;
  for (const name of ["headers", "password", "accessKeyId", "secretAccessKey"] as const)
    if (changes[name] === undefined) delete merged[name];
  return merged;
}

function serverOf({ url, endpoint }: Place): string {
  const { protocol, host } = URL.parse(url) ?? { protocol: "", host: "" };
  return protocol === "s3:" ? `s3 ${endpoint ?? ""}` : `${protocol}//${host}`;
}
