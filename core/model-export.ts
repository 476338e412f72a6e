/**
 * How is a model taken along? As JSON, as a module or a page that answer without us (the very code that serves), as
 * LightGBM's text or ONNX where it is one set of trees. Where it cannot be written so, it says why.
 */
import { type Answer, answerRows } from "./answering.ts";
import { AppError } from "./errors.ts";
import type { ModelSchema } from "./stages/stage.ts";
import type { Rows } from "./standalone.ts";
import { openModel } from "./standalone.ts";
import { standaloneBundle } from "./standalone-bundle.ts" with { type: "macro" };
import type { StoredVersion } from "./store/models.ts";
import type { BoostingModel } from "./trainer/boosting.ts";
import { encodeRows } from "./trainer/encoding/encoder.ts";
import { lightgbmText } from "./trainer/exports/lightgbm.ts";
import { onnxModel } from "./trainer/exports/onnx.ts";
import { predictMember, samplesFor } from "./trainer/members.ts";
import { type Model, modelInputs, rowRange } from "./trainer/model.ts";
import { readModel } from "./trainer/model-file.ts";
import type { Feature } from "./trainer/samples.ts";

export const EXPORT_FORMATS = ["json", "mjs", "html", "lightgbm", "onnx"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportedModel {
  body: string | Uint8Array<ArrayBuffer>;
  type: string;
  ending: string;
}

const CHECK_ROWS = 100;

/** All but the page, which is HTML and made by views. Throws AppError `invalid` with the reason. */
export function exportModel(
  bytes: Uint8Array,
  version: StoredVersion,
  format: Exclude<ExportFormat, "html">,
): ExportedModel {
  const model = readModel(bytes);
  if (format === "json")
    return { body: modelJson(model, selfTest(bytes, version)), type: "application/json", ending: "json" };
  if (format === "mjs") return { body: modelModule(bytes, version), type: "text/javascript", ending: "mjs" };
  const trees = soleTrees(model);
  const test = treesSelfTest(model, checkRows(version.result.schema));
  if (format === "lightgbm")
    return { body: lightgbmText(trees, trees.loss, test), type: "text/plain", ending: "txt" };
  const body = new Uint8Array(onnxModel(trees, trees.loss, test));
  return { body, type: "application/octet-stream", ending: "onnx" };
}

interface SelfTest {
  rows: Rows;
  answers: Answer[];
}

/** Rows by column name with what is answered here. */
function selfTest(bytes: Uint8Array, version: StoredVersion): SelfTest {
  const rows = checkRows(version.result.schema);
  return { rows, answers: openModel(bytes).predict(rows) };
}

/** The same as the trees alone take it: features in their order, categories by code; null: missing. */
function treesSelfTest(model: Model, rows: Rows): string {
  const { table } = answerRows(
    model,
    rows.map((row) => new Map(Object.entries(row))),
    { explain: false },
  );
  const inputs = modelInputs(model, encodeRows(model.encoder, table));
  const { features } = samplesFor(inputs, -1);
  const all = rowRange(0, rows.length);
  const response = predictMember(model.parts[0]!.members[0]!, inputs, all);
  const width = response.length / rows.length;
  return JSON.stringify({
    features: features.map(({ name }) => name.replace(/[^\w. -]/g, "_")),
    rows: rows.map((_, row) => features.map((feature) => orNull(valueAt(feature, row)))),
    predictions: rows.map((_, row) => Array.from(response.subarray(row * width, (row + 1) * width))),
  });
}

function valueAt(feature: Feature, row: number): number {
  if (feature.kind === "number") return feature.values[row]!;
  return feature.codes[row]! < 0 ? Number.NaN : feature.codes[row]!;
}

/** Every number of the model; arrays that are typed in the file are plain here. */
function modelJson(model: Model, test: SelfTest): string {
  return JSON.stringify({ signalbox: "model", ...model, selfTest: test }, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>, orNull) : value,
  );
}

/** JSON has no NaN and no infinity. */
function orNull(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}

/** One module without dependencies: `predict(rows)`, `explain(rows)`, `schema`, and `selfTest()` on rows of its own. */
export function modelModule(bytes: Uint8Array, version: StoredVersion): string {
  const base64 = Buffer.from(bytes).toString("base64");
  return `// ${version.name} version ${version.version}, made by Signalbox. No dependency: Node, Deno, Bun and browsers.
${standaloneBundle().replace(/export\{(\w+) as openModel\};?\s*$/, "const openModel=$1;")}
const model = openModel(Uint8Array.from(atob("${base64}"), (c) => c.charCodeAt(0)));
/** predict([{column: value}]) -> [{prediction, probabilities?}]; what is left out is missing. */
export const predict = model.predict;
/** As predict, with each column's contribution and the base from which they count. */
export const explain = model.explain;
export const schema = ${JSON.stringify(version.result.schema)};
const test = ${JSON.stringify(selfTest(bytes, version))};
/** How many of the ${CHECK_ROWS} rows in this file are answered to the last digit as where it was made. */
export const selfTest = () => ({
  rows: test.rows.length,
  right: predict(test.rows).filter((answer, i) => JSON.stringify(answer) === JSON.stringify(test.answers[i])).length,
});
`;
}

/** Rows that walk through the schema's values and ranges; none is from the data. */
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

/** The one boosting model that the whole model is. Throws AppError `invalid` where it is more than that. */
function soleTrees(model: Model): BoostingModel {
  const members = model.parts.flatMap((part) => part.members);
  const [member] = members;
  const reason =
    members.length !== 1 || !member
      ? `it is made of ${members.length} models whose answers are averaged`
      : member.kind !== "boosting"
        ? `it is a ${member.kind} model`
        : member.transform.kind !== "none"
          ? "its target is learned as a logarithm"
          : model.calibration
            ? "its probabilities are calibrated"
            : model.encoder.columns.find(({ kind }) => kind === "text" || kind === "date")
              ? "it reads texts or dates, which need our encoders"
              : member.supervised >= 0
                ? "it reads categories by their target means"
                : null;
  if (reason === null && member?.kind === "boosting") return member.model;
  throw new AppError("invalid", `This model cannot be written in that format, because ${reason}`, {
    fix: "Take format=mjs, html or json: they carry every model.",
  });
}
