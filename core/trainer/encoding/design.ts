/**
 * Builds the matrix that a linear model sees, in sparse form: numbers imputed by the median and standardised, a flag if
 * a number was missing, one column per label, and the hashed n-grams of text. Fitted on training rows only.
 */
import { inBlocks, runThrough, type Steps } from "../cancellation.ts";
import type { Samples, SparseRows } from "../samples.ts";
import type { EncodedTable } from "./encoder.ts";

export type DesignFeature =
  /** With `flag`, two columns from `offset`: the standardised value, and 1 if it was missing. */
  | {
      kind: "number";
      feature: number;
      offset: number;
      median: number;
      mean: number;
      scale: number;
      flag: boolean;
    }
  /** One column per label that occurs often enough; columns[code] is -1 for the others. */
  | { kind: "category"; feature: number; columns: Int32Array; values: Float32Array }
  | { kind: "text"; text: number; offset: number };

export interface DesignPlan {
  features: DesignFeature[];
  columns: number;
}

/** Values beyond this many standard deviations are clipped: one odd cell must not bend a line. */
export const MOST_DEVIATIONS = 6;
const LEAST_LABEL_ROWS = 2;

/** `skip` marks features for trees only (a text's common words are already among its n-grams). */
export function planDesign(
  encoded: EncodedTable,
  rows: Int32Array,
  skip: (feature: number) => boolean,
): DesignPlan {
  const plan: DesignPlan = { features: [], columns: 0 };
  encoded.samples.features.forEach((feature, index) => {
    if (skip(index)) return;
    if (feature.kind === "number") planNumber(plan, index, { values: feature.values, rows });
    else planCategory(plan, index, { codes: feature.codes, labels: feature.labels.length, rows });
  });
  encoded.texts.forEach((text, index) => {
    plan.features.push({ kind: "text", text: index, offset: plan.columns });
    plan.columns += text.rows.columns;
  });
  return plan;
}

function planNumber(
  plan: DesignPlan,
  feature: number,
  given: { values: Float64Array; rows: Int32Array },
): void {
  const present = presentOf(given.values, given.rows);
  if (present.length === 0) return;
  const missing = given.rows.length - present.length;
  present.sort();
  const median = present[present.length >> 1];
  let mean = missing * median;
  for (const value of present) mean += value;
  mean /= given.rows.length;
  let variance = missing * (median - mean) ** 2;
  for (const value of present) variance += (value - mean) ** 2;
  const scale = Math.sqrt(variance / given.rows.length);
  if (!(scale > 0)) return;
  const flag = missing > 0;
  plan.features.push({ kind: "number", feature, offset: plan.columns, median, mean, scale, flag });
  plan.columns += flag ? 2 : 1;
}

/** A loop: with thousands of columns a callback per cell takes longer than sorting them. */
function presentOf(values: Float64Array, rows: Int32Array): Float64Array {
  const present = new Float64Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]];
    if (Number.isFinite(value)) present[count++] = value;
  }
  return present.subarray(0, count);
}

function planCategory(
  plan: DesignPlan,
  feature: number,
  given: { codes: Int32Array; labels: number; rows: Int32Array },
): void {
  const counts = new Int32Array(given.labels);
  for (const row of given.rows) if (given.codes[row] >= 0) counts[given.codes[row]]++;
  const columns = new Int32Array(given.labels).fill(-1);
  for (let code = 0; code < given.labels; code++) {
    if (counts[code] >= LEAST_LABEL_ROWS) columns[code] = plan.columns++;
  }
  plan.features.push({ kind: "category", feature, columns, values: new Float32Array(given.labels).fill(1) });
}

/** The design of the given rows, in their order. */
export function buildDesign(plan: DesignPlan, encoded: EncodedTable, rows: Int32Array): SparseRows {
  return runThrough(designSteps(plan, encoded, rows));
}

/** As above in steps, for many rows. */
export function* designSteps(plan: DesignPlan, encoded: EncodedTable, rows: Int32Array): Steps<SparseRows> {
  const count = rows.length;
  const starts = new Int32Array(count + 1);
  yield* inBlocks(count, count * plan.features.length, (from, to) => {
    for (let i = from; i < to; i++) starts[i + 1] = starts[i] + mostEntries(plan, encoded, rows[i]);
  });
  const indices = new Int32Array(starts[count]);
  const values = new Float32Array(starts[count]);
  let at = 0;
  yield* inBlocks(count, 4 * indices.length, (from, to) => {
    for (let i = from; i < to; i++) {
      starts[i] = at;
      for (const feature of plan.features)
        at = writeFeature(feature, encoded, { row: rows[i], at, indices, values });
    }
  });
  starts[count] = at;
  return { columns: plan.columns, starts, indices, values };
}

function mostEntries(plan: DesignPlan, encoded: EncodedTable, row: number): number {
  let entries = 0;
  for (const feature of plan.features) {
    if (feature.kind === "text") {
      const { starts } = encoded.texts[feature.text].rows;
      entries += starts[row + 1] - starts[row];
    } else entries += 1;
    if (feature.kind === "number" && feature.flag) entries++;
  }
  return entries;
}

interface Cursor {
  row: number;
  at: number;
  indices: Int32Array;
  values: Float32Array;
}

function writeFeature(feature: DesignFeature, encoded: EncodedTable, cursor: Cursor): number {
  if (feature.kind === "text") return writeText(feature, encoded, cursor);
  if (feature.kind === "category") return writeCategory(feature, encoded.samples, cursor);
  return writeNumber(feature, encoded.samples, cursor);
}

function writeNumber(feature: DesignFeature & { kind: "number" }, samples: Samples, cursor: Cursor): number {
  let { at } = cursor;
  const given = samples.features[feature.feature] as { values: Float64Array };
  const value = given.values[cursor.row];
  const missing = !Number.isFinite(value);
  const deviations = ((missing ? feature.median : value) - feature.mean) / feature.scale;
  cursor.indices[at] = feature.offset;
  cursor.values[at++] = Math.min(Math.max(deviations, -MOST_DEVIATIONS), MOST_DEVIATIONS);
  if (missing && feature.flag) {
    cursor.indices[at] = feature.offset + 1;
    cursor.values[at++] = 1;
  }
  return at;
}

function writeCategory(
  feature: DesignFeature & { kind: "category" },
  samples: Samples,
  cursor: Cursor,
): number {
  const given = samples.features[feature.feature] as { codes: Int32Array };
  const code = given.codes[cursor.row];
  if (code < 0 || feature.columns[code] < 0) return cursor.at;
  cursor.indices[cursor.at] = feature.columns[code];
  cursor.values[cursor.at] = feature.values[code];
  return cursor.at + 1;
}

function writeText(feature: DesignFeature & { kind: "text" }, encoded: EncodedTable, cursor: Cursor): number {
  const { starts, indices, values } = encoded.texts[feature.text].rows;
  let { at } = cursor;
  for (let i = starts[cursor.row]; i < starts[cursor.row + 1]; i++) {
    cursor.indices[at] = feature.offset + indices[i];
    cursor.values[at++] = values[i];
  }
  return at;
}
