/** Detects columns whose sum, difference, product or quotient is the target. It must hold in every row. */
import type { Column } from "../../csv/types.ts";

export interface Identity {
  columns: string[];
  /** How they form the target: "a + b", "a - b", "a × b", "a / b", "a + b + c". */
  formula: string;
}

const MOST_FOR_TRIPLES = 60;
const PROBES = 64;

/**
 * Sums, differences, products and ratios of two, and sums of three numeric columns that equal the target in every row.
 */
export function findIdentities(columns: Column[], truth: Float64Array): Identity[] {
  const numbers = columns.flatMap((column) =>
    "values" in column && column.type === "number" ? [column] : [],
  );
  const step = Math.max(1, Math.floor(truth.length / PROBES));
  const equal = (value: (row: number) => number) => {
    const fits = (row: number) =>
      Math.abs(value(row) - truth[row]) <= 1e-9 * Math.max(1, Math.abs(truth[row]));
    for (let row = 0; row < truth.length; row += step) if (!fits(row)) return false;
    for (let row = 0; row < truth.length; row++) if (!fits(row)) return false;
    return true;
  };
  const found: Identity[] = [];
  for (let a = 0; a < numbers.length; a++) {
    for (let b = a + 1; b < numbers.length; b++) {
      found.push(...pairIdentities([numbers[a], numbers[b]], equal));
      if (numbers.length > MOST_FOR_TRIPLES) continue;
      for (let c = b + 1; c < numbers.length; c++) {
        const three = [numbers[a], numbers[b], numbers[c]];
        if (equal((row) => three[0].values[row] + three[1].values[row] + three[2].values[row])) {
          found.push({
            columns: three.map(({ name }) => name),
            formula: three.map(({ name }) => name).join(" + "),
          });
        }
      }
    }
  }
  return found;
}

function pairIdentities(
  [first, second]: { name: string; values: Float64Array }[],
  equal: (value: (row: number) => number) => boolean,
): Identity[] {
  const columns = [first.name, second.name];
  if (equal((row) => first.values[row] + second.values[row])) {
    return [{ columns, formula: `${first.name} + ${second.name}` }];
  }
  if (equal((row) => first.values[row] - second.values[row])) {
    return [{ columns, formula: `${first.name} - ${second.name}` }];
  }
  if (equal((row) => second.values[row] - first.values[row])) {
    return [{ columns, formula: `${second.name} - ${first.name}` }];
  }
  if (equal((row) => first.values[row] * second.values[row])) {
    return [{ columns, formula: `${first.name} × ${second.name}` }];
  }
  if (equal((row) => first.values[row] / second.values[row])) {
    return [{ columns, formula: `${first.name} / ${second.name}` }];
  }
  if (equal((row) => second.values[row] / first.values[row])) {
    return [{ columns, formula: `${second.name} / ${first.name}` }];
  }
  return [];
}
