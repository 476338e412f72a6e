/**
 * Measures what the score would be if copies of a row were on both sides of a split. A small boosting model is scored
 * on folds that keep copies together and on random folds, so that both figures can be reported.
 */
import type { Finding } from "../../../../csv/types.ts";
import { distinctFigures } from "../../../../platform/figures.ts";
import type { EncodedTable } from "../../../../trainer/encoding/encoder.ts";
import { treeSamples } from "../../../../trainer/encoding/supervised.ts";
import { linkMargins, predictBoosting, trainBoosting } from "../../../../trainer/learners/trees/boosting.ts";
import { goodness, METRICS, type MetricName } from "../../../../trainer/metrics/index.ts";
import { outcomeOf } from "../../../../trainer/race/entry.ts";
import { type Fold, stratifiedFolds } from "../../../../trainer/race/folds.ts";
import { randomFor } from "../../../../trainer/race/training-data.ts";
import { sampleRows } from "../../../../trainer/random.ts";
import type { Checkpoint, Samples, Target } from "../../../../trainer/samples.ts";

export interface DuplicatesInput {
  encoded: EncodedTable;
  target: Target;
  /** By row: the same number for copies. */
  groups: Int32Array;
  metric: MetricName;
  seed: number;
  checkpoint: Checkpoint;
}

/** Mean scores by the run's metric. */
export interface DuplicateScores {
  metric: MetricName;
  together: number;
  random: number;
  /** Whether the second looks better by more than the folds differ. */
  flatters: boolean;
}

const MOST_ROWS = 10_000;
/** With fewer rows the two figures differ by chance alone. */
const LEAST_ROWS = 200;
/** Cells that all models together read: about two seconds. */
const MOST_CELLS = 4e8;
const FOLDS = 4;
const ROUNDS = 40;
/** Fewer copies per hundred rows do not change a score. */
const LEAST_SHARE = 0.01;
/** Standard errors of the difference between the two means. */
const NOISE_ERRORS = 2;

/** Null if copies are too few to matter, or trees have nothing to learn from. */
export async function scoreDuplicates(given: DuplicatesInput): Promise<DuplicateScores | null> {
  const { encoded, target, groups, metric, seed } = given;
  const samples = treeSamples(encoded, []);
  const count = new Set(groups).size;
  if (samples.features.length === 0 || 1 - count / groups.length < LEAST_SHARE) return null;
  const models = 2 * FOLDS * ROUNDS * Math.max(1, target.classes.length === 2 ? 1 : target.classes.length);
  const most = Math.min(MOST_ROWS, Math.floor(MOST_CELLS / (models * samples.features.length)));
  if (most < LEAST_ROWS) return null;
  const rows = rowsOfGroups(groups, { count, seed, most });
  const deal = { folds: FOLDS, random: randomFor({ seed }, "copies") };
  const scores: number[][] = [];
  for (const kept of [groups, null]) {
    const folds = stratifiedFolds(rows, target, { ...deal, groups: kept });
    scores.push(await scoreFolds(samples, folds, given));
  }
  const [together, random] = scores.map(mean);
  const better = goodness(metric, random) - goodness(metric, together);
  const error = Math.sqrt(scores.reduce((sum, of) => sum + variance(of) / of.length, 0));
  return { metric, together, random, flatters: better > NOISE_ERRORS * error };
}

/** Whole groups, drawn at random, with about as many rows as are affordable. */
function rowsOfGroups(
  groups: Int32Array,
  { count, seed, most }: { count: number; seed: number; most: number },
): Int32Array {
  const rows = Int32Array.from(groups.keys());
  if (rows.length <= most) return rows;
  const names = Int32Array.from(new Set(groups));
  const wanted = Math.round((count * most) / rows.length);
  const chosen = new Set(sampleRows(names, wanted, randomFor({ seed }, "copies", "groups")));
  return rows.filter((row) => chosen.has(groups[row]));
}

async function scoreFolds(
  samples: Samples,
  folds: Fold[],
  { target, metric, seed, checkpoint }: DuplicatesInput,
): Promise<number[]> {
  const scores: number[] = [];
  for (const { train, valid } of folds) {
    const model = await trainBoosting(samples, target, {
      params: { maxRounds: ROUNDS, minSamplesLeaf: 5 },
      trainRows: train,
      validRows: null,
      random: randomFor({ seed }, "copies", "boosting"),
      checkpoint,
    });
    const response = linkMargins(model, predictBoosting(model, samples, valid));
    const score = METRICS[metric].measure(outcomeOf(target, valid, response));
    if (Number.isFinite(score)) scores.push(score);
  }
  return scores;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function variance(values: number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1);
}

/** Reports both figures, for comparison with published scores. */
export function duplicatesFinding({ metric, together, random }: DuplicateScores): Finding {
  const [apart, kept] = distinctFigures([random, together]);
  const message = `Copies of rows make a random split look better than it is: a quick boosting model reaches ${metric} ${apart} if copies may be on both sides, and ${kept} if they stay together. The scores of this run keep copies together.`;
  return { code: "duplicates_flatter", severity: "warning", column: null, message, fix: null };
}
