/**
 * Finds the learners that predict best for unseen rows within the time limit. All candidates run the same folds. At
 * each rung the worse half is eliminated (successive halving, Jamieson and Talwalkar 2016); the best of each family
 * stays. Each score is reported at once. The race ends when all are scored, time is up, or it is stopped; it must never
 * look at the test set.
 */
import type { MetricName } from "../metrics/index.ts";
import type { CandidateConfig, Family } from "./candidate-configs.ts";
import { chooseBlend, likelyParts } from "./ensemble.ts";
import { type Entry, isRival, meanGoodness, newEntry } from "./entry.ts";
import { FoldRunner, type RunnerOptions } from "./fold-runner.ts";
import { slotsOf } from "./forecast.ts";
import type { TrainingData } from "./training-data.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface RaceOptions extends RunnerOptions {
  candidateConfigs: CandidateConfig[];
}

export interface RaceResult {
  /** Every entry with at least one fold, in the order of the candidate configs. */
  entries: Entry[];
  /** Entries that went on to repeat the folds; empty if nobody got so far. */
  contenders: Entry[];
  ended: "all scored" | "perfect" | "time" | "rounds" | "stopped";
}

/** The first of each of these runs every fold, whatever the others do: a stop then has something of each. */
const LEADERS: Family[] = ["baseline", "linear", "boosting"];

/** Rejects with the checkpoint's error. At least the baseline is scored on every fold, whatever the time. */
export async function runRace(
  data: TrainingData,
  pool: WorkerPool,
  options: RaceOptions,
): Promise<RaceResult> {
  const entries = options.candidateConfigs.map((candidateConfig) =>
    newEntry(candidateConfig, options.saved.get(candidateConfig.name) ?? []),
  );
  const runner = new FoldRunner(data, pool, options, entries);
  const leaders = leadersOf(entries);
  const others = entries.filter((entry) => !leaders.includes(entry));
  const telling = tellingFolds(data);
  const ladder = rungs(data, telling);
  runner.plan({ leaders, field: others, rungs: ladder, telling });
  if (runner.isTimed) await lookAtAll(runner, data, { leaders, others, telling });
  else await leadersFirst(runner, data, { leaders, pool });
  const isWon = () => leaders.some((entry) => entry.folds.length >= data.once && runner.isWinning(entry));
  let contenders: Entry[] = [];
  if (isWon()) {
    options.onLikely(leaders.filter((entry) => runner.isWinning(entry)).slice(0, 1));
    await runner.advance(leaders, Math.min(FOLDS_OF_THE_BEATEN, data.once));
    runner.ended = "perfect";
  } else
    contenders = await climb(runner, data, { leaders, others, ladder, telling, entries, options, isWon });
  if (leaders[0]) await runner.advance([leaders[0]], data.folds.length);
  const scored = entries.filter((entry) => entry.folds.length > 0);
  return { entries: scored, contenders, ended: runner.reason };
}

/** If the user chose other learners, the first of those. */
function leadersOf(entries: Entry[]): Entry[] {
  const usual = LEADERS.flatMap(
    (family) => entries.find((entry) => entry.candidateConfig.family === family) ?? [],
  );
  if (usual.some(isRival)) return usual;
  return [...usual, ...entries.filter(isRival).slice(0, 1)];
}

interface Sides {
  leaders: Entry[];
  others: Entry[];
  telling: number;
}

/**
 * If the clock ends the race, every candidate's first fold comes before the leaders' other folds, so that their costs,
 * and the race's length, are known early.
 */
async function lookAtAll(
  runner: FoldRunner,
  data: TrainingData,
  { leaders, others, telling }: Sides,
): Promise<void> {
  const looks = leaders.flatMap((entry) => slotsOf(entry, entry.folds.length, telling));
  const first = others.flatMap((entry) => slotsOf(entry, entry.folds.length, 1));
  const rest = leaders.flatMap((entry) => slotsOf(entry, Math.max(telling, entry.folds.length), data.once));
  await runner.runSlots([...looks, ...first, ...rest]);
  // An entry that is perfect on a few folds may not be on all.
  if (!leaders.some((entry) => runner.isWinning(entry))) await runner.advance(others, 1);
}

/** Rounds are counted in order: the leaders get theirs before the others start. */
async function leadersFirst(
  runner: FoldRunner,
  { once }: TrainingData,
  { leaders, pool }: { leaders: Entry[]; pool: WorkerPool },
): Promise<void> {
  // If one leader's folds are too few to keep all threads busy, the leaders run side by side.
  for (const abreast of once < pool.size ? [leaders] : leaders.map((entry) => [entry])) {
    const isWon = leaders.some((entry) => entry.folds.length >= once && runner.isWinning(entry));
    await runner.advance(abreast, isWon ? Math.min(FOLDS_OF_THE_BEATEN, once) : once);
  }
}

/** Runs rung by rung; returns the entries that repeated the folds. */
async function climb(
  runner: FoldRunner,
  data: TrainingData,
  given: Sides & { ladder: number[]; entries: Entry[]; options: RaceOptions; isWon: () => boolean },
): Promise<Entry[]> {
  const { leaders, ladder, telling, entries, options } = given;
  const { metric } = options;
  const { once } = data;
  const begun = given.others.filter((entry) => !runner.isTimed || entry.folds.length > 0);
  runner.plan({ leaders, field: begun, rungs: ladder, telling });
  const tellLikely = (folds: number) => {
    const able = entries.filter((entry) => isRival(entry) && entry.folds.length >= folds);
    const seen = firstFolds(data, folds);
    // A few folds cannot tell yet whether one alone would be taken.
    const parts =
      folds < once || able.length === 0 ? likelyParts(seen, able) : chooseBlend(seen, able, metric).parts;
    options.onLikely(parts.map(({ entry }) => entry));
  };
  if (runner.isTimed) tellLikely(1);
  runner.settleEnd();
  let wanted = runner.isTimed ? byPromise(data, rankedAt(begun, { rung: 1, metric }), 1) : begun;
  let spared: Entry[] = [];
  for (const [step, rung] of ladder.filter((folds) => folds <= once).entries()) {
    const rungsAhead = ladder.slice(step);
    const field = runner.affordable(wanted, spared, { leaders, rungs: rungsAhead, telling });
    runner.plan({ leaders, field, rungs: rungsAhead, telling });
    await runner.advance(field, rung);
    if (rung < telling || rung === once) continue;
    const left = survivors(field, entries, { rung, metric });
    wanted = byPromise(data, left, rung);
    tellLikely(rung);
    spared = rankedAt(field, { rung, metric }).filter((entry) => !left.includes(entry));
  }
  if (given.isWon()) return [];
  tellLikely(once);
  const best = contenders(data, entries, metric);
  const most = ladder.at(-1)!;
  let folds = once;
  while (folds < most && best.every((entry) => entry.folds.length >= folds)) {
    const ranked = rankedAt(entries.filter(isRival), { rung: folds, metric });
    const beaten = ranked.filter((entry) => !best.includes(entry));
    const { field, upTo } = runner.repeatable(best, beaten, { from: folds, to: most });
    if (upTo === folds) break;
    runner.plan({ leaders: [], field, rungs: [most], telling });
    await runner.repeat(field, { from: folds, upTo });
    folds = upTo;
    // What the model would consist of determines how long the rest takes, and so whether there is time for more.
    if (runner.isTimed && best.every((entry) => entry.folds.length >= folds)) tellLikely(folds);
  }
  if (folds === once) await fillUp(runner, data, given);
  return best;
}

/** Those who left the race end their folds, as many as the time that is left has room for. */
async function fillUp(
  runner: FoldRunner,
  data: TrainingData,
  { others, options: { metric }, telling }: Sides & { options: RaceOptions },
): Promise<void> {
  if (!runner.isTimed) return;
  const begun = others.filter(({ folds }) => folds.length > 0 && folds.length < data.once);
  const score = (entry: Entry) => meanGoodness(entry, entry.folds.length, metric);
  const ranked = begun.sort((a, b) => score(b) - score(a));
  const field = runner.affordable([], ranked, { leaders: [], rungs: [data.once], telling });
  runner.plan({ leaders: [], field, rungs: [data.once], telling });
  runner.finish();
  await runner.advance(field, data.once);
}

function rankedAt(field: readonly Entry[], { rung, metric }: { rung: number; metric: MetricName }): Entry[] {
  const score = (entry: Entry) => meanGoodness(entry, rung, metric);
  return field.filter((entry) => entry.folds.length >= rung).sort((a, b) => score(b) - score(a));
}

const FRONT_RUNNERS = 3;

/** Entries that the ensemble would use so far, the front runners and the linear leader: these repeat folds. */
function contenders(data: TrainingData, entries: Entry[], metric: MetricName): Entry[] {
  const complete = entries.filter((entry) => entry.folds.length >= data.once);
  const score = (entry: Entry) => meanGoodness(entry, data.once, metric);
  const ranked = complete.filter(isRival).sort((a, b) => score(b) - score(a));
  const chosen = new Set(
    likelyParts(firstFolds(data, data.once), complete.filter(isRival)).map(({ entry }) => entry),
  );
  for (const entry of ranked.slice(0, FRONT_RUNNERS)) chosen.add(entry);
  const linear = ranked.find((entry) => entry.candidateConfig.family === "linear");
  if (linear) chosen.add(linear);
  return [...chosen].filter(isRival);
}

/** What the other entries can still show if one is perfect. */
const FOLDS_OF_THE_BEATEN = 2;

/** Above this, one fold tells candidates apart. */
const TELLING_ROWS = 20_000;

/** This many folds tell candidates apart. */
const tellingFolds = ({ once, rows }: TrainingData) => Math.min(rows.length > TELLING_ROWS ? 1 : 2, once);

/** First the folds that tell for everyone, then a third of the folds for the better half, then all, then repeats. */
function rungs({ folds, once }: TrainingData, telling: number): number[] {
  const repeats = Array.from({ length: folds.length / once }, (_, i) => (i + 1) * once);
  return [...new Set([telling, Math.ceil(once / 3), ...repeats])].sort((a, b) => a - b);
}

/** Best first: the better half of those that got this far, and the best of each family if it beats half of all. */
function survivors(field: Entry[], all: Entry[], at: { rung: number; metric: MetricName }): Entry[] {
  const score = (entry: Entry) => meanGoodness(entry, at.rung, at.metric);
  const ranked = rankedAt(field, at);
  const half = new Set(ranked.slice(0, Math.ceil(ranked.length / 2)));
  const scores = all.filter((entry) => entry.folds.length >= at.rung).map(score);
  const middle = scores.sort((a, b) => a - b)[scores.length >> 1];
  for (const family of new Set(ranked.map((entry) => entry.candidateConfig.family))) {
    const best = ranked.find((entry) => entry.candidateConfig.family === family)!;
    if (score(best) >= middle) half.add(best);
  }
  return ranked.filter((entry) => half.has(entry));
}

/** Entries that an ensemble would use so far come first, so that they get scarce time. */
function byPromise(data: TrainingData, field: Entry[], folds: number): Entry[] {
  const able = field.filter((entry) => entry.folds.length >= folds);
  if (able.length < 2) return field;
  const weights = new Map(
    likelyParts(firstFolds(data, folds), able).map(({ entry, weight }) => [entry, weight]),
  );
  return field.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0));
}

const firstFolds = (data: TrainingData, folds: number): TrainingData => ({
  ...data,
  folds: data.folds.slice(0, folds),
});
