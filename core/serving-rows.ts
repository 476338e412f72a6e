/**
 * How do a client's rows become a table, and a model's answer JSON? Cells are read by the plan that training used; what
 * cannot be read is missing, and said. It never fails a row for a value that the model has not seen.
 */
import { parseCell } from "./csv/cells.ts";
import type { Column, ColumnPlan, Table } from "./csv/types.ts";
import { AppError } from "./errors.ts";
import type { Model, Prediction as ModelAnswer } from "./trainer/model.ts";

export type Cell = string | number | boolean | null;
export type PredictRow = Map<string, Cell>;

/** Something that was read as missing, or not at all. */
export interface Warning {
  row: number;
  column: string;
  message: string;
}

const MAX_WARNINGS = 20;

/** Columns by the model's plans. Throws AppError `invalid` where a row names none of them. */
export function tableOf(model: Model, rows: PredictRow[], warnings: Warning[] = []): Table {
  const names = new Set(model.plans.map(({ name }) => name));
  const warn = (row: number, column: string, message: string) => {
    if (warnings.length < MAX_WARNINGS) warnings.push({ row, column, message });
  };
  rows.forEach((cells, row) => {
    const strangers = [...cells.keys()].filter((name) => !names.has(name));
    if (strangers.length === cells.size && names.size > 0) throw nothingKnown(row, cells, names);
    for (const name of strangers) {
      if (name !== model.target) warn(row, name, "is not a column of this model and was ignored");
    }
  });
  return { rows: rows.length, columns: model.plans.map((plan) => columnOf(plan, rows, warn)) };
}

function nothingKnown(row: number, cells: PredictRow, names: Set<string>): AppError {
  const shown = [...names].slice(0, 12).join(", ");
  return new AppError(
    "invalid",
    cells.size ? `Row ${row} names no column of this model` : `Row ${row} is empty`,
    {
      row,
      fix: `The columns are ${shown}${names.size > 12 ? ", …" : ""}; leave out what is not known.`,
    },
  );
}

type Warn = (row: number, column: string, message: string) => void;

function columnOf(plan: ColumnPlan, rows: PredictRow[], warn: Warn): Column {
  const { name, type } = plan;
  const cells = rows.map((row, index) =>
    cellValue(plan, row.get(name) ?? null, (message) => warn(index, name, message)),
  );
  if (type === "number" || type === "date") {
    return {
      name,
      type,
      values: Float64Array.from(cells, (cell) => (typeof cell === "number" ? cell : Number.NaN)),
    };
  }
  const index = new Map<string, number>();
  const codes = Int32Array.from(cells, (cell) => {
    if (cell === null) return -1;
    const label = String(cell);
    if (!index.has(label)) index.set(label, index.size);
    return index.get(label)!;
  });
  return { name, type, codes, labels: [...index.keys()] };
}

/** A JSON value as training would have read it in the file. */
function cellValue(plan: ColumnPlan, cell: Cell, warn: (message: string) => void): string | number | null {
  if (cell === null || cell === "") return null;
  if (typeof cell === "number" && plan.type === "number") return cell;
  if (typeof cell === "boolean" && plan.booleanWords) return plan.booleanWords[cell ? 1 : 0];
  const text = String(cell).trim();
  const value = parseCell(plan, text);
  const isMissing = text === "" || plan.missingWords.includes(text.toLowerCase());
  if (value === null && !isMissing)
    warn(`${JSON.stringify(text.slice(0, 60))} is not a ${plan.type} and was read as missing`);
  return value;
}

/** The class as it stands in the CSV with the probability of each, or the number. */
export function answerAt(
  model: Model,
  answer: ModelAnswer,
  row: number,
): { prediction: string | number; probabilities?: Record<string, number> } {
  if (!answer.probabilities) return { prediction: answer.values[row]! };
  const { classes } = model;
  const probabilities = Object.fromEntries(
    classes.map((name, k) => [name, answer.probabilities![row * classes.length + k]!]),
  );
  return { prediction: classes[answer.values[row]!]!, probabilities };
}
