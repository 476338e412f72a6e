/** Turns a date into numbers for a model: calendar parts in UTC, and the days since a fixed origin; NaN stays NaN. */
import { DAY_MS } from "../../platform/figures.ts";
import { DATE_PARTS, type DatePart } from "./columns.ts";

/**
 * One part of a timestamp (epoch ms). Month 1..12, yearday 1..366, weekday 0 = Monday .. 6, elapsed in days since
 * origin.
 */
export function datePart(part: DatePart, epochMs: number, origin: number): number {
  if (Number.isNaN(epochMs)) return Number.NaN;
  if (part === "elapsed") return (epochMs - origin) / DAY_MS;
  const date = new Date(epochMs);
  if (part === "year") return date.getUTCFullYear();
  if (part === "month") return date.getUTCMonth() + 1;
  if (part === "day") return date.getUTCDate();
  if (part === "yearday") return yearday(date);
  if (part === "weekday") return (date.getUTCDay() + 6) % 7;
  return date.getUTCHours() + date.getUTCMinutes() / 60;
}

function yearday(date: Date): number {
  const first = new Date(date);
  first.setUTCMonth(0, 1);
  return 1 + Math.round((date.getTime() - first.getTime()) / DAY_MS);
}

/** The parts that differ between rows; `elapsed` always, so that a date column never vanishes. */
export function varyingParts(values: Float64Array, rows: Int32Array): DatePart[] {
  return DATE_PARTS.filter((part) => {
    if (part === "elapsed") return true;
    let first = Number.NaN;
    for (const row of rows) {
      const value = datePart(part, values[row], 0);
      if (Number.isNaN(value)) continue;
      if (Number.isNaN(first)) first = value;
      else if (value !== first) return true;
    }
    return false;
  });
}
