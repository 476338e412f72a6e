/** Recognises numbers that are days or moments: 20240131, seconds since 1970, days that a spreadsheet counts. */
import type { SniffedDates } from "./date-format.ts";
import { parseDate } from "./dates.ts";

const DIGITS_AS_DATES = [
  "yyyyMMdd",
  "yyyyMMddHHmmss",
  "epoch ms",
  "epoch us",
  "epoch ns",
  "epoch s",
] as const;
const LEAST_UNNAMED_DAYS = 20;
const NAMED_DATE = /date|day|datum|fecha|jour|giorno|\bdt\b|_dt$/i;
const NAMED_MOMENT =
  /date|time|stamp|epoch|unix|moment|created|updated|modified|(?:_|^)(?:ts|at|on)$|At$|datum|zeit/i;
const YEAR_2000 = Date.UTC(2000, 0, 1);
const YEAR_1971 = Date.UTC(1971, 0, 1);
const YEAR_2100 = Date.UTC(2100, 0, 1);

/** Digits that are dates or timestamps: all within a lifetime, and more likely dates than numbers. */
export function sniffDayNumber(name: string, solid: readonly string[]): SniffedDates | null {
  // Some programs write zeros for a missing date, and the end of time for one that is open.
  const filled = solid.filter((value) => !/^(?:0+|(?:9999|2999)\d{4,10})$/.test(value));
  if (filled.length < 0.5 * solid.length) return null;
  if (areSheetDays(name, filled)) return { format: "sheet days", share: 1, isAmbiguous: false };
  const probe = filled.slice(0, 40);
  const isDigits = (value: string) => /^\d{8,19}(?:\.\d{1,9})?$/.test(value);
  if (probe.filter(isDigits).length < 0.9 * probe.length) return null;
  const digits = filled.filter(isDigits);
  for (const format of DIGITS_AS_DATES) {
    const times = digits.map((value) => parseDate(value, format));
    const from = format.startsWith("epoch") && format !== "epoch s" ? YEAR_2000 : YEAR_1971;
    const fitting = times.filter((time) => time >= from && time < YEAR_2100).length;
    if (fitting < 0.95 * filled.length) continue;
    const isNamed = (format === "yyyyMMdd" ? NAMED_DATE : NAMED_MOMENT).test(name);
    // Nineteen digits are an id as often as a moment.
    const isClear = format !== "epoch s" && format !== "epoch ns";
    const isSure = isClear && new Set(digits).size >= LEAST_UNNAMED_DAYS;
    if (isNamed || isSure) return { format, share: fitting / filled.length, isAmbiguous: false };
  }
  return null;
}

const SHEET_DATE_NAME = /(?:^|[\s_.-])(?:date|datetime|datum|fecha|dt)(?:$|[\s_.-])/i;
const CAMEL_DATE_NAME = /[a-z]Date(?:Time)?$/;

/** Days that a spreadsheet counts from 1900, if the name says that they are dates: 44000 is 2020-06-18. */
function areSheetDays(name: string, filled: readonly string[]): boolean {
  if (!SHEET_DATE_NAME.test(name) && !CAMEL_DATE_NAME.test(name)) return false;
  return (
    new Set(filled).size >= LEAST_UNNAMED_DAYS &&
    filled.every((value) => /^[2-5]\d{4}(?:\.\d{1,12})?$/.test(value))
  );
}
