/** The plain twin of the cell readers: converts one cell to a value as its column's plan says. */
import { isMissing } from "../../core/csv/cells/cells.ts";
import { parseDate } from "../../core/csv/cells/dates/dates.ts";
import { plainLabel } from "../../core/csv/cells/labels.ts";
import { PLAIN_NUMBER, parseNumber } from "../../core/csv/cells/numbers/numbers.ts";
import type { ColumnPlan } from "../../core/csv/types.ts";

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

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
