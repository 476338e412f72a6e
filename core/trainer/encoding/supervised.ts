/**
 * Fits the features that use the target: target means of fine categories, and what a linear model reads out of a text.
 * Trees get them in addition to the base features. They are fitted inside one fold, and each training row gets the
 * value of a fit that did not see it; nothing else in encoding may use the target.
 */

import { runPaced } from "../cancellation.ts";
import { fitLinear, type LinearModel, linearMargins, predictLinear } from "../learners/linear/linear.ts";
import {
  type Checkpoint,
  type Feature,
  type Random,
  type Samples,
  type Target,
  takeRows,
} from "../samples.ts";
import { NATIVE_LABELS } from "./columns.ts";
import { type DerivedFeature, derivedFeatures } from "./derived.ts";
import type { EncodedTable } from "./encoder.ts";
import { applyTargetEncoding, crossTargetEncoding, type TargetEncoding } from "./target-encoding.ts";

export interface SupervisedEncoder {
  targets: TargetEncoding[];
  texts: { text: number; model: LinearModel }[];
  /** Features of two columns, after the others; absent: none, and in older files. */
  derived?: DerivedFeature[];
}

export interface SupervisedOptions {
  rows: Int32Array;
  random: Random;
  checkpoint: Checkpoint;
}

const TEXT_L2 = 1;
const TEXT_PARTS = 3;

/** Indices of the category features that are too fine for native splits. */
export function fineCategories(samples: Samples): number[] {
  return samples.features.flatMap((feature, index) =>
    feature.kind === "category" && feature.labels.length > NATIVE_LABELS ? [index] : [],
  );
}

export function needsSupervision(encoded: EncodedTable): boolean {
  return encoded.texts.length > 0 || fineCategories(encoded.samples).length > 0;
}

/** Fits on `rows`; the features cover every row of the table, those in `rows` cross-fitted by parts. */
export async function fitSupervised(
  encoded: EncodedTable,
  target: Target,
  options: SupervisedOptions,
): Promise<{ encoder: SupervisedEncoder; features: Feature[] }> {
  const encoder: SupervisedEncoder = { targets: [], texts: [] };
  const features: Feature[] = [];
  for (const index of fineCategories(encoded.samples)) {
    await options.checkpoint();
    const category = categoryAt(encoded.samples, index);
    const crossed = await crossTargetEncoding(category, target, options);
    encoder.targets.push(crossed.encoding);
    features.push(...named(category.name, "target mean", crossed.columns));
  }
  for (let text = 0; text < encoded.texts.length; text++) {
    const stacked = await stackText(encoded, target, { ...options, text });
    encoder.texts.push({ text, model: stacked.model });
    features.push(...named(textName(encoded, text), "reads as", stacked.columns));
  }
  return { encoder, features };
}

/** The same features for rows that were not fitted on. */
export function applySupervised(encoder: SupervisedEncoder, encoded: EncodedTable): Feature[] {
  const features: Feature[] = [];
  for (const encoding of encoder.targets) {
    const category = categoryAt(encoded.samples, encoding.feature);
    features.push(...named(category.name, "target mean", applyTargetEncoding(encoding, category.codes)));
  }
  for (const { text, model } of encoder.texts) {
    const margins = predictLinear(model, encoded.texts[text].rows);
    features.push(...named(textName(encoded, text), "reads as", columnsOf(margins, model.outputs)));
  }
  features.push(...derivedFeatures(encoder.derived ?? [], encoded.samples));
  return features;
}

/** What trees train on: the base without the fine categories, and the supervised features. */
export function treeSamples(encoded: EncodedTable, supervised: Feature[]): Samples {
  const fine = new Set(fineCategories(encoded.samples));
  const base = encoded.samples.features.filter((_, index) => !fine.has(index));
  return { rows: encoded.samples.rows, features: [...base, ...supervised] };
}

/** The base features behind each feature of treeSamples; none for what is read out of a text. */
export function treeSources(encoded: EncodedTable, supervised: SupervisedEncoder | null): number[][] {
  const fine = new Set(fineCategories(encoded.samples));
  const sources = [...encoded.samples.features.keys()]
    .filter((index) => !fine.has(index))
    .map((index) => [index]);
  for (const { feature, outputs } of supervised?.targets ?? [])
    for (let k = 0; k < outputs; k++) sources.push([feature]);
  for (const { model } of supervised?.texts ?? []) for (let k = 0; k < model.outputs; k++) sources.push([]);
  for (const derived of supervised?.derived ?? []) {
    const outputs = derived.kind === "cross" ? derived.encoding.outputs : 1;
    for (let k = 0; k < outputs; k++) sources.push([derived.left, derived.right]);
  }
  return sources;
}

/** Indices into encoder.columns of each feature of treeSamples: two for a derived one. */
export function treeOrigins(encoded: EncodedTable, supervised: SupervisedEncoder | null): number[][] {
  const texts = (supervised?.texts ?? []).flatMap(({ text, model }) =>
    new Array<number>(model.outputs).fill(encoded.texts[text].origin),
  );
  return treeSources(encoded, supervised).map((sources) =>
    sources.length > 0 ? sources.map((source) => encoded.origins[source]) : [texts.shift()!],
  );
}

function categoryAt(samples: Samples, index: number) {
  const feature = samples.features[index];
  if (feature.kind !== "category") throw new TypeError(`${feature.name} is not a category.`);
  return { name: feature.name, feature: index, codes: feature.codes, labels: feature.labels.length };
}

function textName(encoded: EncodedTable, text: number): string {
  const feature = encoded.origins.indexOf(encoded.texts[text].origin);
  return encoded.samples.features[feature].name.replace(/ › [^›]*$/, "");
}

function named(column: string, what: string, columns: Float64Array[]): Feature[] {
  return columns.map((values, k) => ({
    name: columns.length > 1 ? `${column} › ${what} ${k}` : `${column} › ${what}`,
    kind: "number",
    values,
  }));
}

async function stackText(
  encoded: EncodedTable,
  target: Target,
  options: SupervisedOptions & { text: number },
): Promise<{ model: LinearModel; columns: Float64Array[] }> {
  const design = encoded.texts[options.text].rows;
  const { rows, random, checkpoint } = options;
  const fit = (on: Int32Array) =>
    fitLinear(
      takeRows(design, on),
      Float64Array.from(on, (row) => target.values[row]),
      {
        task: target.task,
        classes: target.classes.length,
        l2: TEXT_L2,
        ...(target.weights && { weights: Float64Array.from(on, (row) => target.weights![row]) }),
        checkpoint,
      },
    );
  const model = await fit(rows);
  const columns = columnsOf(await runPaced(linearMargins(model, design), checkpoint), model.outputs);
  const parts = Int8Array.from(rows, () => Math.floor(random() * TEXT_PARTS));
  for (let part = 0; part < TEXT_PARTS; part++) {
    const held = rows.filter((_, i) => parts[i] === part);
    const others = rows.filter((_, i) => parts[i] !== part);
    if (held.length === 0 || others.length === 0) continue;
    const parted = linearMargins(await fit(others), takeRows(design, held));
    const margins = await runPaced(parted, checkpoint);
    held.forEach((row, i) => {
      for (let k = 0; k < model.outputs; k++) columns[k][row] = margins[i * model.outputs + k];
    });
  }
  return { model, columns };
}

function columnsOf(margins: Float64Array, outputs: number): Float64Array[] {
  const rows = margins.length / outputs;
  return Array.from({ length: outputs }, (_, k) =>
    Float64Array.from({ length: rows }, (_, row) => margins[row * outputs + k]),
  );
}
