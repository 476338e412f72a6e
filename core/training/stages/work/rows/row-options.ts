/**
 * Reads what a person says of the rows: what each counts, which are the test, which values are spread evenly. Every
 * reason why a column cannot say that is an AppError with the column and the fix.
 */
import type { Column, Finding, Table } from "../../../../csv/types.ts";
import { AppError } from "../../../../platform/errors.ts";
import { plural } from "../../../../platform/figures.ts";
import type { RunOptions } from "../../../../trainer/contract.ts";
import type { Target } from "../../../../trainer/samples.ts";

/** Columns that a run reads beside its features and its target. */
export function givenColumns({ weights, testColumn, stratify, splitColumn }: RunOptions): string[] {
  return [weights, testColumn, stratify, splitColumn ?? undefined].filter((name) => name !== undefined);
}

/** Columns that say something of the rows, so that nothing is learned from them. */
export function unlearnedColumns({ weights, testColumn, split, splitColumn }: RunOptions): string[] {
  return [weights, testColumn, split === "group" ? splitColumn : undefined].filter(
    (name) => name !== undefined && name !== null,
  );
}

const columnOf = (table: Table, name: string | undefined) =>
  name === undefined ? undefined : table.columns.find((column) => column.name === name);

/** The rows that count: without a weight, or with the weight 0, a row says nothing. Throws AppError `invalid`. */
export function countedRows(
  table: Table,
  rows: Int32Array,
  name: string | undefined,
): { rows: Int32Array; finding: Finding | null } {
  const column = columnOf(table, name);
  if (!column) return { rows, finding: null };
  const values = numbersOf(column, "weights");
  const negative = rows.find((row) => values[row] < 0);
  if (negative !== undefined) {
    throw new AppError(
      "invalid",
      `“${column.name}” has the weight ${values[negative]}; a weight is 0 or more.`,
      {
        column: column.name,
        row: (table.numbers?.[negative] ?? negative) + 1,
        fix: "Correct the column, or choose another one as weights.",
      },
    );
  }
  const counted = rows.filter((row) => values[row] > 0);
  const left = rows.length - counted.length;
  if (left === 0) return { rows, finding: null };
  const message = `${plural(left, "row")} ${left === 1 ? "has" : "have"} no weight or the weight 0 in “${column.name}” and ${left === 1 ? "is" : "are"} left out.`;
  return {
    rows: counted,
    finding: { code: "weight_missing", severity: "warning", column: column.name, message, fix: null },
  };
}

/** The target with what each row counts: in figures its weight, in learning also its class's. 1 on average. */
export function weighedTarget(
  target: Target,
  table: Table,
  { weights, classWeights }: Pick<RunOptions, "weights" | "classWeights">,
): Target {
  const column = columnOf(table, weights);
  const own = column && toMeanOne(numbersOf(column, "weights"));
  if (classWeights === undefined) return own ? { ...target, weights: own, scoreWeights: own } : target;
  const ofClass = classWeightsOf(target, { classWeights, own });
  const both = target.values.map((label, row) => ofClass[label] * (own ? own[row] : 1));
  return { ...target, weights: toMeanOne(both), ...(own && { scoreWeights: own }) };
}

/** By class; balanced: so that all classes count the same together (scikit-learn's "balanced"). Throws AppError `invalid`. */
function classWeightsOf(
  target: Target,
  given: { classWeights: NonNullable<RunOptions["classWeights"]>; own: Float64Array | undefined },
): number[] {
  const { classWeights, own } = given;
  if (target.task === "regression") {
    throw new AppError("invalid", "Class weights need classes, and this target is a number.", {
      fix: "Leave classWeights out, or choose a classification task.",
    });
  }
  if (classWeights === "balanced") {
    const totals = new Float64Array(target.classes.length);
    target.values.forEach((label, row) => {
      totals[label] += own ? own[row] : 1;
    });
    return Array.from(totals, (total) => target.values.length / (totals.length * total));
  }
  const unknown = Object.keys(classWeights).find((label) => !target.classes.includes(label));
  if (unknown !== undefined) {
    throw new AppError("invalid", `The target has no class “${unknown}” for which a weight could be set.`, {
      column: "classWeights",
      fix: `The classes are: ${target.classes.slice(0, 20).join(", ")}.`,
    });
  }
  return target.classes.map((label) => classWeights[label] ?? 1);
}

function toMeanOne(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (weight * weights.length) / total);
}

function numbersOf(column: Column, as: string): Float64Array {
  if (column.type === "number" && "values" in column) return column.values;
  throw new AppError("invalid", `“${column.name}” holds no numbers, so it cannot be used as ${as}.`, {
    column: column.name,
    fix: "Choose a column of numbers.",
  });
}

/** Values, lower case, that mark a row as one of the test. */
const TEST_MARKS: readonly string[] = ["test", "testing", "holdout", "held out", "true", "yes", "y", "1"];

/** By row, whether its mark says test; null where nobody asked for it. Throws AppError `invalid`. */
export function markedRows(table: Table, name: string | undefined): Uint8Array | null {
  const column = columnOf(table, name);
  if (!column) return null;
  const marks = Uint8Array.from({ length: table.rows }, (_, row) => Number(isMarked(column, row)));
  const count = marks.reduce((sum, mark) => sum + mark, 0);
  if (count > 0 && count < table.rows) return marks;
  const what = count === 0 ? "no row" : "every row";
  throw new AppError("invalid", `“${column.name}” marks ${what} as a test row.`, {
    column: column.name,
    fix: `Test rows hold one of: ${TEST_MARKS.join(", ")}. All other rows are learned from.`,
  });
}

function isMarked(column: Column, row: number): boolean {
  if ("values" in column) return column.values[row] === 1;
  const code = column.codes[row];
  return code >= 0 && TEST_MARKS.includes(column.labels[code].trim().toLowerCase());
}

const RANGES = 5;

/** By row, what is spread evenly: the label, or the fifth of a number; -1: missing. Null where nobody asked for it. */
export function strataOf(table: Table, name: string | undefined): Int32Array | null {
  const column = columnOf(table, name);
  if (!column) return null;
  if ("codes" in column) return column.codes;
  const sorted = column.values.filter(Number.isFinite).sort();
  const edges = Array.from(
    { length: RANGES - 1 },
    (_, i) => sorted[Math.floor(((i + 1) / RANGES) * sorted.length)],
  );
  return Int32Array.from(column.values, (value) =>
    Number.isFinite(value) ? edges.filter((edge) => value >= edge).length : -1,
  );
}

/** Both tables, the second's rows behind the first's; `from`: the number of the second's first row. */
export function joinTables(first: Table, second: Table, from: number): Table {
  const numbers = new Int32Array(first.rows + second.rows);
  for (let row = 0; row < first.rows; row++) numbers[row] = first.numbers?.[row] ?? row;
  for (let row = 0; row < second.rows; row++)
    numbers[first.rows + row] = from + (second.numbers?.[row] ?? row);
  const columns = first.columns.map((column) => {
    const other = second.columns.find(({ name }) => name === column.name);
    if (!other) throw new Error(`“${column.name}” is missing in the second table.`);
    return joinColumns(column, other);
  });
  return { ...first, rows: first.rows + second.rows, columns, numbers };
}

function joinColumns(first: Column, second: Column): Column {
  if ("values" in first && "values" in second) {
    const values = new Float64Array(first.values.length + second.values.length);
    values.set(first.values);
    values.set(second.values, first.values.length);
    return { ...first, values };
  }
  if (!("codes" in first && "codes" in second)) throw new Error(`“${first.name}” differs in its type.`);
  const labels = [...first.labels];
  const known = new Map(labels.map((label, code) => [label, code]));
  const codeOf = second.labels.map((label) => known.get(label) ?? labels.push(label) - 1);
  const codes = new Int32Array(first.codes.length + second.codes.length);
  codes.set(first.codes);
  codes.set(
    second.codes.map((code) => (code < 0 ? -1 : codeOf[code])),
    first.codes.length,
  );
  return { ...first, labels, codes };
}
