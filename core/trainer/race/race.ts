/**
 * Finds the learners that predict best for unseen rows within the time limit.
 *
 * All candidates meet the same folds. Rung by rung the worse half leaves (successive halving, Jamieson and Talwalkar
 * 2016), the best of each family stays. Each is told as soon as it is scored. It ends when all are scored, the time
 * is used, or it is stopped; it must never look at the test part.
 */
import type { MetricName } from "../metrics/index.ts";
import type { CandidateConfig, Family } from "./candidate-configs.ts";
import { chooseBlend } from "./ensemble.ts";
import { type Entry, isPerfect, isRival, meanGoodness, newEntry } from "./entry.ts";
import { FoldRunner, type RunnerOptions } from "./fold-runner.ts";
import type { TrainingData } from "./training-data.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface RaceOptions extends RunnerOptions {
  candidateConfigs: CandidateConfig[];
}

export interface RaceResult {
  /** Every entry with at least one fold, in the order of the candidate configs. */
  entries: Entry[];
  /** Those that went on to repeat the folds; empty where nobody got so far. */
  contenders: Entry[];
  ended: "all scored" | "perfect" | "time" | "rounds" | "stopped";
}

/** The first of each of these meets every fold before the others begin: a stop then has something of each. */
const LEADERS: Family[] = ["baseline", "linear", "boosting"];

/** Rejects with the checkpoint's error. At least the baseline is scored on every fold, whatever the time. */
export async function runRace(
  data: TrainingData,
  pool: WorkerPool,
  options: RaceOptions,
): Promise<RaceResult> {
  const runner = new FoldRunner(data, pool, options);
  const entries = options.candidateConfigs.map((candidateConfig) =>
    newEntry(candidateConfig, options.saved.get(candidateConfig.name) ?? []),
  );
  const leaders = LEADERS.flatMap(
    (family) => entries.find((entry) => entry.candidateConfig.family === family) ?? [],
  );
  const rivals = leaders.filter(isRival);
  let field = entries.filter((entry) => !leaders.includes(entry));
  const ladder = rungs(data);
  runner.plan(field, ladder, leaders);
  const isWon = () =>
    rivals.some((entry) => entry.folds.length >= data.once && isPerfect(entry, data.once, options.metric));
  // Where one leader's folds are too few to keep everybody busy, the leaders run side by side.
  for (const abreast of data.once < pool.size ? [leaders] : leaders.map((entry) => [entry])) {
    await runner.advance(abreast, isWon() ? Math.min(FOLDS_OF_THE_BEATEN, data.once) : data.once);
  }
  if (isWon()) {
    field = [];
    runner.ended = "perfect";
  }
  for (const [step, rung] of ladder.entries()) {
    await runner.advance(field, rung);
    if (rung < data.once) {
      const left = survivors(field, entries, { rung, metric: options.metric });
      field = runner.affordable(byPromise(data, left, { rung, metric: options.metric }));
    } else field = isWon() ? [] : contenders(data, entries, options.metric);
    runner.plan(field, ladder.slice(step + 1));
  }
  if (leaders[0]) await runner.advance([leaders[0]], data.folds.length);
  const scored = entries.filter((entry) => entry.folds.length > 0);
  return { entries: scored, contenders: field, ended: runner.ended ?? "all scored" };
}

const FRONT_RUNNERS = 3;

/** Those that the ensemble would take by now, the front runners and the linear leader: for them folds are repeated. */
function contenders(data: TrainingData, entries: Entry[], metric: MetricName): Entry[] {
  const once = { ...data, folds: data.folds.slice(0, data.once) };
  const complete = entries.filter((entry) => entry.folds.length >= data.once);
  const score = (entry: Entry) => meanGoodness(entry, data.once, metric);
  const ranked = complete.filter(isRival).sort((a, b) => score(b) - score(a));
  const chosen = new Set(chooseBlend(once, complete, metric).parts.map(({ entry }) => entry));
  for (const entry of ranked.slice(0, FRONT_RUNNERS)) chosen.add(entry);
  const linear = ranked.find((entry) => entry.candidateConfig.family === "linear");
  if (linear) chosen.add(linear);
  return [...chosen].filter(isRival);
}

/** What the others still show where one is perfect. */
const FOLDS_OF_THE_BEATEN = 2;

/** Above this one fold tells candidates apart. */
const TELLING_ROWS = 20_000;

/** Two folds for everyone (one where rows are many), a third of the folds for the better half, then all, then repeats. */
function rungs({ folds, once, rows }: TrainingData): number[] {
  const first = Math.min(rows.length > TELLING_ROWS ? 1 : 2, once);
  const repeats = Array.from({ length: folds.length / once }, (_, i) => (i + 1) * once);
  return [...new Set([first, Math.ceil(once / 3), ...repeats])].sort((a, b) => a - b);
}

/** Best first: the better half of those that got this far, and the best of each family where it beats half of all. */
function survivors(field: Entry[], all: Entry[], at: { rung: number; metric: MetricName }): Entry[] {
  const score = (entry: Entry) => meanGoodness(entry, at.rung, at.metric);
  const ranked = field.filter((entry) => entry.folds.length >= at.rung).sort((a, b) => score(b) - score(a));
  const half = new Set(ranked.slice(0, Math.ceil(ranked.length / 2)));
  const scores = all.filter((entry) => entry.folds.length >= at.rung).map(score);
  const middle = scores.sort((a, b) => a - b)[scores.length >> 1];
  for (const family of new Set(ranked.map((entry) => entry.candidateConfig.family))) {
    const best = ranked.find((entry) => entry.candidateConfig.family === family)!;
    if (score(best) >= middle) half.add(best);
  }
  return ranked.filter((entry) => half.has(entry));
}

/** Those first that an ensemble would take by now: where time is short they get it. */
function byPromise(data: TrainingData, field: Entry[], at: { rung: number; metric: MetricName }): Entry[] {
  const soFar = { ...data, folds: data.folds.slice(0, at.rung) };
  const able = field.filter((entry) => entry.folds.length >= at.rung);
  if (able.length < 2) return field;
  const weights = new Map(
    chooseBlend(soFar, able, at.metric).parts.map(({ entry, weight }) => [entry, weight]),
  );
  return field.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0));
}
