/** Whether the served model learned from the test rows too, after they had been used, and how that is told. */
import { count, duration } from "../platform/figures.ts";

/** `rows`: those that the served model learned from, test rows included; `reason`: why it is the tested one itself. */
export type Refit = { rows: number; seconds: number } | { reason: string };

export const isRefit = (refit: Refit | null): refit is Extract<Refit, { rows: number }> =>
  refit !== null && "rows" in refit;

/** Behind the verdict, which is about the tested model; empty where that one is served. */
export function figuresNote(refit: Refit | null): string {
  if (!isRefit(refit)) return "";
  return `These figures are of the model before it was trained once more on all ${count(refit.rows)} rows, test rows included.`;
}

/** One sentence for pages and terminals; empty for results of before. */
export function refitSentence(refit: Refit | null): string {
  if (refit === null) return "";
  if (isRefit(refit))
    return `After the test, the model was trained once more on all ${count(refit.rows)} rows, in ${duration(1000 * refit.seconds)}.`;
  return `The served model did not learn from the test rows. ${refit.reason}`;
}
