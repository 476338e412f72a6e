/**
 * The tables of a version's rows: each row's prediction, the fold that held it out, and its values as training read
 * them.
 */

import type { Cell } from "../../csv/formats/table-file.ts";
import type { OutputColumn, OutputRow } from "../../csv/formats/writers/output.ts";
import type { Column, Table } from "../../csv/types.ts";
import { type RowPredictions, TEST } from "../../trainer/checks/row-predictions.ts";
import type { RowPart } from "./row-parts.ts";

/** With more classes than this there is one column: the probability of the predicted class. */
const MOST_CLASS_COLUMNS = 20;
const BATCH_ROWS = 4096;

export interface RowTable {
  columns: OutputColumn[];
  batches: () => Generator<OutputRow[]>;
}

/** Added columns, with names that the data does not use. */
export interface RowNames {
  row: string;
  part: string;
  fold: string;
  actual: string;
  prediction: string;
  /** Only if rows have weights. */
  weight: string;
  probabilities: string[];
}

export function rowNames(classes: readonly string[], taken: readonly string[]): RowNames {
  const free = (name: string): string => (taken.includes(name) ? free(`${name}_`) : name);
  const isWide = classes.length > MOST_CLASS_COLUMNS;
  const shares = isWide ? ["probability"] : classes.map((name) => `probability_${name}`);
  return {
    ...{ row: free("row"), part: free("part"), fold: free("fold") },
    ...{
      actual: free("actual"),
      prediction: free("prediction"),
      weight: free("weight"),
      probabilities: shares.map(free),
    },
  };
}

/** `row` counts the data rows of the dataset's version from 1; `fold` from 1, empty for test rows. */
const placeColumns = ({ row, part, fold }: RowNames): OutputColumn[] => [
  { name: row, kind: "integer" },
  { name: part, kind: "text" },
  { name: fold, kind: "integer" },
];

const placeOf = ({ rows, folds }: RowPredictions, at: number) =>
  folds[at] === TEST ? [rows[at]! + 1, "test", null] : [rows[at]! + 1, "train", folds[at]! + 1];

export function foldTable(answers: RowPredictions): RowTable {
  const columns = placeColumns(rowNames([], []));
  return tableOf(answers, { part: "all", columns, cells: (at) => placeOf(answers, at) });
}

/** `values`: all rows of the dataset's version, in the columns that the model reads. */
export function predictionTable(
  answers: RowPredictions,
  part: RowPart,
  values: Table | null = null,
): RowTable {
  const { classes, probabilities } = answers;
  const width = classes.length;
  const data = values?.columns ?? [];
  const names = rowNames(
    classes,
    data.map(({ name }) => name),
  );
  const kind = width > 0 ? "text" : "number";
  const columns: OutputColumn[] = [
    ...placeColumns(names),
    ...data.map((column) => ({ name: column.name, kind: kindOf(column) })),
    { name: names.actual, kind },
    { name: names.prediction, kind },
    ...names.probabilities.map((name) => ({ name, kind: "number" }) as const),
    ...(answers.weights ? [{ name: names.weight, kind: "number" } as const] : []),
  ];
  const answered = (at: number): Cell[] => {
    const [truth, answer] = [answers.truth[at]!, answers.answers[at]!];
    if (!probabilities) return [truth, answer];
    const own = probabilities.subarray(at * width, (at + 1) * width);
    const shares = width > MOST_CLASS_COLUMNS ? [own[answer]!] : own;
    return [classes[truth]!, classes[answer]!, ...shares];
  };
  const cells = (at: number) => [
    ...placeOf(answers, at),
    ...data.map((column) => cellOf(column, answers.rows[at]!)),
    ...answered(at),
    ...(answers.weights ? [answers.weights[at]!] : []),
  ];
  return tableOf(answers, { part, columns, cells });
}

function kindOf({ type }: Column): OutputColumn["kind"] {
  return type === "number" || type === "date" ? type : "text";
}

function cellOf(column: Column, row: number): Cell {
  if (!("values" in column)) return column.codes[row]! < 0 ? null : column.labels[column.codes[row]!]!;
  const value = column.values[row]!;
  if (!Number.isFinite(value)) return null;
  return column.type === "date" ? new Date(value).toISOString() : value;
}

function tableOf(
  answers: RowPredictions,
  { part, columns, cells }: { part: RowPart; columns: OutputColumn[]; cells: (at: number) => Cell[] },
): RowTable {
  const { rows, folds } = answers;
  const isAsked = (at: number) => part === "all" || (folds[at] === TEST) === (part === "test");
  const order = Int32Array.from(rows.keys())
    .filter(isAsked)
    .sort((a, b) => rows[a]! - rows[b]!);
  return {
    columns,
    *batches() {
      for (let from = 0; from < order.length; from += BATCH_ROWS)
        yield Array.from(order.subarray(from, from + BATCH_ROWS), (at) => ({
          ...{ given: cells(at), added: [], line: null },
        }));
    },
  };
}
