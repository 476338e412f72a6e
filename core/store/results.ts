/** Reads stored results of a run, whichever version of this program wrote them. */
import type { RunSummary } from "../trainer/contract.ts";

/** The values of fields that older results lack. */
const LATER = { positiveClass: null, findings: [], refit: null } satisfies Partial<RunSummary>;

export function readResult(json: string): RunSummary {
  return { ...LATER, ...(JSON.parse(json) as RunSummary) };
}
