/**
 * How do a client's rows become a table, and a model's answers JSON? Cells are read by the plan that training used; what
 * cannot be read is missing, and said. It never fails a row for a value that the model has not seen.
 */
import { parseCell } from "../csv/cells/cells.ts";
import type { Column, ColumnPlan, Table } from "../csv/types.ts";
import { AppError } from "../platform/errors.ts";
import { type Explanation, explain } from "../trainer/explain/explanation.ts";
import { type Model, type Prediction as ModelAnswer, predict } from "../trainer/model/model.ts";
import { openRowModel, type RowModel, type RowValues } from "../trainer/model/row-model.ts";
import type { Counterfactual } from "./counterfactuals.ts";

export type Cell = string | number | boolean | null;
export type PredictRow = Map<string, Cell>;

/** Something that was read as missing, or not at all. */
export interface Warning {
  row: number;
  column: string;
  message: string;
}

export interface Answer {
  /** The class as it stands in the CSV, or the number. */
  prediction: string | number;
  probabilities?: Record<string, number>;
  /** By column, in the number itself, or in log-odds of the class `contributionsOf`; with `base` they sum to it. */
  contributions?: Record<string, number>;
  /** The class that contributions speak for: of two the positive one, of more the predicted one; absent for numbers. */
  contributionsOf?: string;
  base?: number;
  /** What would have to be otherwise for another answer. */
  counterfactual?: Counterfactual;
}

const MAX_WARNINGS = 20;

/** One answer a row, in order, and the rows as the model read them. Throws AppError `invalid` where a row names no column of the model. */
export function answerRows(
  model: Model,
  rows: PredictRow[],
  options: { explain: boolean },
): { answers: Answer[]; warnings: Warning[]; table: Table } {
  const warnings: Warning[] = [];
  const table = tableOf(model, rows, warnings);
  const predicted = predict(model, table);
  const explanation = options.explain ? explain(model, table) : null;
  const answers = rows.map((_, row) => ({
    ...answerAt(model, predicted, row),
    ...(explanation && contributionsAt(explanation, row, predicted.values[row]!)),
    ...(explanation && spokenFor(model, predicted.values[row]!)),
  }));
  return { answers, warnings, table };
}

/** What is asked of a model again and again. */
interface Opened {
  /** The place of each column among the plans. */
  places: ReadonlyMap<string, number>;
  /** By plan, what texts that came before were read as. */
  read: Map<string, string | number>[];
  values: (string | number | null)[];
  /** The classes as an object in JSON has them: `"name":`, and where each one's probability stands. */
  keys: { json: string; at: number }[];
  /** Null where the model can only be asked for tables. */
  ask: RowModel | null;
}

/** One row's answer. */
export interface RowAnswer {
  prediction: string | number;
  /** The answer's `Answer`, as JSON. */
  json: string;
  warnings: Warning[];
  /** Valid until the next row. */
  values: RowValues;
}

/** Of a column; reading a text anew takes longer than asking some trees. */
const MOST_REMEMBERED = 500;
const REMEMBERED_LENGTH = 40;
const opened = new WeakMap<Model, Opened>();

function open(model: Model): Opened {
  let found = opened.get(model);
  if (!found) {
    // As an object orders them: names that are whole numbers come first.
    const ordered = Object.keys(Object.fromEntries(model.classes.map((name) => [name, 0])));
    found = {
      places: new Map(model.plans.map(({ name }, i) => [name, i])),
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
 * One row, as JSON has it, answered as `answerRows` does in a fraction of its time. Null: it needs a table for that, or
 * the row holds what is no cell. Throws AppError `invalid` where it names no column of the model.
 */
export function answerRow(model: Model, row: Record<string, unknown>): RowAnswer | null {
  const { places, read, values, ask, keys } = open(model);
  if (!ask) return null;
  const warnings: Warning[] = [];
  const warn = warnInto(warnings);
  values.fill(null);
  let known = 0;
  const names = Object.keys(row);
  for (const name of names) {
    const cell = row[name];
    if (cell !== null && typeof cell === "object") return null;
    const place = places.get(name);
    if (place === undefined) {
      if (name !== model.target) warn(0, name, IGNORED);
      continue;
    }
    known++;
    const plan = model.plans[place]!;
    // What mostly comes, at once.
    if (typeof cell === "number" && plan.type === "number" && Number.isFinite(cell)) values[place] = cell;
    else
      values[place] =
        (typeof cell === "string" ? read[place]!.get(cell) : undefined) ??
        readAnew(plan, cell as Cell, { read: read[place]!, warn });
  }
  if (known === 0 && names.length) throw nothingKnown(0, places);
  return { ...answerJson(ask(values), { classes: model.classes, keys }), warnings, values };
}

function readAnew(
  plan: ColumnPlan,
  cell: Cell,
  { read, warn }: { read: Map<string, string | number>; warn: Warn },
): string | number | null {
  const value = cellValue(plan, cell, (message) => warn(0, plan.name, message));
  if (
    typeof cell === "string" &&
    cell.length <= REMEMBERED_LENGTH &&
    value !== null &&
    read.size < MOST_REMEMBERED
  )
    read.set(cell, value);
  return value;
}

function answerJson(
  { values, probabilities }: ModelAnswer,
  { classes, keys }: { classes: readonly string[]; keys: Opened["keys"] },
): { prediction: string | number; json: string } {
  const prediction = probabilities ? classes[values[0]!]! : values[0]!;
  let json = `{"prediction":${JSON.stringify(prediction)}`;
  if (!probabilities) return { prediction, json: `${json}}` };
  let comma = ',"probabilities":{';
  for (const key of keys) {
    json += comma + key.json + JSON.stringify(probabilities[key.at]!);
    comma = ",";
  }
  return { prediction, json: `${json}}}` };
}

/** Columns by the model's plans. Throws AppError `invalid` where a row names none of them. */
function tableOf(model: Model, rows: PredictRow[], warnings: Warning[]): Table {
  const { places } = open(model);
  const warn = warnInto(warnings);
  for (const [row, cells] of rows.entries()) refuseStrangers(model, cells, { row, places, warn });
  return { rows: rows.length, columns: model.plans.map((plan) => columnOf(plan, rows, warn)) };
}

function warnInto(warnings: Warning[]): Warn {
  return (row, column, message) => {
    if (warnings.length < MAX_WARNINGS) warnings.push({ row, column, message });
  };
}

function refuseStrangers(
  model: Model,
  cells: PredictRow,
  { row, places, warn }: { row: number; places: Opened["places"]; warn: Warn },
): void {
  let known = 0;
  for (const name of cells.keys()) if (places.has(name)) known++;
  if (known === cells.size) return;
  if (known === 0) throw nothingKnown(row, places);
  for (const name of cells.keys()) {
    if (!places.has(name) && name !== model.target) warn(row, name, IGNORED);
  }
}

const IGNORED = "is not a column of this model and was ignored";

function nothingKnown(row: number, places: Opened["places"]): AppError {
  const shown = [...places.keys()].slice(0, 12).join(", ");
  return new AppError("invalid", `Row ${row} names no column of this model`, {
    row,
    fix: `The columns are ${shown}${places.size > 12 ? ", …" : ""}; leave out what is not known.`,
  });
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
  if (typeof cell === "number" && !Number.isFinite(cell)) {
    warn("is beyond every number and was read as missing");
    return null;
  }
  if (typeof cell === "number" && plan.type === "number") return cell;
  if (typeof cell === "boolean" && plan.booleanWords) return plan.booleanWords[cell ? 1 : 0];
  const text = String(cell).trim();
  const value = parseCell(plan, text);
  const isMissing = text === "" || plan.missingWords.includes(text.toLowerCase());
  if (value === null && !isMissing)
    warn(`${JSON.stringify(text.slice(0, 60))} is not a ${plan.type} and was read as missing`);
  return value;
}

function answerAt(model: Model, { values, probabilities }: ModelAnswer, row: number): Answer {
  if (!probabilities) return { prediction: values[row]! };
  const { classes } = model;
  const entries = classes.map((name, k) => [name, probabilities[row * classes.length + k]!] as const);
  return { prediction: classes[values[row]!]!, probabilities: Object.fromEntries(entries) };
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
