/** Reports a target that is made of other columns: their total, mean, product or ratio, or the time between two dates. */
import type { Column, Finding } from "../../csv/types.ts";
import { scorePercent } from "../../platform/figures.ts";
import { findCombination } from "./combination.ts";
import { findIdentities } from "./identities.ts";
import { squaredCorrelation } from "./leakage.ts";

/** A table's columns beside a numeric target, and the target's values, none missing. */
export interface SumsGiven {
  columns: readonly Column[];
  truth: Float64Array;
  targetName: string;
  /** One column gives the target away already, and would stand in every sum. */
  isGivenAway: boolean;
}

/** Each is an error, but for weighted sums: they may be a law that is known before. */
export function sumFindings({ columns, truth, targetName, isGivenAway }: SumsGiven): Finding[] {
  const found = findIdentities([...columns], truth).map((identity) => ({
    ...identity,
    isPlain: true,
    left: 0,
  }));
  const combination = found.length === 0 && !isGivenAway ? findCombination([...columns], truth) : null;
  return [
    ...[...found, ...(combination ? [combination] : [])].map(
      ({ columns: names, formula, isPlain, left }): Finding => {
        const how =
          left > 0
            ? `nearly ${formula}: that explains ${scorePercent(1 - left)} of it`
            : `exactly ${formula} in every row`;
        const message = `“${targetName}” is ${how}. If these are only known afterwards, exclude them.`;
        const severity = isPlain ? "error" : "warning";
        return { code: "target_sum", severity, column: names[0]!, message, fix: { exclude: names } };
      },
    ),
    ...elapsed(columns, truth, targetName),
  ];
}

/** With more dates than this, none is a begin or an end. */
const MOST_DATES = 12;
/** The target may be rounded, or in another unit. */
const ELAPSED = 0.98;
const COMPLETE = 0.5;
const LEAST_ROWS = 20;

/** The target is the time between two dates: the later one is known when it is over. */
function elapsed(columns: readonly Column[], truth: Float64Array, targetName: string): Finding[] {
  const dates = columns.flatMap((column) => ("values" in column && column.type === "date" ? [column] : []));
  if (dates.length > MOST_DATES) return [];
  return dates.flatMap((first, k) =>
    dates.slice(k + 1).flatMap((second) => {
      const between = second.values.map((value, row) => value - first.values[row]!);
      const rows = Int32Array.from(between.keys()).filter((row) => !Number.isNaN(between[row]!));
      if (rows.length < Math.max(LEAST_ROWS, COMPLETE * truth.length)) return [];
      if (!(squaredCorrelation(between, truth, rows) >= ELAPSED)) return [];
      const isForward = rows.filter((row) => between[row]! >= 0).length >= rows.length / 2;
      const [from, to] = isForward ? [first.name, second.name] : [second.name, first.name];
      const message = `“${targetName}” is the time from “${from}” to “${to}”. If “${to}” is only known afterwards, exclude it.`;
      return [
        { code: "target_sum", severity: "error" as const, column: to, message, fix: { exclude: [to] } },
      ];
    }),
  );
}
