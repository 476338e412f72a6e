/**
 * Chooses which pairs of columns become derived features: of the strongest numbers every sum, difference, product and
 * ratio, of the strongest categories every pair. What a small boosted model gains most from is kept. It looks only at
 * the rows of one fold, and at a bounded number of them.
 */
import { trainBoosting } from "../learners/trees/boosting.ts";
import { spreadRows } from "../random.ts";
import {
  type Checkpoint,
  type Feature,
  type Random,
  type Samples,
  type Target,
  targetRows,
} from "../samples.ts";
import {
  arithmeticFeature,
  crossFeatures,
  type DerivedFeature,
  derivedFeatures,
  OPERATORS,
  pairCodes,
  pairCodesOf,
} from "./derived.ts";
import type { EncodedTable } from "./encoder.ts";
import { crossTargetEncoding, encodedOutputs } from "./target-encoding.ts";

export interface DeriveOptions {
  rows: Int32Array;
  random: Random;
  checkpoint: Checkpoint;
  /** What trees learn from without derived features, and the base feature behind each; -1: none. */
  base: { samples: Samples; sources: Int32Array };
}

const STRONGEST_NUMBERS = 6;
const STRONGEST_CATEGORIES = 5;
const MOST_KEPT = 10;
const MOST_ROWS = 6000;
const MOST_CELLS = 1_000_000;
/** Target means of a pair: a table of this many numbers at most. */
const MOST_MEANS = 16_384;
/** Trees of the small model, over all classes. */
const TREES = { most: 80, leastRounds: 6, mostRounds: 30 };

/** Base features that can be combined: numbers of the file and elapsed times, and categories. */
function combinable({ samples, texts, origins }: EncodedTable): {
  numbers: number[];
  categories: number[];
} {
  const words = new Set(texts.map(({ origin }) => origin));
  const all = [...samples.features.keys()].filter((index) => !words.has(origins[index]));
  return {
    numbers: all.filter((index) => {
      const { kind, name } = samples.features[index];
      return kind === "number" && (!name.includes(" › ") || name.endsWith(" › elapsed"));
    }),
    categories: all.filter((index) => samples.features[index].kind === "category"),
  };
}

/** Whether there is a pair to combine. */
export function canDerive(encoded: EncodedTable): boolean {
  const { numbers, categories } = combinable(encoded);
  return encoded.texts.length === 0 && (numbers.length > 1 || categories.length > 1);
}

/** The chosen ones, and their features for every row of the table; those in `rows` cross-fitted. */
export async function fitDerived(
  encoded: EncodedTable,
  target: Target,
  options: DeriveOptions,
): Promise<{ derived: DerivedFeature[]; features: Feature[] }> {
  const chosen = await choosePairs(encoded, target, options);
  const derived: DerivedFeature[] = [];
  const features: Feature[] = [];
  for (const pair of chosen) {
    await options.checkpoint();
    if (pair.kind === "arithmetic") {
      derived.push(pair);
      features.push(arithmeticFeature(pair, encoded.samples));
      continue;
    }
    const crossed = await crossTargetEncoding(pairCategory(pair, encoded.samples), target, options);
    derived.push({ ...pair, encoding: crossed.encoding });
    features.push(...crossFeatures(pair, encoded.samples, crossed.columns));
  }
  return { derived, features };
}

/** A pair that is not fitted yet. */
type Pair = Extract<DerivedFeature, { kind: "arithmetic" }> | { kind: "cross"; left: number; right: number };

async function choosePairs(encoded: EncodedTable, target: Target, options: DeriveOptions): Promise<Pair[]> {
  const { rows, base } = options;
  const cells = MOST_CELLS / Math.max(1, base.samples.features.length);
  const some = spreadRows(rows.length, Math.min(MOST_ROWS, cells)).map((at) => rows[at]);
  const [known, learned] = [rowsOf(base.samples, some), targetRows(target, some)];
  const gains = await gainsOf(known, learned, options);
  const bySource = new Float64Array(encoded.samples.features.length);
  base.sources.forEach((source, feature) => {
    if (source >= 0) bySource[source] += gains[feature];
  });
  const pairs = possiblePairs(encoded, target, bySource);
  const tried = await featuresOf(pairs, rowsOf(encoded.samples, some), { ...options, target: learned });
  const all = {
    rows: some.length,
    features: [...known.features, ...tried.flatMap(({ features }) => features)],
  };
  const gained = await gainsOf(all, learned, options);
  let at = known.features.length;
  const scored = tried.map(({ pair, features }) => {
    const gain = gained.subarray(at, at + features.length).reduce((sum, one) => sum + one, 0);
    at += features.length;
    return { pair, gain, columns: features.length };
  });
  return keptOf(scored);
}

function keptOf(scored: { pair: Pair; gain: number; columns: number }[]): Pair[] {
  let columns = 0;
  return scored
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain)
    .filter((one) => {
      columns += one.columns;
      return columns <= MOST_KEPT;
    })
    .map(({ pair }) => pair);
}

function possiblePairs(encoded: EncodedTable, target: Target, gains: Float64Array): Pair[] {
  const { numbers, categories } = combinable(encoded);
  const strongest = (some: number[], count: number) =>
    some
      .toSorted((a, b) => gains[b] - gains[a] || a - b)
      .slice(0, count)
      .sort((a, b) => a - b);
  const labels = (index: number) => (encoded.samples.features[index] as { labels: string[] }).labels.length;
  const isSmall = ([left, right]: [number, number]) =>
    pairCodes(labels(left), labels(right)) * encodedOutputs(target) <= MOST_MEANS;
  return [
    ...pairsOf(strongest(numbers, STRONGEST_NUMBERS)).flatMap(([left, right]) =>
      OPERATORS.map((operator): Pair => ({ kind: "arithmetic", operator, left, right })),
    ),
    ...pairsOf(strongest(categories, STRONGEST_CATEGORIES))
      .filter(isSmall)
      .map(([left, right]): Pair => ({ kind: "cross", left, right })),
  ];
}

const pairsOf = (some: readonly number[]): [number, number][] =>
  some.flatMap((left, i) => some.slice(i + 1).map((right): [number, number] => [left, right]));

async function featuresOf(
  pairs: readonly Pair[],
  samples: Samples,
  { target, random, checkpoint }: { target: Target; random: Random; checkpoint: Checkpoint },
): Promise<{ pair: Pair; features: Feature[] }[]> {
  const rows = Int32Array.from({ length: samples.rows }, (_, row) => row);
  const made: { pair: Pair; features: Feature[] }[] = [];
  for (const pair of pairs) {
    await checkpoint();
    if (pair.kind === "arithmetic") {
      made.push({ pair, features: derivedFeatures([pair], samples) });
      continue;
    }
    const { columns } = await crossTargetEncoding(pairCategory(pair, samples), target, {
      rows,
      random,
      checkpoint,
    });
    made.push({ pair, features: crossFeatures(pair, samples, columns) });
  }
  return made;
}

/** The pair as one category, for target encoding. */
function pairCategory({ left, right }: { left: number; right: number }, samples: Samples) {
  const labels = [left, right].map(
    (index) => (samples.features[index] as { labels: string[] }).labels.length,
  );
  return {
    feature: left,
    codes: pairCodesOf({ left, right }, samples),
    labels: pairCodes(labels[0], labels[1]),
  };
}

/** What each feature gained in a small boosted model. */
async function gainsOf(
  samples: Samples,
  target: Target,
  { random, checkpoint }: { random: Random; checkpoint: Checkpoint },
): Promise<Float64Array> {
  const outputs = target.task === "multiclass" ? target.classes.length : 1;
  const maxRounds = Math.max(TREES.leastRounds, Math.min(TREES.mostRounds, Math.round(TREES.most / outputs)));
  const { trees } = await trainBoosting(samples, target, {
    params: { learningRate: 0.15, maxLeafNodes: 31, columnFraction: 0.6, maxRounds },
    trainRows: Int32Array.from({ length: samples.rows }, (_, row) => row),
    validRows: null,
    random,
    checkpoint,
  });
  const gains = new Float64Array(samples.features.length);
  trees.feature.forEach((feature, node) => {
    gains[feature] += trees.gain[node];
  });
  return gains;
}

function rowsOf({ features }: Samples, rows: Int32Array): Samples {
  return {
    rows: rows.length,
    features: features.map((feature) =>
      feature.kind === "number"
        ? { ...feature, values: Float64Array.from(rows, (row) => feature.values[row]) }
        : { ...feature, codes: Int32Array.from(rows, (row) => feature.codes[row]) },
    ),
  };
}
