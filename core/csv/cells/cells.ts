/** Converts one cell to a value as its column's plan says. Training and serving both use it, so they cannot differ. */

import type { ColumnPlan } from "../types.ts";
import { parseDate } from "./dates/dates.ts";
import { plainLabel } from "./labels.ts";
import { PLAIN_NUMBER, parseNumber } from "./numbers/numbers.ts";

/**
 * A number (dates: epoch ms), or the label without surrounding spaces; null if missing or not readable as the column's
 * type.
 */
export function parseCell(plan: ColumnPlan, text: string): number | string | null {
  const trimmed = text.trim();
  if (trimmed === "" || isMissing(plan, trimmed)) return null;
  if (plan.type === "number") return numberOrNull(parseNumber(trimmed, plan.number ?? PLAIN_NUMBER));
  if (plan.type === "date")
    return numberOrNull(parseDate(trimmed, plan.dateFormat ?? "yyyy-M-d", plan.yearFrom));
  return plainLabel(trimmed);
}

/** Whether `trimmed` is one of the column's words for missing. */
export function isMissing(plan: ColumnPlan, trimmed: string): boolean {
  return (
    plan.missingWords.length > 0 && trimmed.length < 40 && plan.missingWords.includes(trimmed.toLowerCase())
  );
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
