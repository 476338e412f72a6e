/**
 * Checks that a model predicts from the same reading that it learned from. Asks every row of its own file back by
 * every way in, and holds the values read and the answers against those of training's own path.
 */
import { createReadStream } from "node:fs";
import { readPage } from "../../core/csv/preview.ts";
import type { Column, ColumnPlan, Table } from "../../core/csv/types.ts";
import { modelModule } from "../../core/models/exports/export.ts";
import { predictFile } from "../../core/models/files/predict-csv.ts";
import { answerRow, answerRows } from "../../core/models/predict-rows.ts";
import type { Cell } from "../../core/models/rows/cell-reader.ts";
import type { Serving } from "../../core/models/serving.ts";
import { predictFields } from "../../core/routes/pages/form-fields.ts";
import type { StoredVersion } from "../../core/store/models.ts";
import { predict } from "../../core/trainer/model/model.ts";
import { writeModel } from "../../core/trainer/model/model-file.ts";
import type { TinyModel } from "./tiny-model.ts";

export interface AskedBack {
  rows: number;
  /** Ways in that were tried. */
  ways: string[];
  /** Differing predictions, by route, with the first one. */
  differing: { way: string; count: number; first: string }[];
  /** Rows that went in and did not come out. */
  lost: number;
  /** Values that were read as missing, or as nothing known, without a word. */
  silent: string[];
}

const MOST_ROWS = 2000;

interface Wanted {
  values: Float64Array;
  probabilities: Float64Array | null;
}

/** `module`: also the .mjs, which takes a moment. */
export async function askBack(
  tiny: TinyModel,
  path: string,
  options: { module?: boolean } = {},
): Promise<AskedBack> {
  const { model, profile } = tiny;
  const allRows = await readPage(path, profile.plan, { offset: 0, limit: MOST_ROWS });
  const names = profile.plan.columns.map(({ name }) => name);
  const features = new Set(model.plans.map(({ name }) => name));
  const records = allRows.map(
    (row) =>
      new Map(names.map((name, k) => [name, row[k] as Cell] as const).filter(([name]) => features.has(name))),
  );
  const wanted = predict(model, { rows: tiny.table.rows, columns: tiny.table.columns });
  const asked: AskedBack = { rows: records.length, ways: [], differing: [], lost: 0, silent: [] };
  const table = answerRows(model, records, { explain: false });
  compare(asked, "json", { tiny, wanted, answers: table.answers });
  compareTables(asked, tiny, table.table.columns);
  asked.silent.push(...silentIn(tiny, records, table.warnings));
  const single = records.map((row) => {
    const answered = answerRow(model, Object.fromEntries(row));
    return answered ? (JSON.parse(answered.json) as Answered) : null;
  });
  if (single.every((answer) => answer !== null)) compare(asked, "one row", { tiny, wanted, answers: single });
  const typed = records.map(
    (row) => new Map([...row].map(([name, cell]) => [name, asJson(tiny, name, cell)])),
  );
  compare(asked, "json values", {
    tiny,
    wanted,
    answers: answerRows(model, typed, { explain: false }).answers,
  });
  const forms = records.map((row) => formOf(row));
  compare(asked, "form", { tiny, wanted, answers: answerRows(model, forms, { explain: false }).answers });
  await askCsv(asked, path, { tiny, wanted });
  if (options.module) await askModule(asked, records, { tiny, wanted });
  return asked;
}

interface Answered {
  prediction: string | number;
  probabilities?: Record<string, number>;
}

interface Expected {
  tiny: TinyModel;
  wanted: Wanted;
}

function compare(
  asked: AskedBack,
  way: string,
  { tiny, wanted, answers }: Expected & { answers: readonly Answered[] },
  tolerance = 0,
): void {
  asked.ways.push(way);
  const { classes } = tiny.model;
  let count = 0;
  let first = "";
  for (const [row, answer] of answers.entries()) {
    const right = classes.length
      ? classes.every((name, k) =>
          isNear(answer.probabilities![name]!, wanted.probabilities![row * classes.length + k]!, tolerance),
        )
      : isNear(Number(answer.prediction), wanted.values[row]!, tolerance);
    if (right) continue;
    count++;
    first ||= `row ${row}: ${JSON.stringify(answer).slice(0, 120)} for ${classes.length ? wanted.probabilities!.slice(row * classes.length, (row + 1) * classes.length).join(", ") : wanted.values[row]}`;
  }
  if (count > 0) asked.differing.push({ way, count, first });
  asked.lost += Math.max(0, asked.rows - answers.length);
}

function isNear(one: number, other: number, tolerance: number): boolean {
  return one === other || Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(other));
}

/** What was read, not only what followed from it. */
function compareTables(asked: AskedBack, { table, model }: TinyModel, read: readonly Column[]): void {
  for (const column of read) {
    const own = table.columns.find(({ name }) => name === column.name)!;
    const encoding = model.encoder.columns.find(({ column: name }) => name === column.name);
    const known = encoding?.kind === "category" ? new Set(encoding.labels) : null;
    for (let row = 0; row < asked.rows; row++) {
      const [is, was] = [valueAt(column, row), valueAt(own, row)];
      if (Object.is(is, was) || (known && typeof was === "string" && !known.has(was))) continue;
      if (typeof is === "number" && typeof was === "number" && is === was) continue;
      asked.differing.push({
        way: `reading of ${column.name}`,
        count: 1,
        first: `row ${row}: ${is} for ${was}`,
      });
      break;
    }
  }
}

function valueAt(column: Column, row: number): number | string | null {
  if ("values" in column) return column.values[row]!;
  return column.codes[row]! < 0 ? null : column.labels[column.codes[row]!]!;
}

/** Values that went missing although they are there, and no warning names them. */
function silentIn(
  { model, table }: TinyModel,
  records: readonly Map<string, Cell>[],
  warnings: readonly { row: number; column: string }[],
): string[] {
  const said = new Set(warnings.map(({ row, column }) => `${row}\n${column}`));
  const silent: string[] = [];
  for (const plan of model.plans) {
    const column = table.columns.find(({ name }) => name === plan.name)!;
    for (const [row, record] of records.entries()) {
      const text = String(record.get(plan.name) ?? "").trim();
      const isThere = text !== "" && !plan.missingWords.includes(text.toLowerCase());
      const value = valueAt(column, row);
      const isLost = value === null || Number.isNaN(value);
      if (isThere && isLost && !said.has(`${row}\n${plan.name}`))
        silent.push(`${plan.name} row ${row}: ${text}`);
    }
  }
  return silent;
}

/** As a program would send it: numbers and booleans if the text is one. */
function asJson({ model }: TinyModel, name: string, cell: Cell): Cell {
  const plan = model.plans.find((column) => column.name === name) as ColumnPlan;
  const text = String(cell ?? "").trim();
  if (plan.type === "boolean" && plan.booleanWords?.includes(text.toLowerCase()))
    return text.toLowerCase() === plan.booleanWords[1];
  const isPlain = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?$/.test(text);
  const number = plan.number;
  return plan.type === "number" && isPlain && number?.decimal === "." && !number.style ? Number(text) : cell;
}

function formOf(row: Map<string, Cell>): Map<string, Cell> {
  const form = new URLSearchParams();
  for (const [name, cell] of row) form.append(`f.${name}`, String(cell ?? ""));
  return new Map(Object.entries(predictFields(form).values));
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

async function askCsv(asked: AskedBack, path: string, expected: Expected): Promise<void> {
  const { model } = expected.tiny;
  const answers: Answered[] = [];
  const serving = {
    open: async () => model,
    predictTable: async (_: unknown, table: Table) => {
      const predicted = predict(model, table);
      const { values, probabilities } = predicted;
      const { classes } = model;
      for (const [row, value] of values.entries()) {
        const shares = classes.map(
          (name, k) => [name, probabilities?.[row * classes.length + k] ?? 0] as const,
        );
        answers.push(
          probabilities
            ? { prediction: classes[value]!, probabilities: Object.fromEntries(shares) }
            : { prediction: value },
        );
      }
      return { predicted, ids: null };
    },
  } as unknown as Serving;
  const version = { result: { schema: { features: model.plans } } } as unknown as StoredVersion;
  const body = async () => chunksOf(path);
  let lines = 0;
  const readAside = () => Promise.reject(new Error("a CSV is no other table"));
  const { chunks } = await predictFile(serving, version, { body, readAside, lease: () => () => {} });
  for await (const text of chunks) lines += text.length;
  // What is below the table is a row like any other in a file to predict.
  compare(asked, "csv", { ...expected, answers: answers.slice(0, asked.rows) });
  if (lines === 0) asked.lost += asked.rows;
}

async function askModule(
  asked: AskedBack,
  records: readonly Map<string, Cell>[],
  expected: Expected,
): Promise<void> {
  const { model } = expected.tiny;
  const schema = {
    features: model.plans.map(({ name, type }) => ({ name, type, example: null })),
    target: model.target,
  };
  const version = { name: "tiny", version: 1, result: { schema } } as unknown as StoredVersion;
  const source = modelModule(writeModel(model), version);
  const url = `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
  const { predict: ask } = (await import(url)) as { predict: (rows: unknown[]) => Answered[] };
  compare(asked, "mjs", { ...expected, answers: ask(records.map((row) => Object.fromEntries(row))) }, 1e-9);
}
