/** What was stored of a run's result, by whichever version of this program wrote it. */
import type { RunSummary } from "../trainer/contract.ts";

/** What results lacked before these were kept. */
const LATER = { positiveClass: null, findings: [], refit: null } satisfies Partial<RunSummary>;

export function readResult(json: string): RunSummary {
  return { ...LATER, ...(JSON.parse(json) as RunSummary) };
}
