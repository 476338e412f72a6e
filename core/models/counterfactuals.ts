/**
 * Describes the smallest changes that would change a prediction: a counterfactual as clients and the page get it, with
 * a sentence.
 */
import type { Table } from "../csv/types.ts";
import { exact, figure, percent } from "../platform/figures.ts";
import { type Change, counterfactual } from "../trainer/explain/counterfactual.ts";
import type { Model } from "../trainer/model/model.ts";
import type { ColumnReference, TrainingReference } from "../trainer/model/reference.ts";

type Cell = string | number | null;

export interface Counterfactual {
  /** The smallest change that was found, of one column or of two; empty if none was found. */
  changes: { column: string; from: Cell; to: Cell }[];
  /** The prediction then; null if none was found. */
  prediction: string | number | null;
  /** Of that class; absent for numbers. */
  probability?: number;
  /** How many rows were tried. */
  tried: number;
  sentence: string;
}

/** Columns that must stay as they are, by name. */
export interface Fixed {
  /** Columns that only identify a row: it cannot have another value. */
  identifying: readonly string[];
  /** Pinned by the client. */
  pinned: readonly string[];
}

/** If this share of new rows' labels was never seen, the label is an identifier and cannot be changed. */
const NAMES_ROWS = 0.2;

/** One per row. Some tens of milliseconds each: other requests are answered in between. */
export async function flips(
  model: Model,
  table: Table,
  given: { reference: TrainingReference; fixed: Fixed },
): Promise<Counterfactual[]> {
  const { fixed } = given;
  const stays = new Set([...fixed.identifying, ...fixed.pinned]);
  const isChangeable = (entry: ColumnReference) =>
    !stays.has(entry.column) && !(entry.kind === "category" && entry.unseen > NAMES_ROWS);
  const columns = given.reference.columns.filter(isChangeable);
  const reference = { ...given.reference, columns };
  const found: Counterfactual[] = [];
  for (let row = 0; row < table.rows; row++) {
    if (row > 0) await new Promise((resolve) => setImmediate(resolve));
    found.push(flipOf(model, rowOf(table, row), reference));
  }
  return found;
}

function rowOf(table: Table, row: number): Table {
  const columns = table.columns.map((column) =>
    "values" in column
      ? { ...column, values: column.values.slice(row, row + 1) }
      : { ...column, codes: column.codes.slice(row, row + 1) },
  );
  return { rows: 1, columns };
}

function flipOf(model: Model, row: Table, reference: TrainingReference): Counterfactual {
  const { changes, value, probability, tried } = counterfactual(model, row, reference);
  const written = changes.map((change) => writtenChange(model, change));
  if (!written.length) return { changes: [], prediction: null, tried, sentence: noneFound(model, tried) };
  const prediction = model.classes.length ? model.classes[value]! : value;
  const wish = written.map(({ column, from, to }) => `${column} were ${shown(to)} instead of ${shown(from)}`);
  const chance = probability === null ? "" : ` (${percent(probability)})`;
  return {
    ...{ changes: written, prediction, tried },
    ...(probability !== null && { probability }),
    sentence: `The prediction would be ${typeof prediction === "number" ? figure(prediction) : shown(prediction)}${chance} if ${wish.join(" and ")}.`,
  };
}

/** Dates as days: epoch milliseconds mean nothing to a reader. */
function writtenChange(model: Model, { column, from, to }: Change): Counterfactual["changes"][number] {
  const isDate = model.plans.find(({ name }) => name === column)?.type === "date";
  const written = (value: Cell) =>
    isDate && typeof value === "number" ? new Date(value).toISOString().slice(0, 10) : value;
  return { column, from: written(from), to: written(to) };
}

function noneFound({ task }: Model, tried: number): string {
  const other =
    task === "regression"
      ? "moves the prediction across the median of all predictions"
      : "changes the prediction";
  return `No change of one or two columns within the training data ${other} (${tried} tried).`;
}

function shown(value: Cell): string {
  if (value === null) return "missing";
  return typeof value === "number" ? exact(value) : `“${value}”`;
}
