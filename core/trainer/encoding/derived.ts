/**
 * Combines two columns into one feature: sums, differences, products and ratios of numbers, and target means of pairs
 * of categories. A tree splits on one feature at a time, so that it needs many splits for what depends on two. Nothing
 * here chooses what is combined: see choose-derived.ts.
 */
import type { Feature, Samples } from "../samples.ts";
import { applyTargetEncoding, type TargetEncoding } from "./target-encoding.ts";

export const OPERATORS = ["plus", "minus", "times", "divided by"] as const;
export type Operator = (typeof OPERATORS)[number];

/** `left` and `right`: indices of the base features. */
export type DerivedFeature =
  | { kind: "arithmetic"; operator: Operator; left: number; right: number }
  /** The encoding's labels are pairs, see pairCode. */
  | { kind: "cross"; left: number; right: number; encoding: TargetEncoding };

/** NaN where one is missing, and where the result is too large or divided by zero. */
export function combine(operator: Operator, left: number, right: number): number {
  const value =
    operator === "plus"
      ? left + right
      : operator === "minus"
        ? left - right
        : operator === "times"
          ? left * right
          : left / right;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** One code per pair of codes; missing (-1) counts as a label of its own. `labels`: of the right one. */
export const pairCode = (left: number, right: number, labels: number): number =>
  (left + 1) * (labels + 1) + right + 1;

/** How many pair codes there are. */
export const pairCodes = (left: number, right: number): number => (left + 1) * (right + 1);

/** The features of every row, in order. */
export function derivedFeatures(derived: readonly DerivedFeature[], samples: Samples): Feature[] {
  return derived.flatMap((feature) => {
    if (feature.kind === "arithmetic") return arithmeticFeature(feature, samples);
    return crossFeatures(
      feature,
      samples,
      applyTargetEncoding(feature.encoding, pairCodesOf(feature, samples)),
    );
  });
}

export function arithmeticFeature(
  { operator, left, right }: Omit<DerivedFeature & { kind: "arithmetic" }, "kind">,
  samples: Samples,
): Feature {
  const [a, b] = [numberAt(samples, left), numberAt(samples, right)];
  const values = new Float64Array(a.values.length);
  for (let row = 0; row < values.length; row++) values[row] = combine(operator, a.values[row], b.values[row]);
  return { name: `${a.name} › ${operator} ${b.name}`, kind: "number", values };
}

/** One feature per column of target means. */
export function crossFeatures(
  { left, right }: { left: number; right: number },
  samples: Samples,
  columns: Float64Array[],
): Feature[] {
  const name = `${samples.features[left].name} › with ${samples.features[right].name}, target mean`;
  return columns.map((values, k) => ({
    name: columns.length > 1 ? `${name} ${k}` : name,
    kind: "number",
    values,
  }));
}

/** The pair code of every row. */
export function pairCodesOf({ left, right }: { left: number; right: number }, samples: Samples): Int32Array {
  const [a, b] = [categoryAt(samples, left), categoryAt(samples, right)];
  const labels = b.labels.length;
  const codes = new Int32Array(a.codes.length);
  for (let row = 0; row < codes.length; row++) codes[row] = pairCode(a.codes[row], b.codes[row], labels);
  return codes;
}

function numberAt({ features }: Samples, index: number): Feature & { kind: "number" } {
  const feature = features[index];
  if (feature.kind !== "number") throw new TypeError(`${feature.name} is not a number.`);
  return feature;
}

function categoryAt({ features }: Samples, index: number): Feature & { kind: "category" } {
  const feature = features[index];
  if (feature.kind !== "category") throw new TypeError(`${feature.name} is not a category.`);
  return feature;
}
