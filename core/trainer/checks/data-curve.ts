/**
 * Measures whether more rows would help: trains the best candidate again on an eighth, a quarter and half of a fold's
 * training rows, and scores it on that fold's validation rows.
 */
import { count, distinctFigures } from "../../platform/figures.ts";
import { goodness, METRICS, type MetricName } from "../metrics/index.ts";
import { type Entry, outcomeOf, scoreOf } from "../race/entry.ts";
import type { Fold } from "../race/folds.ts";
import { scaledAs } from "../race/settled-rounds.ts";
import type { TrainingData } from "../race/training-data.ts";
import { ownThread, type WorkerPoolControls } from "../race/worker-pool.ts";
import { spreadRows } from "../random.ts";

export interface DataCurve {
  metric: MetricName;
  candidate: string;
  /** Number of training rows and score per fold, fewest rows first. */
  points: { rows: number; scores: number[] }[];
  sentence: string;
}

const SHARES = [1 / 8, 1 / 4, 1 / 2];
/** Total cost, in fits of a whole fold. */
export const SHARES_COST = 7 / 8;
const LEAST_ROWS = 40;

export interface DataCurveOptions extends WorkerPoolControls {
  metric: MetricName;
  /** How many folds are measured: their spread estimates the noise. */
  folds: number;
  /** No further fit starts after this; a running fit ends at it too. On the clock of `elapsedMs`. */
  endsAtMs: number;
}

/** Null if time runs out before the first fold is measured, or there are too few rows. */
export async function dataCurve(
  data: TrainingData,
  entry: Entry,
  options: DataCurveOptions,
): Promise<DataCurve | null> {
  const measured: number[][] = [];
  const shares = SHARES.filter((share) =>
    data.folds.slice(0, options.folds).every((fold) => isEnough(data, fold, share)),
  );
  if (shares.length === 0) return null;
  for (let fold = 0; fold < Math.min(options.folds, entry.folds.length); fold++) {
    const scores = await foldScores(data, entry, { ...options, fold, shares });
    if (!scores) break;
    measured.push([...scores, entry.folds[fold].score]);
  }
  if (measured.length === 0) return null;
  const { length } = data.folds[0].train;
  const points = [...shares, 1].map((share, at) => ({
    rows: Math.floor(length * share),
    scores: measured.map((scores) => scores[at]),
  }));
  const { metric } = options;
  return { metric, candidate: entry.candidateConfig.name, points, sentence: sentenceOf(metric, points) };
}

/** Whether every class occurs in the rows. */
function isEnough({ target }: TrainingData, fold: Fold, share: number): boolean {
  const rows = partOf(fold, share);
  const classes = new Set(rows.map((row) => target.values[row]));
  return (
    rows.length >= LEAST_ROWS && (target.task === "regression" || classes.size === target.classes.length)
  );
}

const partOf = ({ train }: Fold, share: number) =>
  spreadRows(train.length, train.length * share).map((at) => train[at]);

async function foldScores(
  data: TrainingData,
  entry: Entry,
  { fold, shares, metric, endsAtMs, ...controls }: DataCurveOptions & { fold: number; shares: number[] },
): Promise<number[] | null> {
  const { candidateConfig, folds: scored } = entry;
  const { valid } = data.folds[fold];
  const folds = shares.map((share) => ({ train: partOf(data.folds[fold], share), valid }));
  const smaller: TrainingData = { ...data, folds, once: folds.length, whole: folds.length };
  Object.assign(smaller, { supervised: [], treeParts: new Map() });
  // As many rounds as the whole fold took: fewer rows need no more.
  const maxRounds = Math.max(1, scored[fold].rounds);
  const pool = ownThread(smaller, [candidateConfig], controls);
  pool.spare();
  const scores: number[] = [];
  for (const at of folds.keys()) {
    const done = await pool.run({
      job: () =>
        controls.stop.aborted || controls.elapsedMs() >= endsAtMs
          ? null
          : {
              ...{ candidateConfig: candidateConfig.name, fold: at, maxRounds, endsAtMs },
              ...{ keepsTrail: false, hearsRounds: false },
            },
      onRound: () => {},
    });
    // Half a fit says nothing about the rows.
    if (!done || controls.stop.aborted || controls.elapsedMs() >= endsAtMs) return null;
    const response = scaledAs(data, entry, done.response);
    scores.push(scoreOf(metric, outcomeOf(data.target, valid, response)));
  }
  return scores;
}

function sentenceOf(metric: MetricName, points: DataCurve["points"]): string {
  const [half, all] = [points.at(-2)!, points.at(-1)!];
  const gains = all.scores.map(
    (score, fold) => goodness(metric, score) - goodness(metric, half.scores[fold]),
  );
  const gain = mean(gains);
  const [before, after] = distinctFigures([mean(half.scores), mean(all.scores)]);
  const figures = `${METRICS[metric].label} is ${before} with ${count(half.rows)} training rows and ${after} with ${count(all.rows)}`;
  if (gain > noise(gains, mean(all.scores)))
    return `${figures}: it still improves with the number of rows, so more data is likely to help.`;
  return `${figures}: a difference within noise, so more rows of the same kind are unlikely to help much.`;
}

/** One standard error of the mean; with a single fold, a hundredth of the score is taken as noise. */
function noise(gains: readonly number[], score: number): number {
  if (gains.length < 2) return 0.01 * Math.abs(score);
  const centre = mean(gains);
  const variance = gains.reduce((sum, gain) => sum + (gain - centre) ** 2, 0) / (gains.length - 1);
  return Math.sqrt(variance / gains.length);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
