/** Tells whether a cell means missing in its column. */
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
  if (plan.type !== "number" && plan.type !== "date") return plainLabel(trimmed);
  const value = parseValue(plan, trimmed);
  return Number.isNaN(value) || missingValues(plan)?.has(value) ? null : value;
}

function parseValue(plan: ColumnPlan, text: string): number {
  if (plan.type === "date") return parseDate(text, plan.dateFormat ?? "yyyy-M-d", plan.yearFrom);
  return parseNumber(text, plan.number ?? PLAIN_NUMBER);
}

/**
 * Of the words for missing in a column of numbers or dates, those that are numbers: with -999, -999.0 also means
 * missing. Null if there are none.
 */
export function missingValues(plan: ColumnPlan): ReadonlySet<number> | null {
  if (plan.type !== "number" && plan.type !== "date") return null;
  const values = plan.missingWords
    .map((word) => parseValue(plan, word))
    .filter((value) => !Number.isNaN(value));
  return values.length > 0 ? new Set(values) : null;
}

/** Whether `trimmed` is one of the column's words for missing. */
export function isMissing(plan: ColumnPlan, trimmed: string): boolean {
  return (
    plan.missingWords.length > 0 && trimmed.length < 40 && plan.missingWords.includes(trimmed.toLowerCase())
  );
}
