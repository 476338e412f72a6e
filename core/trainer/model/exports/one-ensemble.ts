/**
 * Joins a whole model into one ensemble of trees, where that is possible. Means of numbers, and of the shares that
 * forests give, are sums of trees; a calibration or a logarithm around one booster is part of its margin. Other models
 * get a reason instead: averaged probabilities are not a sum of margins.
 */
import type { LossName } from "../../learners/trees/losses.ts";
import type { BinnedFeature, TreeModel, Trees } from "../../learners/trees/trees.ts";
import type { Member, TreeMember } from "../members.ts";
import type { Model } from "../model.ts";

/** `loss` says how margins become predictions; null: they are the predictions. */
export interface OneEnsemble {
  ensemble: TreeModel;
  loss: LossName | null;
}

interface Share {
  member: Member;
  weight: number;
}

/** The ensemble, or why there is none: "because …". */
export function oneEnsemble(model: Model): OneEnsemble | string {
  const shares = model.parts.flatMap(({ members, weight }) =>
    members.map((member): Share => ({ member, weight: weight / members.length })),
  );
  const trees = shares.filter((share): share is Share & { member: TreeMember } => hasTrees(share.member));
  const stranger = shares.find(({ member }) => !hasTrees(member) && member.kind !== "constant");
  if (stranger) return `it contains a ${stranger.member.kind} learner`;
  if (trees.length === 0) return "it predicts the same for every row";
  if (trees.some(({ member }) => model.supervised[member.supervised]?.derived?.length))
    return "it reads features that are derived from two columns";
  if (trees.some(({ member }) => member.supervised >= 0))
    return "it reads categories with many values by their target means, or texts";
  const [{ member: first }] = trees;
  if (shares.length === 1 && first.kind === "boosting") return around(model, first);
  const isSum = (member: Member) => member.kind !== "boosting" || member.model.loss === "squared";
  if (!shares.every(({ member }) => isSum(member)))
    return `it is made of ${shares.length} learners whose probabilities are averaged, which a single sum of trees cannot express`;
  if (trees.some(({ member }) => member.transform.kind !== "none"))
    return `it is made of ${shares.length} learners of the target's logarithm whose predictions are averaged`;
  if (trees.some(({ member }) => member.kind === "forest" && member.scaling))
    return "its forest's probabilities are calibrated";
  if (model.calibration) return "its averaged probabilities are calibrated";
  return { ensemble: joined(shares, trees), loss: model.task === "regression" ? "squared" : null };
}

function hasTrees(member: Member): member is TreeMember {
  return member.kind === "boosting" || member.kind === "forest";
}

/** One booster, with calibration and weights folded into its margins. */
function around(
  { calibration }: Model,
  { model, transform }: TreeMember & { kind: "boosting" },
): OneEnsemble | string {
  if (transform.kind === "log") {
    if (transform.shift !== 0 || model.loss !== "squared")
      return "its target is learned as a shifted logarithm";
    return { ensemble: scaled(model, 1, [Math.log(transform.smear)]), loss: "poisson" };
  }
  if (!calibration) return { ensemble: model, loss: model.loss };
  if (calibration.kind === "isotonic") return "its probabilities are calibrated by a curve";
  const { slope, offset } = calibration;
  const moved = model.loss === "logistic" ? [offset[1] - offset[0]] : offset;
  return { ensemble: scaled(model, slope, moved), loss: model.loss };
}

function scaled(model: TreeModel, slope: number, offset: number[]): TreeModel {
  const leafValues = model.trees.leafValues.map((value) => value * slope);
  const baseScore = model.baseScore.map((value, k) => value * slope + offset[k]);
  return { ...model, trees: { ...model.trees, leafValues }, baseScore };
}

function joined(shares: Share[], trees: (Share & { member: TreeMember })[]): TreeModel {
  const [{ member: first }] = trees;
  const baseScore = new Float64Array(first.model.outputs);
  for (const { member, weight } of shares) {
    if (!hasTrees(member) && member.kind !== "constant") continue;
    const base = member.kind === "constant" ? member.response : member.model.baseScore;
    for (const k of baseScore.keys()) baseScore[k] += weight * base[k];
  }
  return {
    kind: "forest",
    features: first.model.features.map(byCode),
    trees: concatenate(trees.map(({ member, weight }) => weighted(byCodes(member.model), weight))),
    outputs: first.model.outputs,
    baseScore,
    scale: 1,
  };
}

const weighted = ({ trees, scale }: TreeModel, weight: number): Trees => ({
  ...trees,
  leafValues: trees.leafValues.map((value) => value * scale * weight),
});

/** One bin per label, the same for all learners: each had grouped the rare ones in its own way. */
function byCode(feature: BinnedFeature): BinnedFeature {
  if (feature.kind === "number") return feature;
  return { ...feature, bins: Uint8Array.from(feature.labels, (_, code) => code + 1) };
}

function byCodes(model: TreeModel): TreeModel {
  const { trees, features } = model;
  const masks = new Uint32Array(trees.masks.length);
  trees.mask.forEach((mask, node) => {
    const feature = features[trees.feature[node]];
    if (mask < 0 || feature.kind !== "category") return;
    [0, ...feature.bins].forEach((bin, at) => {
      if ((trees.masks[mask * 8 + (bin >>> 5)] >>> (bin & 31)) & 1)
        masks[mask * 8 + (at >>> 5)] |= 1 << (at & 31);
    });
  });
  return { ...model, trees: { ...trees, masks } };
}

/** Concatenates ensembles; children, leaves and sets are renumbered. */
function concatenate(all: Trees[]): Trees {
  const joined = new Map<keyof Trees, number[]>();
  const put = (name: keyof Trees, values: Iterable<number>) => {
    const list = joined.get(name) ?? [];
    for (const value of values) list.push(value);
    joined.set(name, list);
  };
  let [nodes, leaves, masks] = [0, 0, 0];
  for (const trees of all) {
    const child = (at: number) => (at < 0 ? at - leaves : at + nodes);
    for (const name of ["roots", "left", "right"] as const) put(name, trees[name].map(child));
    put(
      "mask",
      trees.mask.map((mask) => (mask < 0 ? -1 : mask + masks)),
    );
    for (const name of COPIED) put(name, trees[name]);
    nodes += trees.feature.length;
    leaves += trees.leafCover.length;
    masks += trees.masks.length / 8;
  }
  const ints = (name: keyof Trees) => Int32Array.from(joined.get(name)!);
  const doubles = (name: keyof Trees) => Float64Array.from(joined.get(name)!);
  const bytes = (name: keyof Trees) => Uint8Array.from(joined.get(name)!);
  return {
    ...{ roots: ints("roots"), feature: ints("feature"), left: ints("left"), right: ints("right") },
    ...{ threshold: doubles("threshold"), bin: bytes("bin"), missingLeft: bytes("missingLeft") },
    ...{ mask: ints("mask"), masks: Uint32Array.from(joined.get("masks")!), gain: doubles("gain") },
    ...{ cover: doubles("cover"), leafCover: doubles("leafCover"), leafValues: doubles("leafValues") },
    leafOutputs: all[0].leafOutputs,
  };
}

const COPIED = [
  ...(["feature", "threshold", "bin", "missingLeft", "masks"] as const),
  ...(["gain", "cover", "leafCover", "leafValues"] as const),
];
