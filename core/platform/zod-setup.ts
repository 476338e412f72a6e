/**
 * Configures zod, and makes schemas when they are needed. Imported before the first schema is made: compiling checks to
 * functions costs the process 6 MB and saves nothing measurable here. What a schema has no words for is said in ours.
 */
import * as z from "zod";
import { count, plural } from "./figures.ts";

const UNITS: Record<string, string> = {
  string: "character",
  array: "entry",
  set: "entry",
  object: "entry",
};

/** "must be at most 20", "must have at least 2 entries". */
function limited(origin: string, bound: string, limit: number): string {
  const unit = UNITS[origin];
  return unit ? `must have ${bound} ${plural(limit, unit)}` : `must be ${bound} ${count(limit)}`;
}

/** Undefined: zod's own words. */
function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}`;
    case "too_big":
      return limited(issue.origin, "at most", Number(issue.maximum));
    case "too_small":
      if (issue.minimum === 1 && issue.origin === "string") return "must not be empty";
      if (issue.minimum === 1 && issue.origin === "array") return "must name at least one";
      return limited(issue.origin, "at least", Number(issue.minimum));
  }
  return undefined;
}

z.config({ jitless: true, customError: wordsOf });

/**
 * A schema that is made when it is first needed, and then kept. A server has more than a thousand, of which most starts
 * need only those of the settings: making all of them took a tenth of the start, and 3 MB.
 */
export function lazily<S>(make: () => S): () => S {
  let made: S | undefined;
  return () => (made ??= make());
}

/** What a schema made by `lazily` returns. */
export type OutputOf<L extends () => z.ZodType> = z.output<ReturnType<L>>;
