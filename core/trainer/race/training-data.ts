/**
 * Holds what all candidates of a race share: the encoded table, the folds, and per fold the samples and bins that trees
 * learn from. Bins and base features are made once; only what uses the target is made per fold.
 */

import { canDerive, fitDerived } from "../encoding/choose-derived.ts";
import type { DesignPlan } from "../encoding/design.ts";
import type { EncodedTable } from "../encoding/encoder.ts";
import {
  fitSupervised,
  needsSupervision,
  type SupervisedEncoder,
  treeSamples,
  treeSources,
} from "../encoding/supervised.ts";
import type { LearnerChoice } from "../learners/catalogue.ts";
import { type BinnedSamples, binInSteps } from "../learners/trees/binning.ts";
import type { MemberInputs } from "../model/members.ts";
import { seededRandom } from "../random.ts";
import type { Checkpoint, Random, Samples, Target } from "../samples.ts";
import type { Fold } from "./folds.ts";

export interface TrainingData {
  encoded: EncodedTable;
  target: Target;
  /** The rows of the training set, over all folds. */
  rows: Int32Array;
  folds: Fold[];
  /** The first so many folds hold every row once; later ones repeat that with other folds. */
  once: number;
  /** The index for all rows without validation rows: one past the last fold. */
  whole: number;
  design: DesignPlan;
  seed: number;
  /** What a person chose of the learners; absent: nothing. */
  choice?: LearnerChoice;
  /** True: columns are not combined. */
  isPlain?: boolean;
  /**
   * The size that candidates are configured for; default: this data. A refit has more rows, but keeps the candidates of
   * its race.
   */
  sizing?: Sizing;
  /** By fold, and for data.whole; after those the same with derived features. Filled when first needed. */
  supervised: (SupervisedEncoder | undefined)[];
  treeParts: Map<number, TreePart>;
}

/** What the candidates' settings depend on. */
export interface Sizing {
  target: Target;
  /** Training rows. */
  rows: number;
  /** Columns of the linear design, and whether text is among them. */
  text: boolean;
  columns: number;
  /** Whether columns can be combined. */
  derives: boolean;
}

/** What trees learn from in one fold. */
export interface TreePart {
  samples: Samples;
  binned: BinnedSamples;
  /** Index into TrainingData.supervised; -1 if nothing uses the target. */
  supervised: number;
}

const MAX_BINS = 255;

/** A random generator for each purpose: what one candidate draws never shifts another. */
export function randomFor(data: { seed: number }, ...purpose: (string | number)[]): Random {
  let hash = 0x811c9dc5 ^ data.seed;
  for (const character of purpose.join("/")) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return seededRandom(hash);
}

/** Rows of a fold, or of data.whole; `valid` null: nothing to validate on. */
export function foldRows(data: TrainingData, fold: number): { train: Int32Array; valid: Int32Array | null } {
  if (fold === data.whole) return { train: data.rows, valid: null };
  const { train, valid } = data.folds[fold];
  return { train, valid: valid.length > 0 ? valid : null };
}

export function sizingOf(data: TrainingData): Sizing {
  const { target, rows, encoded, design, sizing, isPlain } = data;
  return (
    sizing ?? {
      ...{ target, rows: rows.length, text: encoded.texts.length > 0, columns: design.columns },
      derives: !isPlain && canDerive(encoded),
    }
  );
}

/** What trees of a fold learn from; `derives`: with derived features. */
export async function treePart(
  data: TrainingData,
  { fold, derives }: { fold: number; derives: boolean },
  checkpoint: Checkpoint,
): Promise<TreePart> {
  const ofFold = derives || needsSupervision(data.encoded);
  const key = ofFold ? fold + (derives ? data.whole + 1 : 0) : -1;
  let part = data.treeParts.get(key);
  if (!part) {
    part = derives ? await deriveTreePart(data, fold, checkpoint) : await makeTreePart(data, key, checkpoint);
    data.treeParts.set(key, part);
  }
  return part;
}

/** The base part with derived features. Only the latest is kept: few candidates use it. */
async function deriveTreePart(data: TrainingData, fold: number, checkpoint: Checkpoint): Promise<TreePart> {
  const base = await treePart(data, { fold, derives: false }, checkpoint);
  const encoder = data.supervised[base.supervised] ?? { targets: [], texts: [] };
  const random = randomFor(data, "derived", fold);
  const { train } = foldRows(data, fold);
  const sources = treeSources(data.encoded, encoder).map((of) => of[0] ?? -1);
  const { derived, features } = await fitDerived(data.encoded, data.target, {
    ...{ rows: train, random, checkpoint },
    base: { samples: base.samples, sources: Int32Array.from(sources) },
  });
  const supervised = data.whole + 1 + fold;
  data.supervised[supervised] = { ...encoder, derived };
  const { rows } = base.samples;
  const more = await binInSteps({ rows, features }, { rows: train, maxBins: MAX_BINS, random, checkpoint });
  for (const key of data.treeParts.keys()) if (key > data.whole) data.treeParts.delete(key);
  return {
    samples: { rows, features: [...base.samples.features, ...features] },
    binned: {
      ...{ rows, features: [...base.binned.features, ...more.features] },
      codes: [...base.binned.codes, ...more.codes],
      binCounts: Int32Array.from([...base.binned.binCounts, ...more.binCounts]),
    },
    supervised,
  };
}

async function makeTreePart(data: TrainingData, fold: number, checkpoint: Checkpoint): Promise<TreePart> {
  const random = randomFor(data, "bins", fold);
  if (fold < 0) {
    const samples = treeSamples(data.encoded, []);
    const binned = await binInSteps(samples, { rows: data.rows, maxBins: MAX_BINS, random, checkpoint });
    return { samples, binned, supervised: -1 };
  }
  const { train } = foldRows(data, fold);
  const fitted = await fitSupervised(data.encoded, data.target, { rows: train, random, checkpoint });
  data.supervised[fold] = fitted.encoder;
  const samples = treeSamples(data.encoded, fitted.features);
  return {
    samples,
    binned: await binInSteps(samples, { rows: train, maxBins: MAX_BINS, random, checkpoint }),
    supervised: fold,
  };
}

/** How members of the race predict rows of the training table. */
export function inputsOf(data: TrainingData): MemberInputs {
  const supervised = Array.from(data.supervised, (encoder) => encoder ?? { targets: [], texts: [] });
  return {
    task: data.target.task,
    encoded: data.encoded,
    design: data.design,
    supervised,
    samples: new Map([...data.treeParts].map(([fold, part]) => [fold, part.samples])),
  };
}
