/**
 * Exports a model: as JSON, as a module or page that predicts without the server (with the very code that serves), as
 * an ONNX graph if it reads no texts, as LightGBM text if it is a single set of trees. If a format is impossible, the
 * error says why.
 */

import type { Column, Table } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { ModelSchema } from "../../trainer/contract.ts";
import { encodeRows } from "../../trainer/encoding/encoder.ts";
import { highestLevel } from "../../trainer/model/bounds.ts";
import { lightgbmText } from "../../trainer/model/exports/lightgbm.ts";
import { type OneEnsemble, oneEnsemble } from "../../trainer/model/exports/one-ensemble.ts";
import { onnxModel } from "../../trainer/model/exports/onnx.ts";
import { samplesFor } from "../../trainer/model/members.ts";
import { type Model, modelInputs, predict } from "../../trainer/model/model.ts";
import { readModel, writeModel } from "../../trainer/model/model-file.ts";
import type { Feature } from "../../trainer/samples.ts";
import { type Answer, answerRows } from "../predict-rows.ts";
import type { Rows } from "../standalone.ts";
import { openModel } from "../standalone.ts";
import { standaloneBundle } from "../standalone-bundle.ts" with { type: "macro" };

const EXPORT_FORMATS = ["json", "mjs", "html", "lightgbm", "onnx"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportedModel {
  body: string | Uint8Array<ArrayBuffer>;
  type: string;
  ending: string;
}

const CHECK_ROWS = 100;
/** Of the bounds that the page shows. */
const SHOWN_LEVEL = 0.9;

/** All formats except the page, which is HTML and made by views. Throws AppError `invalid` with the reason. */
export function exportModel(
  bytes: Uint8Array,
  version: StoredVersion,
  format: Exclude<ExportFormat, "html">,
): ExportedModel {
  const model = readModel(bytes);
  if (format === "json")
    return {
      body: modelJson(withoutRows(model), selfTest(bytes, version)),
      type: "application/json",
      ending: "json",
    };
  if (format === "mjs") return { body: modelModule(bytes, version), type: "text/javascript", ending: "mjs" };
  const rows = checkRows(version.result.schema);
  if (format === "onnx") {
    refuseTexts(model, "ONNX");
    const described = description(version);
    const body = new Uint8Array(onnxModel(model, { selfTest: graphSelfTest(model, rows), ...described }));
    return { body, type: "application/octet-stream", ending: "onnx" };
  }
  const { ensemble, loss } = oneSetOfTrees(model);
  return {
    body: lightgbmText(ensemble, loss, { selfTest: treesSelfTest(model, rows), ...description(version) }),
    type: "text/plain",
    ending: "txt",
  };
}

/** What the format cannot hold: it takes values, and how cells become values is documented beside them. */
function description({ result }: StoredVersion): { readings: string; note: string } {
  const note =
    "Inputs are values as training read them: numbers with a point, labels without surrounding spaces and in the model's own spelling, dates as milliseconds since 1970 in UTC. How cells were read is in readings. Intervals and sets (interval=) are not part of this format; mjs, html and json have them.";
  return { readings: JSON.stringify(result.readings ?? null), note };
}

interface SelfTest {
  rows: Rows;
  answers: Answer[];
}

/** Rows by column name, with what the server predicts for them. */
function selfTest(bytes: Uint8Array, version: StoredVersion): SelfTest {
  const rows = checkRows(version.result.schema);
  return { rows, answers: openModel(bytes).predict(rows) };
}

function asTable(model: Model, rows: Rows): Table {
  const maps = rows.map((row) => new Map(Object.entries(row)));
  return answerRows(model, maps, { explain: false }).table;
}

/** Rows as an ONNX runtime takes them, one input per column, and the expected output. */
function graphSelfTest(model: Model, rows: Rows): string {
  const table = asTable(model, rows);
  const read = new Set(model.encoder.columns.map(({ column }) => column));
  const inputs = table.columns
    .filter(({ name }) => read.has(name))
    .map((column) => [column.name, Array.from({ length: table.rows }, (_, row) => cellAt(column, row))]);
  const { values, probabilities } = predict(model, table);
  const width = model.classes.length;
  return JSON.stringify({
    inputs: Object.fromEntries(inputs) as object,
    ...(probabilities
      ? {
          label: Array.from(values, (value) => model.classes[value]),
          probabilities: rows.map((_, row) =>
            Array.from(probabilities.subarray(row * width, (row + 1) * width)),
          ),
        }
      : { prediction: Array.from(values) }),
  });
}

/** A missing value is null for a number and empty for a text. */
function cellAt(column: Column, row: number): string | number | null {
  if ("values" in column) return orNull(column.values[row]!);
  return column.codes[row]! < 0 ? "" : column.labels[column.codes[row]!]!;
}

/** The same rows as the trees alone take them: features in order, categories by code; null if missing. */
function treesSelfTest(model: Model, rows: Rows): string {
  const table = asTable(model, rows);
  const { features } = samplesFor(modelInputs(model, encodeRows(model.encoder, table)), -1);
  const { values, probabilities } = predict(model, table);
  const [answers, width] = probabilities ? [probabilities, model.classes.length] : [values, 1];
  return JSON.stringify({
    features: features.map(({ name }) => name.replace(/[^\w. -]/g, "_")),
    categories: features.map((feature) => (feature.kind === "category" ? feature.labels : null)),
    rows: rows.map((_, row) => features.map((feature) => orNull(valueAt(feature, row)))),
    predictions: rows.map((_, row) => Array.from(answers.subarray(row * width, (row + 1) * width))),
  });
}

function valueAt(feature: Feature, row: number): number {
  if (feature.kind === "number") return feature.values[row]!;
  return feature.codes[row]! < 0 ? Number.NaN : feature.codes[row]!;
}

/** Every number of the model; typed arrays of the file become plain arrays. */
/** Hashes of training rows are left out: only comparisons use them. */
function withoutRows({ learned: _, ...model }: Model): Model {
  return model;
}

function modelJson(model: Model, test: SelfTest): string {
  return JSON.stringify({ signalbox: "model", ...model, selfTest: test }, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>, orNull) : value,
  );
}

/** JSON has no NaN and no infinity. */
function orNull(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}

/**
 * One module without dependencies: `predict(rows)`, `explain(rows)`, `schema`, and a `selfTest()` with its own rows.
 */
export function modelModule(bytes: Uint8Array, version: StoredVersion): string {
  const base64 = Buffer.from(writeModel(withoutRows(readModel(bytes)))).toString("base64");
  return `// ${version.name} version ${version.version}, made by Signalbox. No dependency: Node, Deno, Bun and browsers.
${standaloneBundle().replace(/export\{(\w+) as openModel\};?\s*$/, "const openModel=$1;")}
const model = openModel(Uint8Array.from(atob("${base64}"), (c) => c.charCodeAt(0)));
/** predict([{column: value}], {interval: 0.9}?) -> [{prediction, probabilities?, interval? or set?}]; what is left out is missing. */
export const predict = model.predict;
/** As predict, with each column's contribution and the base from which they count. */
export const explain = model.explain;
/** How many held-out rows intervals and sets were learned from; null: this version has none. */
export const bounds = ${boundRowsOf(bytes)};
export const schema = ${jsonLiteral(version.result.schema)};
/** How rows are read: names, marks, orders and words, as training read them. */
export const readings = ${jsonLiteral(version.result.readings ?? null)};
const test = ${jsonLiteral(selfTest(bytes, version))};
const same = (a, b) =>
  typeof a === "number" && typeof b === "number"
    ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
    : a !== null && b !== null && typeof a === "object" && typeof b === "object"
      ? Object.keys(b).every((key) => same(a[key], b[key]))
      : a === b;
/** How many of the ${CHECK_ROWS} rows in this file are answered as where it was made, to a billionth: engines differ in the last digit. */
export const selfTest = () => ({
  rows: test.rows.length,
  right: predict(test.rows).filter((answer, i) => same(answer, test.answers[i])).length,
});
`;
}

function boundRowsOf(bytes: Uint8Array): string {
  const { bounds } = readModel(bytes);
  return bounds && highestLevel(bounds) >= SHOWN_LEVEL ? JSON.stringify({ rows: bounds.rows }) : "null";
}

/** Parsed, not written as a literal: in a literal a column called __proto__ would set the prototype. */
function jsonLiteral(value: unknown): string {
  return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
}

/** Rows that cover the schema's values and ranges; none is from the data. */
function checkRows(schema: ModelSchema): Rows {
  return Array.from({ length: CHECK_ROWS }, (_, i) =>
    Object.fromEntries(
      schema.features.map(({ name, values, min, max, example }, k) => {
        const step = (i * (2 * k + 3)) % CHECK_ROWS;
        if (step % 11 === 10) return [name, null];
        if (values?.length) return [name, values[step % values.length]!];
        if (min !== undefined && max !== undefined) return [name, min + ((max - min) * step) / CHECK_ROWS];
        return [name, example];
      }),
    ),
  );
}

/** Throws AppError `invalid` if the model is not a single set of trees. */
function oneSetOfTrees(model: Model): OneEnsemble {
  refuseTexts(model, "LightGBM's format");
  const date = model.encoder.columns.find(({ kind }) => kind === "date");
  const found = date
    ? `it reads parts of the date ${date.column}, which LightGBM cannot do`
    : oneEnsemble(model);
  if (typeof found !== "string") return found;
  throw new AppError("invalid", `This model cannot be written in LightGBM's format, because ${found}`, {
    fix: "Use format=onnx, or format=mjs, html or json, which work for every model.",
  });
}

/** Throws AppError `invalid`: words are hashed by our own code, which no other format has. */
export function refuseTexts(model: Model, format: string): void {
  const texts = model.encoder.columns.filter(({ kind }) => kind === "text").map(({ column }) => column);
  if (texts.length === 0) return;
  const named = texts.slice(0, 5).join(", ");
  throw new AppError(
    "invalid",
    `This model cannot be written in ${format}, because it reads words of ${named}`,
    {
      column: texts[0]!,
      fix: `Use format=mjs, html or json, which work for every model, or train with "exclude": ${JSON.stringify(texts)}.`,
    },
  );
}
