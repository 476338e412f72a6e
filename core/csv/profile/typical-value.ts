/**
 * The value that a form starts with: what is usual in a column, written as a person would type it. A number or a date is
 * the median, with the digits that tell values of its column apart; of labels it is the commonest.
 */

import { DAY_MS } from "../../platform/figures.ts";
import type { ColumnPlan, ColumnProfile } from "../types.ts";

/** Number of steps into which a column's range is divided. */
const STEPS_DIGITS = 3;
const MOST_DECIMALS = 100;

/** Null if the column has no values. */
export function typicalValue(plan: ColumnPlan, profile: ColumnProfile | undefined): string | number | null {
  const commonest = profile?.top[0]?.value ?? profile?.examples[0] ?? null;
  if (!profile?.quantiles || profile.min === null || profile.max === null) return commonest;
  const { min, max, quantiles } = profile;
  if (plan.type === "date") return typicalDate(quantiles.p50, { min, max, format: plan.dateFormat ?? "" });
  return plan.type === "number" ? typicalNumber(quantiles.p50, profile) : commonest;
}

/** 5.20044580456 of a column from 0 to 40 -> 5.2; a column of whole numbers has a whole one. */
function typicalNumber(median: number, { min, max, examples, top }: ColumnProfile): number {
  const seen = [min!, max!, ...top.map(({ value }) => Number(value)), ...examples.map(Number)];
  const isWhole = seen.every((value) => Number.isInteger(value));
  const range = max! - min!;
  if (isWhole || !(range > 0) || !Number.isFinite(range)) return isWhole ? Math.round(median) : median;
  const decimals = STEPS_DIGITS - 1 - Math.floor(Math.log10(range));
  const short = Number(median.toFixed(Math.min(MOST_DECIMALS, Math.max(0, decimals))));
  return Math.min(max!, Math.max(min!, short));
}

/** To the day for a column of days, to the minute for times, the month's first day for months. */
function typicalDate(median: number, of: { min: number; max: number; format: string }): string {
  const text = (at: number) => new Date(at).toISOString();
  if (of.format === "H:mm") return text(median).slice(11, 16);
  const isDays = of.min % DAY_MS === 0 && of.max % DAY_MS === 0;
  if (!isDays) return text(median).slice(0, 16).replace("T", " ");
  return /d|ww|epoch/.test(of.format) ? text(median).slice(0, 10) : `${text(median).slice(0, 7)}-01`;
}
