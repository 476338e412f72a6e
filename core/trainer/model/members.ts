/** Defines a trained learner and predicts with it: plain data for each family, and one function that predicts. */

import type { Steps } from "../cancellation.ts";
import { type DesignPlan, designSteps } from "../encoding/design.ts";
import type { EncodedTable } from "../encoding/encoder.ts";
import { applySupervised, type SupervisedEncoder, treeSamples } from "../encoding/supervised.ts";
import { type LinearModel, linearMargins } from "../learners/linear/linear.ts";
import type { NetworkModel } from "../learners/network/layers.ts";
import { networkMargins } from "../learners/network/predict.ts";
import { type NystroemModel, predictNystroem } from "../learners/nystroem/nystroem.ts";
import { treeMargins } from "../learners/trees/batch-predictor.ts";
import { type BoostingModel, linkMargins } from "../learners/trees/boosting.ts";
import type { ForestModel } from "../learners/trees/forest.ts";
import { type RowPredictor, rowPredictor } from "../learners/trees/predictor.ts";
import type { TreeModel } from "../learners/trees/trees.ts";
import type { Samples, SparseRows, Task } from "../samples.ts";
import { applyCalibration, type LogitScaling } from "./calibration.ts";
import { respond } from "./response.ts";

/** `supervised`: index of the supervised encoder that its features came from; -1 if there is none. */
export type Member =
  | { kind: "constant"; response: Float64Array }
  | { kind: "linear"; model: LinearModel; transform: TargetTransform }
  | { kind: "smooth"; model: NystroemModel; transform: TargetTransform }
  | { kind: "network"; model: NetworkModel; transform: TargetTransform }
  | { kind: "boosting"; model: BoostingModel; supervised: number; transform: TargetTransform }
  | {
      kind: "forest";
      model: ForestModel;
      supervised: number;
      transform: TargetTransform;
      /** Corrects the shares of its trees' votes; absent: they are the probabilities. */
      scaling?: LogitScaling;
    };

/**
 * Regression may be learned on log(y - shift); predictions are transformed back and multiplied by `smear` (Duan 1983).
 */
export type TargetTransform = { kind: "none" } | { kind: "log"; shift: number; smear: number };

/** What members read from: one encoding of one table, shared by all of them. */
export interface MemberInputs {
  task: Task;
  encoded: EncodedTable;
  design: DesignPlan;
  supervised: SupervisedEncoder[];
  /** Built once per table: tree samples by index of the supervised encoder. */
  samples: Map<number, Samples>;
}

/** Samples for trees, with the features of one supervised encoder; built when first needed. */
export function samplesFor(inputs: MemberInputs, supervised: number): Samples {
  let samples = inputs.samples.get(supervised);
  if (!samples) {
    const extra = supervised < 0 ? [] : applySupervised(inputs.supervised[supervised], inputs.encoded);
    samples = treeSamples(inputs.encoded, extra);
    inputs.samples.set(supervised, samples);
  }
  return samples;
}

/** Responses of the given rows, in order: rows x width; in steps, for many rows. */
export function* memberResponses(
  member: Member,
  inputs: MemberInputs,
  rows: Int32Array,
): Steps<Float64Array> {
  if (member.kind === "constant") {
    const { response } = member;
    return Float64Array.from(
      { length: rows.length * response.length },
      (_, i) => response[i % response.length],
    );
  }
  return undoTransform(member.transform, yield* predictRaw(member, inputs, rows));
}

function* predictRaw(
  member: Exclude<Member, { kind: "constant" }>,
  inputs: MemberInputs,
  rows: Int32Array,
): Steps<Float64Array> {
  if (readsDesign(member)) {
    const design = yield* designSteps(inputs.design, inputs.encoded, rows);
    return respond(inputs.task, yield* designMargins(member, design), member.model.outputs);
  }
  const samples = samplesFor(inputs, member.supervised);
  if (rows.length < FEW_ROWS) return predictFew(member, samples, rows);
  const margins = yield* treeMargins(member.model, samples, { rows });
  return linkTrees(member, margins);
}

/** Margins of trees to their response. */
export function linkTrees(member: TreeMember, margins: Float64Array): Float64Array {
  if (member.kind === "boosting") return linkMargins(member.model, margins);
  return member.scaling ? applyCalibration(member.scaling, margins) : margins;
}

export type TreeMember = Extract<Member, { kind: "boosting" | "forest" }>;

/** Members that read the linear design; the others are trees. */
export type DesignMember = Extract<Member, { kind: "linear" | "smooth" | "network" }>;

export const readsDesign = (member: Member): member is DesignMember =>
  member.kind === "linear" || member.kind === "smooth" || member.kind === "network";

/** Raw margins, rows x outputs. */
export function* designMargins(member: DesignMember, design: SparseRows): Steps<Float64Array> {
  if (member.kind === "linear") return yield* linearMargins(member.model, design);
  if (member.kind === "network") return yield* networkMargins(member.model, design);
  return predictNystroem(member.model, design);
}

/** Responses from the raw margins of a boosted member after any round. */
export function respondFrom(member: Member & { kind: "boosting" }, margins: Float64Array): Float64Array {
  return undoTransform(member.transform, linkMargins(member.model, margins));
}

/** From this many rows on, trees are walked by the kernels, in shared memory. */
export const FEW_ROWS = 48;
const predictors = new WeakMap<TreeModel, RowPredictor>();

/**
 * As above for a row or two, without looking features and labels up by name: a member's features are those of
 * treeSamples in order, and its labels those of the encoder, because it was trained on them.
 */
function predictFew(member: TreeMember, samples: Samples, rows: Int32Array): Float64Array {
  const { model } = member;
  let predict = predictors.get(model);
  if (!predict) {
    predict = rowPredictor(model);
    predictors.set(model, predict);
  }
  const { features } = samples;
  const values = new Float64Array(features.length);
  const margins = new Float64Array(rows.length * model.outputs);
  for (let i = 0; i < rows.length; i++) {
    for (let f = 0; f < features.length; f++) {
      const feature = features[f];
      values[f] = feature.kind === "number" ? feature.values[rows[i]] : feature.codes[rows[i]];
    }
    predict(values, margins.subarray(i * model.outputs, (i + 1) * model.outputs));
  }
  return linkTrees(member, margins);
}

/** What is learned instead of y. */
export function transformTarget(transform: TargetTransform, values: Float64Array): Float64Array {
  if (transform.kind === "none") return values;
  return values.map((y) => Math.log(Math.max(y - transform.shift, Number.MIN_VALUE)));
}

/** Transforms a prediction back to the target's scale. */
export function undoTransform(transform: TargetTransform, response: Float64Array): Float64Array {
  if (transform.kind === "none") return response;
  return response.map((value) => Math.exp(value) * transform.smear + transform.shift);
}

/** The cost of one prediction, in trees walked: about 40 ns each. */
export function costOf(member: Member): number {
  if (member.kind === "boosting" || member.kind === "forest") return member.model.trees.roots.length;
  if (member.kind === "network")
    return member.model.layers.reduce((sum, { weights }) => sum + weights.length / PRODUCTS_PER_TREE, 0);
  if (member.kind === "constant") return 1;
  if (member.kind === "linear") return member.model.outputs;
  const { landmarks, columns } = member.model;
  return (landmarks.length + EXPONENTIAL_PRODUCTS * (landmarks.length / columns)) / PRODUCTS_PER_TREE;
}

const PRODUCTS_PER_TREE = 28;
/** An exponential takes as long as this many products. */
const EXPONENTIAL_PRODUCTS = 25;
