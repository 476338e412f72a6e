/**
 * Predicts one row. Everything that does not depend on the row is prepared once: features in arrays of length one, a
 * predictor for each member. The sums are those of `predict`, in its order, to the bit; it must never look a column or
 * a label up by name more than once per row.
 */

import { runThrough } from "../cancellation.ts";
import type { ColumnEncoding } from "../encoding/columns.ts";
import { datePart } from "../encoding/dates.ts";
import { combine, type DerivedFeature, pairCode } from "../encoding/derived.ts";
import { designSteps } from "../encoding/design.ts";
import type { EncodedTable } from "../encoding/encoder.ts";
import { treeSamples } from "../encoding/supervised.ts";
import type { TargetEncoding } from "../encoding/target-encoding.ts";
import { rowPredictor } from "../learners/trees/predictor.ts";
import type { Feature, Samples, SparseRows } from "../samples.ts";
import {
  type DesignMember,
  designMargins,
  linkTrees,
  type Member,
  readsDesign,
  type TreeMember,
  undoTransform,
} from "./members.ts";
import { finish, type Model, modelInputs, type Prediction } from "./model.ts";
import { respond } from "./response.ts";

/** One row read by the model's plans: numbers (dates: epoch ms), labels as in the file; null if missing. */
export type RowValues = readonly (number | string | null)[];

/** The result is valid until the next row. */
export type RowModel = (values: RowValues) => Prediction;

/** Null if the model reads texts: their n-grams are counted a table at a time. */
export function openRowModel(model: Model): RowModel | null {
  if (model.encoder.columns.some(({ kind }) => kind === "text")) return null;
  const row = openRow(model);
  const members = model.parts.flatMap((part) =>
    part.members.map((member) => ({
      weight: part.weight / part.members.length,
      respond: openMember(model, member, row),
    })),
  );
  const mixed = new Float64Array(model.task === "regression" ? 1 : model.classes.length);
  return (values) => {
    for (let i = 0; i < row.writers.length; i++) row.writers[i](values);
    row.design = null;
    mixed.fill(0);
    for (const { weight, respond } of members) {
      const response = respond();
      for (let k = 0; k < mixed.length; k++) mixed[k] += weight * response[k];
    }
    return finish(model, mixed);
  };
}

/** The number or code of every feature, side by side, because adjacent values are fetched together. */
interface Cells {
  values: Float64Array;
  places: Map<Feature, number>;
}

interface Row {
  encoded: EncodedTable;
  cells: Cells;
  /** Each writes what it needs of a row into its features. */
  writers: ((values: RowValues) => void)[];
  /** Samples of the trees by supervised encoder, -1 without one. */
  samples: Map<number, Samples>;
  design: SparseRows | null;
}

function openRow(model: Model): Row {
  const encoded: EncodedTable = { samples: { rows: 1, features: [] }, origins: new Int32Array(), texts: [] };
  const cells: Cells = { values: new Float64Array(mostFeatures(model)), places: new Map() };
  const writers = model.encoder.columns.map((encoding) => {
    const { features, write } = openColumn(cells, encoding as Exclude<ColumnEncoding, { kind: "text" }>);
    encoded.samples.features.push(...features);
    const place = model.plans.findIndex(({ name }) => name === encoding.column);
    return (values: RowValues) => write(place < 0 ? null : values[place]);
  });
  const samples = new Map([[-1, treeSamples(encoded, [])]]);
  const row: Row = { encoded, cells, writers, samples, design: null };
  for (const [i, { targets, derived = [] }] of model.supervised.entries()) {
    const opened = [
      ...targets.map((encoding) => openTargetMeans(cells, encoding, encoded)),
      ...derived.map((feature) => openDerived(cells, feature, encoded)),
    ];
    row.samples.set(
      i,
      treeSamples(
        encoded,
        opened.flatMap(({ features }) => features),
      ),
    );
    row.writers.push(...opened.map(({ write }) => write));
  }
  return row;
}

function mostFeatures({ encoder, supervised }: Model): number {
  const encoded = encoder.columns.map((column) => (column.kind === "date" ? column.parts.length : 1));
  const means = supervised.flatMap(({ targets, derived = [] }) => [
    ...targets.map(({ outputs }) => outputs),
    ...derived.map((feature) => (feature.kind === "cross" ? feature.encoding.outputs : 1)),
  ]);
  return [...encoded, ...means].reduce((sum, features) => sum + features, 0);
}

function numberFeature({ values, places }: Cells, name: string): Feature & { kind: "number" } {
  const at = places.size;
  const feature = { name, kind: "number" as const, values: values.subarray(at, at + 1) };
  places.set(feature, at);
  return feature;
}

function openColumn(
  cells: Cells,
  encoding: Exclude<ColumnEncoding, { kind: "text" }>,
): {
  features: Feature[];
  write: (value: number | string | null) => void;
} {
  const name = encoding.column;
  if (encoding.kind === "category") {
    const codes = new Int32Array(1);
    const feature = { name, kind: "category" as const, labels: encoding.labels, codes };
    const at = cells.places.size;
    cells.places.set(feature, at);
    const known = new Map(encoding.labels.map((label, code) => [label, code]));
    const write = (value: number | string | null) => {
      codes[0] = typeof value === "string" ? (known.get(value) ?? -1) : -1;
      cells.values[at] = codes[0];
    };
    return { features: [feature], write };
  }
  const numberOf = (value: number | string | null) => (typeof value === "number" ? value : Number.NaN);
  if (encoding.kind === "number") {
    const feature = numberFeature(cells, name);
    return {
      features: [feature],
      write: (value) => {
        feature.values[0] = numberOf(value);
      },
    };
  }
  const parts = encoding.parts.map((part) => ({ part, feature: numberFeature(cells, `${name} › ${part}`) }));
  return {
    features: parts.map(({ feature }) => feature),
    write: (value) => {
      for (const { part, feature } of parts)
        feature.values[0] = datePart(part, numberOf(value), encoding.origin);
    },
  };
}

function openTargetMeans(cells: Cells, encoding: TargetEncoding, { samples }: EncodedTable) {
  const { outputs, means, prior } = encoding;
  const { name, codes } = samples.features[encoding.feature] as Feature & { kind: "category" };
  const features = Array.from({ length: outputs }, () => numberFeature(cells, name));
  const write = () => {
    for (let k = 0; k < outputs; k++)
      features[k].values[0] = codes[0] < 0 ? prior[k] : means[codes[0] * outputs + k];
  };
  return { features, write };
}

/** As derivedFeatures. */
function openDerived(cells: Cells, derived: DerivedFeature, { samples }: EncodedTable) {
  const [left, right] = [samples.features[derived.left], samples.features[derived.right]];
  if (derived.kind === "arithmetic") {
    const feature = numberFeature(cells, left.name);
    const [a, b] = [left as Feature & { kind: "number" }, right as Feature & { kind: "number" }];
    return {
      features: [feature],
      write: () => {
        feature.values[0] = combine(derived.operator, a.values[0], b.values[0]);
      },
    };
  }
  const { outputs, means } = derived.encoding;
  const [a, b] = [left as Feature & { kind: "category" }, right as Feature & { kind: "category" }];
  const features = Array.from({ length: outputs }, () => numberFeature(cells, left.name));
  const write = () => {
    const code = pairCode(a.codes[0], b.codes[0], b.labels.length);
    for (let k = 0; k < outputs; k++) features[k].values[0] = means[code * outputs + k];
  };
  return { features, write };
}

const ONLY_ROW = Int32Array.of(0);

function openMember(model: Model, member: Member, row: Row): () => Float64Array {
  if (member.kind === "constant") return () => member.response;
  const response = readsDesign(member)
    ? openLine(model, member, row)
    : openTrees(member, row.samples.get(member.supervised)!, row.cells);
  return () => undoTransform(member.transform, response());
}

function openTrees(member: TreeMember, { features }: Samples, { values: all, places }: Cells) {
  const predict = rowPredictor(member.model);
  const values = new Float64Array(features.length);
  const margins = new Float64Array(member.model.outputs);
  const sources = Int32Array.from(features, (feature) => places.get(feature)!);
  return () => {
    for (let f = 0; f < values.length; f++) values[f] = all[sources[f]];
    predict(values, margins);
    return linkTrees(member, margins);
  };
}

function openLine(model: Model, member: DesignMember, row: Row) {
  const { design } = modelInputs(model, row.encoded);
  return () => {
    row.design ??= runThrough(designSteps(design, row.encoded, ONLY_ROW));
    return respond(model.task, runThrough(designMargins(member, row.design)), member.model.outputs);
  };
}
