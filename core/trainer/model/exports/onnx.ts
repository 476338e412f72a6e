/**
 * Exports a model as ONNX: the whole model as one graph, with one input per column (onnx-columns.ts), every learner,
 * their weighted mean, and the calibration. Outputs: `label` and `probabilities`, or `prediction` for a number. Texts
 * are not supported.
 */

import type { DerivedFeature } from "../../encoding/derived.ts";
import { fineCategories } from "../../encoding/supervised.ts";
import type { LossName } from "../../learners/trees/losses.ts";
import type { Calibration } from "../calibration.ts";
import type { Member } from "../members.ts";
import type { Model } from "../model.ts";
import { type Column, designMatrix, gather, lookUp, onEveryRow, readColumn } from "./onnx-columns.ts";
import { affine, network, smooth } from "./onnx-curves.ts";
import {
  beside,
  calculate,
  freeName,
  type Graph,
  newGraph,
  numbers,
  row,
  step,
  whole,
} from "./onnx-graph.ts";
import * as part from "./onnx-parts.ts";
import { type Ensemble, sumTrees, type TreeInput, treeInput } from "./onnx-trees.ts";
import { bytesField, concat, intField, textField } from "./protobuf.ts";

const IR_VERSION = 8;
const OPSET = 17;
const ML_OPSET = 3;

/** What is written beside the model: rows with their expected predictions, and how cells become values, as JSON. */
export interface ExportNotes {
  selfTest: string;
  readings: string;
  note: string;
}

const NO_NOTES: ExportNotes = { selfTest: "", readings: "", note: "" };

/** The model file's bytes. */
export function onnxModel(model: Model, notes: ExportNotes = NO_NOTES): Uint8Array {
  const graph = newGraph(model.encoder.columns.map(({ column }) => column));
  answer(graph, model, mix(graph, model));
  const body = concat([
    ...graph.nodes.map((node) => bytesField(1, node)),
    textField(2, "signalbox"),
    ...graph.constants.map((tensor) => bytesField(5, tensor)),
    ...graph.inputs.map((input) => bytesField(11, input)),
    ...graph.outputs.map((output) => bytesField(12, output)),
  ]);
  return concat([
    ...[intField(1, IR_VERSION), textField(2, "signalbox"), bytesField(7, body)],
    ...[bytesField(8, part.opset("", OPSET)), bytesField(8, part.opset("ai.onnx.ml", ML_OPSET))],
    ...(notes.note ? [textField(6, notes.note)] : []),
    ...(notes.selfTest ? [bytesField(14, part.metadata("self_test", notes.selfTest))] : []),
    ...(notes.readings ? [bytesField(14, part.metadata("readings", notes.readings))] : []),
  ]);
}

/** What the learners read from. */
interface Inputs {
  columns: Column[];
  design: () => string;
  trees: TreeInput | null;
  /** The ensemble of each member that has one. */
  ensembles: Map<Member, Ensemble>;
}

/** The weighted mean of all learners' outputs, rows x width. */
function mix(graph: Graph, model: Model): string {
  const inputs = openInputs(graph, model);
  const shares = model.parts.flatMap(({ members, weight }) =>
    members.map((member) =>
      calculate(graph, "Mul", responseOf(graph, { model, member, inputs }), weight / members.length),
    ),
  );
  return shares.length === 1 ? shares[0] : step(graph, "Sum", { of: shares });
}

function openInputs(graph: Graph, model: Model): Inputs {
  const columns = model.encoder.columns.flatMap((encoding) => {
    if (encoding.kind === "text")
      throw new TypeError(`${encoding.column} is a text and cannot be read in ONNX.`);
    return readColumn(graph, encoding);
  });
  const ensembles = new Map<Member, Ensemble>();
  const ofTrees = new Map<number, Column[]>();
  for (const member of model.parts.flatMap(({ members }) => members)) {
    if (member.kind !== "boosting" && member.kind !== "forest") continue;
    const { supervised } = member;
    if (!ofTrees.has(supervised)) ofTrees.set(supervised, treeColumns(graph, { model, columns, supervised }));
    ensembles.set(member, { model: member.model, columns: ofTrees.get(supervised)! });
  }
  let design: string | null = null;
  return {
    columns,
    design: () => (design ??= designMatrix(graph, columns, model.design.features)),
    ensembles,
    trees: ensembles.size > 0 ? treeInput(graph, [...ensembles.values()]) : null,
  };
}

/** As treeSamples: fine categories by their target means, after the others; derived features last. */
function treeColumns(
  graph: Graph,
  { model, columns, supervised }: { model: Model; columns: Column[]; supervised: number },
): Column[] {
  const fine = new Set(fineCategories({ rows: 0, features: columns.map(asFeature) }));
  const base = columns.filter((_, index) => !fine.has(index));
  const { targets, derived = [] } = model.supervised[supervised] ?? { targets: [] };
  const means = targets.flatMap(({ feature, outputs, means, prior }) => {
    const category = columns[feature] as Column & { kind: "category" };
    return Array.from({ length: outputs }, (_, k): Column => {
      const cells = [prior[k], ...category.labels.map((_, code) => means[code * outputs + k])];
      const value = lookUp(graph, category, { width: 1, cells });
      return { kind: "number", name: category.name, value };
    });
  });
  return [...base, ...means, ...derived.flatMap((feature) => derivedColumns(graph, feature, columns))];
}

const ARITHMETIC = { plus: "Add", minus: "Sub", times: "Mul", "divided by": "Div" } as const;

/** As derivedFeatures. */
function derivedColumns(graph: Graph, feature: DerivedFeature, columns: Column[]): Column[] {
  const [left, right] = [columns[feature.left], columns[feature.right]];
  if (feature.kind === "arithmetic") {
    const value = calculate(graph, ARITHMETIC[feature.operator], left.value, right.value);
    // A finite number minus itself is zero; anything else is not a number then.
    const isNumber = calculate(graph, "LessOrEqual", calculate(graph, "Sub", value, value), 0);
    return [
      { kind: "number", name: left.name, value: calculate(graph, "Where", isNumber, value, Number.NaN) },
    ];
  }
  // The graph's codes are already one more than ours, as pairCode wants them.
  const labels = (right as Column & { kind: "category" }).labels.length;
  const first = step(graph, "Mul", { of: [left.value, whole(graph, [labels + 1])] });
  const pair = step(graph, "Add", { of: [first, right.value] });
  const { means, outputs } = feature.encoding;
  const rows = means.length / outputs;
  return Array.from({ length: outputs }, (_, k): Column => {
    const cells = Float64Array.from({ length: rows }, (_, code) => means[code * outputs + k]);
    return { kind: "number", name: left.name, value: gather(graph, pair, { rows, width: 1, cells }) };
  });
}

const asFeature = (column: Column) =>
  column.kind === "number"
    ? { kind: column.kind, name: column.name, values: new Float64Array(0) }
    : { kind: column.kind, name: column.name, labels: column.labels, codes: new Int32Array(0) };

/** Probabilities of each class, including for two, or the number. */
function responseOf(
  graph: Graph,
  { model, member, inputs }: { model: Model; member: Member; inputs: Inputs },
): string {
  if (member.kind === "constant") return onEveryRow(graph, member.response, model.encoder.columns[0].column);
  const answered = untransformed(graph, member, inputs, model);
  if (member.transform.kind === "none") return answered;
  const { smear, shift } = member.transform;
  return calculate(graph, "Add", calculate(graph, "Mul", calculate(graph, "Exp", answered), smear), shift);
}

function untransformed(
  graph: Graph,
  member: Exclude<Member, { kind: "constant" }>,
  inputs: Inputs,
  { task }: Model,
): string {
  const linked = ({ regression: "squared", binary: "logistic", multiclass: "softmax" } as const)[task];
  if (member.kind === "linear") {
    const { columns, outputs, weights, intercept } = member.model;
    return link(
      graph,
      linked,
      affine(graph, inputs.design(), { inputs: columns, outputs, weights, intercept }),
    );
  }
  if (member.kind === "smooth") return link(graph, linked, smooth(graph, member.model, inputs.design()));
  if (member.kind === "network") return link(graph, linked, network(graph, member.model, inputs.design()));
  const margins = sumTrees(graph, inputs.ensembles.get(member)!, inputs.trees!);
  if (member.kind === "boosting") return link(graph, member.model.loss, margins);
  return member.scaling ? calibrated(graph, member.scaling, margins) : margins;
}

function link(graph: Graph, loss: LossName, margins: string): string {
  if (loss === "squared") return margins;
  if (loss === "poisson" || loss === "gamma") return calculate(graph, "Exp", margins);
  if (loss === "softmax") return softmax(graph, margins);
  const second = calculate(graph, "Sigmoid", margins);
  return beside(graph, [calculate(graph, "Sub", 1, second), second]);
}

function softmax(graph: Graph, margins: string): string {
  return step(graph, "Softmax", { of: [margins], attributes: [part.intAttribute("axis", 1)] });
}

/** As applyCalibration. */
function calibrated(graph: Graph, calibration: Calibration, mixed: string): string {
  if (calibration.kind === "isotonic") {
    const rising = isotonic(graph, calibration, secondOf(graph, mixed));
    return beside(graph, [calculate(graph, "Sub", 1, rising), rising]);
  }
  const logits = calculate(graph, "Log", calculate(graph, "Max", mixed, 1e-9));
  const scaled = calculate(graph, "Mul", logits, calibration.slope);
  return softmax(graph, calculate(graph, "Add", scaled, row(graph, calibration.offset)));
}

/** The curve as a sum of slopes, each over the part of its interval below the score. */
function isotonic(graph: Graph, { from, to }: Calibration & { kind: "isotonic" }, score: string): string {
  const pieces = Array.from({ length: from.length - 1 }, (_, i) => i).filter((i) => from[i + 1] > from[i]);
  if (pieces.length === 0) return onEveryRow(graph, [to[0]], score);
  const starts = row(
    graph,
    pieces.map((i) => from[i]),
  );
  const widths = row(
    graph,
    pieces.map((i) => from[i + 1] - from[i]),
  );
  const slopes = pieces.map((i) => (to[i + 1] - to[i]) / (from[i + 1] - from[i]));
  const covered = calculate(
    graph,
    "Min",
    calculate(graph, "Max", calculate(graph, "Sub", score, starts), 0),
    widths,
  );
  return affine(graph, covered, { inputs: pieces.length, outputs: 1, weights: slopes, intercept: [to[0]] });
}

function secondOf(graph: Graph, probabilities: string): string {
  const column = numbers(graph, [2, 1], [0, 1]);
  return step(graph, "MatMul", { of: [probabilities, column] });
}

function answer(graph: Graph, model: Model, mixed: string): void {
  const output = (wanted: string, value: string, type: { of: number; columns: number }) => {
    const name = step(graph, "Identity", { of: [value], output: freeName(graph, wanted) });
    graph.outputs.push(part.tensorType(name, type.of, type.columns));
  };
  if (model.task === "regression") {
    output("prediction", mixed, { of: part.DOUBLE, columns: 1 });
    return;
  }
  const probabilities = model.calibration ? calibrated(graph, model.calibration, mixed) : mixed;
  output("label", labelOf(graph, model, probabilities), { of: part.TEXT, columns: 0 });
  output("probabilities", probabilities, { of: part.DOUBLE, columns: model.classes.length });
}

/** As decideClass. */
function labelOf(graph: Graph, { task, classes, threshold }: Model, probabilities: string): string {
  const likeliest = [part.intAttribute("axis", 1), part.intAttribute("keepdims", 0)];
  const place =
    task === "binary" && threshold !== null
      ? step(graph, "Reshape", {
          of: [
            step(graph, "Cast", {
              of: [calculate(graph, "GreaterOrEqual", secondOf(graph, probabilities), threshold)],
              attributes: [part.intAttribute("to", part.INT64)],
            }),
            whole(graph, [-1]),
          ],
        })
      : step(graph, "ArgMax", { of: [probabilities], attributes: likeliest });
  const attributes = [
    part.intsAttribute("keys_int64s", [...classes.keys()]),
    part.textsAttribute("values_strings", classes),
  ];
  return step(graph, "LabelEncoder", { of: [place], attributes });
}
