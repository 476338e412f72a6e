/**
 * Turns a client's rows into a table, and a model's predictions into JSON. Cells are read by the plan that training
 * used; what cannot be read counts as missing, with a warning. It never fails a row for a value that the model has not
 * seen.
 */

import type { Column, ColumnPlan, Table } from "../csv/types.ts";
import { AppError } from "../platform/errors.ts";
import { count } from "../platform/figures.ts";
import { type Explanation, explain } from "../trainer/explain/explanation.ts";
import { type Bounds, boundRows, highestLevel } from "../trainer/model/bounds.ts";
import { learnedTest } from "../trainer/model/learned-rows.ts";
import { type Model, type Prediction as ModelAnswer, predict } from "../trainer/model/model.ts";
import { openRowModel, type RowModel, type RowValues } from "../trainer/model/row-model.ts";
import type { Counterfactual } from "./counterfactuals.ts";
import { type Cell, CellReader, type ColumnStyle, newStyle, type Value } from "./rows/cell-reader.ts";
import { ColumnNames } from "./rows/columns.ts";
import { MOST_WARNINGS, type Warning, type WarningCode } from "./rows/warnings.ts";

export { highestLevel } from "../trainer/model/bounds.ts";
export type { Cell } from "./rows/cell-reader.ts";
export type { Warning } from "./rows/warnings.ts";
export type PredictRow = Map<string, Cell>;

export interface Answer {
  /** The class as written in the CSV, or the number. */
  prediction: string | number;
  probabilities?: Record<string, number>;
  /** The positive class is predicted from this probability on; absent if the likelier class is. */
  threshold?: number;
  /** Numbers, if requested: the outcome lies between these with probability `level`. */
  interval?: { low: number; high: number; level: number };
  /** Classes, if requested: contains the outcome with the requested probability; empty if no class is likely enough. */
  set?: string[];
  /** By column, in the number's unit, or in log-odds of the class `contributionsOf`; with `base` they sum to it. */
  contributions?: Record<string, number>;
  /** The class that contributions refer to: of two the positive one, of more the predicted one; absent for numbers. */
  contributionsOf?: string;
  base?: number;
  /** What would have to change for another prediction. */
  counterfactual?: Counterfactual;
}

export interface Answered {
  answers: Answer[];
  warnings: Warning[];
  /** The rows as the model read them. */
  table: Table;
}

export interface AnswerOptions {
  explain: boolean;
  /** The probability with which bounds should contain the outcome, 0..1; absent: no bounds. */
  interval?: number | undefined;
}

/** One prediction per row, in order. Throws AppError `invalid` if a row has no column of the model. */
export function answerRows(model: Model, rows: PredictRow[], options: AnswerOptions): Answered {
  const warnings: Warning[] = [];
  const table = tableOf(model, rows, { warnings, styles: newStyles(model) });
  const predicted = predict(model, table);
  const explanation = options.explain ? explain(model, table) : null;
  const level = options.interval;
  const boundsAt = level === undefined ? null : answerBounds(model, { table, predicted, level });
  const answers = rows.map((_, row) => ({
    ...answerAt(model, predicted, row),
    ...boundsAt?.(row),
    ...(explanation && contributionsAt(explanation, row, predicted.values[row]!)),
    ...(explanation && spokenFor(model, predicted.values[row]!)),
  }));
  return { answers, warnings, table };
}

/** Which of the rows, or copies of them, the model was trained on; none if it does not record what it learned from. */
export function learnedFrom(model: Model, rows: PredictRow[]): boolean[] {
  const isLearned = learnedTest(model, tableOf(model, rows, { warnings: [], styles: newStyles(model) }));
  return rows.map((_, row) => isLearned?.(row) ?? false);
}

/** By row. Throws AppError `invalid` if the model has no such bounds. */
export function answerBounds(
  model: Model,
  { table, predicted, level }: { table: Table; predicted: ModelAnswer; level: number },
): (row: number) => Pick<Answer, "interval" | "set"> {
  const bounds = boundsFor(model, level);
  const { values: answers, probabilities } = predicted;
  const bounded = boundRows(bounds, { table, answers, probabilities, level });
  if (bounded.kind === "classes") return (row) => ({ set: bounded.sets[row]!.map((k) => model.classes[k]!) });
  const { low, high } = bounded;
  return (row) => ({ interval: { low: low[row]!, high: high[row]!, level } });
}

/** Throws AppError `invalid` if it has none, or learned them from too few rows for this level. */
export function boundsFor({ bounds }: Model, level: number): Bounds {
  if (!bounds) {
    throw new AppError("invalid", "This version has no bounds for its predictions", {
      fix: "Train it again: older versions, and those with fewer than 30 held-out rows, have none.",
    });
  }
  const most = highestLevel(bounds);
  if (level > most) {
    throw new AppError("invalid", `${count(bounds.rows)} held-out rows are too few for interval=${level}`, {
      fix: `Ask for at most ${Math.floor(1000 * most) / 1000}, or train on more rows.`,
    });
  }
  return bounds;
}

/** How a request writes the columns of a model, before anything of it was read. */
function newStyles(model: Model): ColumnStyle[] {
  return model.plans.map(newStyle);
}

/** Readers of the cells of each column of a model, in the order of its plans. */
export function readersOf(model: Model): readonly CellReader[] {
  return open(model).readers;
}

/** A model prepared for repeated single-row predictions. */
interface Opened {
  columns: ColumnNames;
  readers: CellReader[];
  /** By plan, how texts that occurred before were read. */
  read: Map<string, string | number>[];
  values: (string | number | null)[];
  /** The classes as object keys in JSON: `"name":`, and the index of each probability. */
  keys: { json: string; at: number }[];
  /** Null if the model can only predict tables. */
  ask: RowModel | null;
}

/** The prediction for one row. */
export interface RowPrediction {
  prediction: string | number;
  /** The row's `Answer`, as JSON. */
  json: string;
  warnings: Warning[];
  /** Valid until the next row. */
  values: RowValues;
}

/** Per column; reading a text again takes longer than walking a few trees. */
const MOST_REMEMBERED = 500;
const REMEMBERED_LENGTH = 40;
const opened = new WeakMap<Model, Opened>();

function open(model: Model): Opened {
  let found = opened.get(model);
  if (!found) {
    // As an object orders them: integer-like names come first.
    const ordered = Object.keys(Object.fromEntries(model.classes.map((name) => [name, 0])));
    found = {
      columns: new ColumnNames(model),
      readers: model.plans.map((plan) => new CellReader(plan, labelsOf(model, plan))),
      read: model.plans.map(() => new Map()),
      values: model.plans.map(() => null),
      keys: ordered.map((name) => ({ json: `${JSON.stringify(name)}:`, at: model.classes.indexOf(name) })),
      ask: openRowModel(model),
    };
    opened.set(model, found);
  }
  return found;
}

/**
 * One row as parsed from JSON, predicted as `answerRows` does in a fraction of the time. Null if it needs a table, or
 * if the row contains something that is not a cell. Throws AppError `invalid` if it has no column of the model.
 */
export function answerRow(model: Model, row: Record<string, unknown>): RowPrediction | null {
  const { columns, readers, read, values, ask, keys } = open(model);
  if (!ask) return null;
  const warnings: Warning[] = [];
  values.fill(null);
  let known = 0;
  for (const name of Object.keys(row)) {
    const cell = row[name];
    if (cell !== null && typeof cell === "object") return null;
    const place = columns.placeOf(name);
    if (place < 0) {
      if (!columns.isUnused(name)) warnings.push(unknownColumn(name, columns));
      continue;
    }
    known++;
    const reader = readers[place]!;
    // A name spelled differently does not count if the exact column is present too.
    if (reader.plan.name !== name && Object.hasOwn(row, reader.plan.name)) {
      warnings.push(unknownColumn(name, columns));
      continue;
    }
    // The common case, at once.
    if (typeof cell === "number" && reader.isPlainNumber(cell)) values[place] = cell;
    else
      values[place] =
        (typeof cell === "string" ? read[place]!.get(cell) : undefined) ??
        readAnew(reader, cell as Cell, { read: read[place]!, warnings });
  }
  if (known === 0) throw nothingKnown(0, columns);
  return { ...answerJson(ask(values), model, keys), warnings, values };
}

function labelsOf(model: Model, plan: ColumnPlan): readonly string[] | null {
  const encoding = model.encoder.columns.find(({ column }) => column === plan.name);
  return encoding?.kind === "category" ? encoding.labels : null;
}

/** Cached if it causes no warning. */
function readAnew(
  reader: CellReader,
  cell: Cell,
  { read, warnings }: { read: Map<string, string | number>; warnings: Warning[] },
): string | number | null {
  const before = warnings.length;
  const column = reader.plan.name;
  const value = reader.read(cell, newStyle(), (code, message) =>
    warnings.push({ row: 0, column, code, message }),
  );
  if (
    typeof cell === "string" &&
    cell.length <= REMEMBERED_LENGTH &&
    value !== null &&
    warnings.length === before &&
    read.size < MOST_REMEMBERED
  )
    read.set(cell, value);
  return value;
}

function answerJson(
  { values, probabilities }: ModelAnswer,
  { classes, threshold }: Model,
  keys: Opened["keys"],
): { prediction: string | number; json: string } {
  const prediction = probabilities ? classes[values[0]!]! : values[0]!;
  let json = `{"prediction":${JSON.stringify(prediction)}`;
  if (!probabilities) return { prediction, json: `${json}}` };
  let comma = ',"probabilities":{';
  for (const key of keys) {
    json += comma + key.json + JSON.stringify(probabilities[key.at]!);
    comma = ",";
  }
  const decided = threshold === null ? "" : `,"threshold":${threshold}`;
  return { prediction, json: `${json}}${decided}}` };
}

interface TableReading {
  warnings: Warning[];
  styles: ColumnStyle[];
}

/** Columns by the model's plans. Throws AppError `invalid` if a row has none of them. */
function tableOf(model: Model, rows: PredictRow[], reading: TableReading): Table {
  const { columns, readers } = open(model);
  const cells = readers.map(() => new Array<Value>(rows.length).fill(null));
  const { warnings, styles } = reading;
  const say = (row: number, column: string) => (code: WarningCode, message: string) => {
    if (warnings.length < MOST_WARNINGS) warnings.push({ row, column, code, message });
  };
  for (const [row, given] of rows.entries()) {
    let known = 0;
    for (const [name, cell] of given) {
      const place = columns.placeOf(name);
      const reader = readers[place];
      if (reader) known++;
      if (reader && (reader.plan.name === name || !given.has(reader.plan.name)))
        cells[place]![row] = reader.read(cell, styles[place]!, say(row, name));
      else if (reader || !columns.isUnused(name))
        say(row, name)("unknown_column", columns.unknownMessage(name));
    }
    if (known === 0) throw nothingKnown(row, columns);
  }
  return { rows: rows.length, columns: readers.map(({ plan }, place) => columnOf(plan, cells[place]!)) };
}

/** Of the only row. */
function unknownColumn(column: string, columns: ColumnNames): Warning {
  return { row: 0, column, code: "unknown_column", message: columns.unknownMessage(column) };
}

function nothingKnown(row: number, { places }: ColumnNames): AppError {
  const shown = [...places.keys()].slice(0, 12).join(", ");
  return new AppError("invalid", `Row ${row} has no column of this model`, {
    row,
    fix: `The columns are ${shown}${places.size > 12 ? ", …" : ""}; leave out values that you do not know.`,
  });
}

/** Values in the form that a model reads; one that does not have the column's type is missing. */
export function columnOf({ name, type }: ColumnPlan, cells: readonly Value[]): Column {
  if (type === "number" || type === "date") {
    const values = new Float64Array(cells.length);
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row]!;
      values[row] = typeof cell === "number" ? cell : Number.NaN;
    }
    return { name, type, values };
  }
  const index = new Map<string, number>();
  const codes = new Int32Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row]!;
    const label = cell === null ? null : String(cell);
    let code = label === null ? -1 : index.get(label);
    if (code === undefined) {
      code = index.size;
      index.set(label!, code);
    }
    codes[row] = code;
  }
  return { name, type, codes, labels: [...index.keys()] };
}

/** The prediction for one row of a table. */
export function answerAt(model: Model, { values, probabilities }: ModelAnswer, row: number): Answer {
  if (!probabilities) return { prediction: values[row]! };
  const { classes } = model;
  const entries = classes.map((name, k) => [name, probabilities[row * classes.length + k]!] as const);
  const answer = { prediction: classes[values[row]!]!, probabilities: Object.fromEntries(entries) };
  return model.threshold === null ? answer : { ...answer, threshold: model.threshold };
}

function spokenFor({ task, classes }: Model, predicted: number): Pick<Answer, "contributionsOf"> {
  if (task === "regression") return {};
  return { contributionsOf: classes[task === "binary" ? 1 : predicted]! };
}

function contributionsAt(
  { columns, outputs, base, contributions }: Explanation,
  row: number,
  predicted: number,
): Pick<Answer, "contributions" | "base"> {
  const output = outputs === 1 ? 0 : predicted;
  const shares = columns.map(
    (name, k) => [name, contributions[(row * columns.length + k) * outputs + output]!] as const,
  );
  return { contributions: Object.fromEntries(shares), base: base[row * outputs + output]! };
}
