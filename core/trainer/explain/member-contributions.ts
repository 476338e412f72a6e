/**
 * Computes how much each column moved the raw margin of one learner. Contributions of features, summed by the column
 * that they came from; with the base they sum to the margin.
 */
import type { DesignFeature } from "../encoding/design.ts";
import { buildDesign } from "../encoding/design.ts";
import { treeOrigins } from "../encoding/supervised.ts";
import { networkContributions } from "../learners/network/predict.ts";
import { nystroemContributions } from "../learners/nystroem/nystroem.ts";
import { applyCalibration, type LogitScaling } from "../model/calibration.ts";
import { type Member, type MemberInputs, samplesFor, type TreeMember } from "../model/members.ts";
import { contributions as treeContributions } from "./shap.ts";

export interface MemberContributions {
  base: Float64Array;
  margins: Float64Array;
  /** columns x outputs */
  contributions: Float64Array;
  /**
   * Maps one output's margin to its response (probability or number), and to the margin by which classes are compared.
   */
  toResponse: (margin: number) => number;
  toMargin: (margin: number) => number;
}

const identity = (value: number) => value;
const sigmoid = (margin: number) => 1 / (1 + Math.exp(-margin));
const logarithm = (share: number) => Math.log(Math.max(share, 1e-4));

/** Outputs: one for numbers and two classes (the second), else one per class. */
export function memberContributions(
  member: Member,
  inputs: MemberInputs,
  at: { row: number; columns: number },
): MemberContributions {
  const outputs = inputs.task === "multiclass" ? outputsOf(member) : 1;
  const contributions = new Float64Array(at.columns * outputs);
  if (member.kind === "constant") {
    const base = inputs.task === "binary" ? member.response.slice(1) : member.response.slice();
    return { base, margins: base.slice(), contributions, toResponse: identity, toMargin: logarithm };
  }
  const base = addMember(member, inputs, { ...at, into: contributions });
  const margins = base.slice();
  for (let i = 0; i < contributions.length; i++) margins[i % outputs] += contributions[i];
  return { base, margins, contributions, ...linksOf(member, inputs) };
}

function addMember(
  member: Exclude<Member, { kind: "constant" }>,
  inputs: MemberInputs,
  place: Place,
): Float64Array {
  if (member.kind === "linear") return addLinear(member, inputs, place);
  if (member.kind === "smooth" || member.kind === "network") return addCurve(member, inputs, place);
  return addTrees(member, inputs, place);
}

function outputsOf(member: Member): number {
  return member.kind === "constant" ? member.response.length : member.model.outputs;
}

function linksOf(member: Exclude<Member, { kind: "constant" }>, { task }: MemberInputs) {
  const { transform } = member;
  if (member.kind === "forest" && task !== "regression") return forestLinks(member.scaling);
  if (task === "binary") return { toResponse: sigmoid, toMargin: identity };
  const positive =
    member.kind === "boosting" && (member.model.loss === "poisson" || member.model.loss === "gamma");
  const linked = positive ? Math.exp : identity;
  if (transform.kind === "none") return { toResponse: linked, toMargin: identity };
  const { smear, shift } = transform;
  return { toResponse: (margin: number) => Math.exp(linked(margin)) * smear + shift, toMargin: identity };
}

/** The share of votes for the second of two classes, or for one of several, as the forest's scaling corrects it. */
function forestLinks(scaling: LogitScaling | undefined) {
  if (!scaling) return { toResponse: identity, toMargin: logarithm };
  return {
    toResponse: (share: number) => applyCalibration(scaling, Float64Array.of(1 - share, share))[1],
    toMargin: (share: number) => scaling.slope * logarithm(share),
  };
}

interface Place {
  row: number;
  into: Float64Array;
}

/** Weights times values; the base is the intercept. */
function addLinear(member: Member & { kind: "linear" }, inputs: MemberInputs, place: Place): Float64Array {
  const { model } = member;
  const design = buildDesign(inputs.design, inputs.encoded, Int32Array.of(place.row));
  const originOf = designOrigins(inputs);
  for (let i = 0; i < design.indices.length && i < design.starts[1]; i++) {
    const origin = originOf(design.indices[i]);
    for (let k = 0; k < model.outputs; k++) {
      place.into[origin * model.outputs + k] +=
        design.values[i] * model.weights[design.indices[i] * model.outputs + k];
    }
  }
  return model.intercept.slice();
}

/** Integrated gradients; the base is the average row's prediction. */
function addCurve(
  member: Member & { kind: "smooth" | "network" },
  inputs: MemberInputs,
  place: Place,
): Float64Array {
  const { outputs } = member.model;
  const design = buildDesign(inputs.design, inputs.encoded, Int32Array.of(place.row));
  const { base, moved } =
    member.kind === "smooth"
      ? nystroemContributions(member.model, design)
      : networkContributions(member.model, design);
  const originOf = designOrigins(inputs);
  for (let column = 0; column < design.columns; column++) {
    const origin = originOf(column);
    for (let k = 0; k < outputs; k++) place.into[origin * outputs + k] += moved[column * outputs + k];
  }
  return base;
}

/** The file's column behind a column of the design. */
function designOrigins({ design, encoded }: MemberInputs): (column: number) => number {
  const firstOf = (feature: DesignFeature) =>
    feature.kind === "category" ? (feature.columns.find((column) => column >= 0) ?? -1) : feature.offset;
  const starts = design.features
    .map((feature) => ({
      from: firstOf(feature),
      origin: feature.kind === "text" ? encoded.texts[feature.text].origin : encoded.origins[feature.feature],
    }))
    .filter(({ from }) => from >= 0);
  return (column) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle].from <= column) low = middle;
      else high = middle - 1;
    }
    return starts[low].origin;
  };
}

function addTrees(member: TreeMember, inputs: MemberInputs, place: Place): Float64Array {
  const { model } = member;
  const samples = samplesFor(inputs, member.supervised);
  const phi = treeContributions(model, samples, Int32Array.of(place.row));
  const supervised = member.supervised < 0 ? null : inputs.supervised[member.supervised];
  const origins = treeOrigins(inputs.encoded, supervised);
  const second = inputs.task === "binary" && model.outputs === 2;
  const kept = second ? 1 : model.outputs;
  const read = (feature: number, k: number) => phi[feature * model.outputs + (second ? 1 : k)];
  for (let feature = 0; feature < model.features.length; feature++) {
    // What two columns do together is shared equally, as Shapley values share it.
    const share = 1 / origins[feature].length;
    for (const origin of origins[feature])
      for (let k = 0; k < kept; k++) place.into[origin * kept + k] += share * read(feature, k);
  }
  return Float64Array.from({ length: kept }, (_, k) => read(model.features.length, k));
}
