/** Reports a column of labels that holds unreadable numbers: in several units, as ranges or as fractions. */
import { figure } from "../../platform/figures.ts";
import type { Finding } from "../types.ts";
import { splitUnit } from "./numbers/numbers.ts";

/** Fewer different values are classes, such as <=50K and >50K. */
const LEAST_VALUES = 20;
/** A column of quantities is written in few ways; house numbers before streets are not. */
const MOST_PATTERNS = 8;
const LEAST_SHARE = 0.8;
const LEAST_UNIT_SHARE = 0.02;

/** `values`: filled cells, trimmed, none of which means missing. At most one finding. */
export function numberLikeFindings(column: string, values: readonly string[]): Finding[] {
  const distinct = [...new Set(values)];
  if (distinct.length < LEAST_VALUES) return [];
  const startsWithDigit = (value: string) => /^(?:="|')?[-+−–(~<>]?\s?\p{Sc}?\s?\d/u.test(value);
  if (distinct.filter(startsWithDigit).length < LEAST_SHARE * distinct.length) return [];
  const patterns = new Set(distinct.map((value) => value.replace(/\d[\d.,]*/g, "0")));
  if (patterns.size > MOST_PATTERNS || (patterns.size === 1 && patterns.has("0"))) return [];
  const pair = distinct.find((value) => PAIR.test(value));
  if (pair && distinct.every((value) => PAIR.test(value))) return [pairFinding(column, pair)];
  const units = unitsOf(values);
  const shown = `“${distinct.find((value) => startsWithDigit(value) && !/^[\d.,]+$/.test(value)) ?? distinct[0]}”`;
  const message =
    units.length > 1
      ? `“${column}” has values in units that cannot be converted into each other (${units.map((unit) => `“${unit}”`).join(", ")}), so they are read as labels. Write them all in one unit.`
      : `“${column}” has values such as ${shown}, which are read as labels. If they are quantities, write each as one number.`;
  const [code, severity] =
    units.length > 1 ? ["mixed_units", "warning" as const] : ["number_like", "info" as const];
  return [{ code, severity, column, message, fix: { exclude: [column] } }];
}

/** `120/80`. */
const PAIR = /^(\d{1,6})\s?\/\s?(\d{1,6})$/;

function pairFinding(column: string, pair: string): Finding {
  const [, first, second] = PAIR.exec(pair)!;
  const message = `“${column}” has two numbers in each cell, such as “${pair}”, which are read as labels. Write them in two columns, or read the column as a number: the first divided by the second, here ${figure(Number(first) / Number(second))}.`;
  return {
    code: "number_pairs",
    severity: "warning",
    column,
    message,
    fix: { types: { [column]: "number" } },
  };
}

/** Those of more than a few values, the commonest first. */
function unitsOf(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) {
    const unit = splitUnit(value)?.unit.trim();
    if (unit && /^[\p{L}°%µ][^\d]*$/u.test(unit)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (all < LEAST_SHARE * values.length) return [];
  return [...counts]
    .filter(([, count]) => count >= LEAST_UNIT_SHARE * values.length)
    .sort((a, b) => b[1] - a[1])
    .map(([unit]) => unit);
}
