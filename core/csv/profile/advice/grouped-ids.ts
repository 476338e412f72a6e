/**
 * Recognises groups of rows in the IDs of the rows: P017-V1, P017-V2 and P017-V3 are three visits of one patient. Rows
 * of one group are alike, so a model that has seen some of them knows the answer for the others.
 */
import { count as grouped } from "../../../platform/figures.ts";
import type { Finding } from "../../types.ts";

/** What is before the last sign, and a short number behind it. */
const PARTS = /^(.*[\p{L}\p{N}])[-_.:/#\s](\p{L}{0,4}\d{1,3}|\p{L})$/u;
const LEAST_GROUPS = 5;
/** Average number of rows in a group. */
const LEAST_ROWS = 1.5;
/** More different endings number the rows, not the visits of one group. */
const MOST_ENDINGS = 60;

/** By value, the part that names its group; null if the values have no such part, or it hardly repeats. */
export function stemsOf(values: readonly string[]): string[] | null {
  const endings = new Set<string>();
  const stems: string[] = [];
  for (const value of values) {
    const [, stem, ending] = PARTS.exec(value.trim()) ?? [];
    if (stem === undefined) return null;
    endings.add(ending!);
    stems.push(stem);
    if (endings.size > MOST_ENDINGS) return null;
  }
  const groups = new Set(stems).size;
  return groups >= LEAST_GROUPS && stems.length >= LEAST_ROWS * groups && endings.size > 1 ? stems : null;
}

/** `values`: the different IDs of a column in which (nearly) none repeats. */
export function groupedIdFinding(column: string, values: readonly string[]): Finding | null {
  const stems = stemsOf(values);
  if (!stems) return null;
  const rows = Math.round(stems.length / new Set(stems).size);
  const message = `IDs in “${column}” such as “${values[0]}” begin alike in groups of about ${grouped(rows)} rows (“${stems[0]}”). Rows of one group are alike, so a random split makes the test score look better than it is. Split by “${column}” if you will predict for new groups: rows whose IDs begin alike then stay together.`;
  const fix = { split: "group" as const, splitColumn: column };
  return { code: "grouped_ids", severity: "warning", column, message, fix };
}
