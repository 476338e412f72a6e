/**
 * Checks whether what the client saw is still current: ETag, If-Match and If-None-Match of RFC 9110. A tag is
 * `"state"`, or `"state~seen"` if a response shows more than what changes can conflict on: If-Match compares the state
 * only, so that a prediction that was counted meanwhile blocks no deployment.
 */
import { AppError } from "../platform/errors.ts";

export interface Tag {
  /** The state on which changes can conflict. */
  state: string;
  /** What else the response shows, if it shows more. */
  seen?: string;
}

export function tagText({ state, seen }: Tag): string {
  return seen === undefined ? `"${state}"` : `"${state}~${seen}"`;
}

/** Opaque tags of a list, without quotes and the weakness that compression adds; "*" alone matches any. */
function listed(header: string): string[] {
  return [...header.matchAll(/\*|(?:W\/)?"([^"]*)"/g)].map(([whole, tag]) => (whole === "*" ? "*" : tag!));
}

/** Whether the client's copy is still valid. For GET. */
export function isUnmodified(ifNoneMatch: string | null, tag: Tag): boolean {
  if (ifNoneMatch === null) return false;
  const known = listed(ifNoneMatch);
  return known.includes("*") || known.includes(tagText(tag).slice(1, -1));
}

/** Throws AppError `precondition` if the resource is not, or no longer, in the state that the client named. */
export function requireUnchanged(headers: Headers, tag: Tag): void {
  const wanted = headers.get("if-match");
  const unwanted = headers.get("if-none-match");
  const states = (header: string) => listed(header).map((text) => text.split("~")[0]);
  const isWanted = wanted === null || states(wanted).includes("*") || states(wanted).includes(tag.state);
  const isUnwanted =
    unwanted !== null && (states(unwanted).includes("*") || states(unwanted).includes(tag.state));
  if (isWanted && !isUnwanted) return;
  throw new AppError("precondition", "Somebody else changed it in the meantime", {
    fix: "GET it again, check what changed, and repeat with the new ETag in If-Match.",
    example: `If-Match: ${tagText({ state: tag.state })}`,
  });
}
