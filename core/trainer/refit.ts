/** Whether the served model also learned from the test rows after testing, and how that is reported. */
import { count, duration } from "../platform/figures.ts";

/**
 * `rows`: how many the served model learned from, test rows included; `reason`: why the tested model itself is served.
 */
export type Refit = { rows: number; seconds: number } | { reason: string };

export const isRefit = (refit: Refit | null): refit is Extract<Refit, { rows: number }> =>
  refit !== null && "rows" in refit;

/** Follows the verdict, which is about the tested model; empty if that one is served. */
export function figuresNote(refit: Refit | null): string {
  if (!isRefit(refit)) return "";
  return `These figures are of the model before it was retrained on all ${count(refit.rows)} rows, test rows included.`;
}

/** One sentence for pages and terminals; empty for older results. */
export function refitSentence(refit: Refit | null): string {
  if (refit === null) return "";
  if (isRefit(refit))
    return `After the test, the model was retrained on all ${count(refit.rows)} rows, in ${duration(1000 * refit.seconds)}.`;
  return `The served model did not learn from the test rows. ${refit.reason}`;
}
