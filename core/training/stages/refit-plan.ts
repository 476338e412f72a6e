/**
 * Plans the refit: which fits the served model consists of, how long they will take based on the race's own, and so how
 * much earlier everything before it must end.
 */
import { needsSupervision } from "../../trainer/encoding/supervised.ts";
import { derives, type Family } from "../../trainer/race/candidate-configs.ts";
import type { Entry, ScoredFold } from "../../trainer/race/entry.ts";
import { TREES } from "../../trainer/race/fold-job.ts";
import type { TrainingData } from "../../trainer/race/training-data.ts";
import { budgetMs, type Context, left, planOf } from "./work/work.ts";

/** One entry of the ensemble, trained again. */
export interface Learner {
  entry: Entry;
  weight: number;
  /** One per member of its bag; otherwise a single one on all rows. */
  fits: Fit[];
  /** With fewer members than this, the bag loses more than it gains by more rows. */
  least: number;
}

export interface Fit {
  /** As in FoldJob. */
  fold: number;
  maxRounds: number;
  expectedMs: number;
}

/** Entries whose fold models predict better together than one model that learned from all rows. */
const BAGGED = new Set<Family>(["boosting", "network"]);

/** Whether an entry becomes one model on all rows instead of the bag of its folds' models. */
export function learnsOnce({ options }: Context, { candidateConfig }: Entry): boolean {
  return options.split === "time" || !BAGGED.has(candidateConfig.family);
}

/** The median number of rounds that the folds kept. */
export function middleRounds(entry: Entry): number {
  const kept = entry.folds.map(keptRounds).sort((a, b) => a - b);
  return Math.max(1, kept[kept.length >> 1]);
}

const keptRounds = ({ member, rounds }: ScoredFold) =>
  member.kind === "boosting" ? member.model.rounds : rounds;

/** The ensemble's entries, with as many members as the tested model has of each. */
function plannedLearners(context: Context): Learner[] {
  const { parts } = left(context.work, "blend");
  const model = left(context.work, "model");
  return parts.map(({ entry, weight }, i) =>
    learnerOf(context, { entry, weight, members: model.parts[i].members.length }),
  );
}

function learnerOf(
  context: Context,
  { entry, weight, members }: { entry: Entry; weight: number; members: number },
): Learner {
  const data = left(context.work, "data");
  const expectedMs = costOfFit(context, entry);
  if (learnsOnce(context, entry)) {
    const scored = entry.folds.slice(0, data.folds.length);
    const longest = Math.max(...scored.map((_, fold) => expectedMs(fold)));
    const fit = { fold: data.whole, maxRounds: middleRounds(entry), expectedMs: longest };
    return { entry, weight, fits: [fit], least: 1 };
  }
  const fits = Array.from({ length: members }, (_, fold) => ({
    fold,
    maxRounds: entry.folds[fold] ? Math.max(1, keptRounds(entry.folds[fold])) : middleRounds(entry),
    expectedMs: expectedMs(Math.min(fold, entry.folds.length - 1, data.folds.length - 1)),
  }));
  return { entry, weight, fits, least: Math.ceil(Math.min(members, data.once) / 2) };
}

/**
 * A fold's fit again: of more rows, without the rounds that early stopping threw away and without rows to answer in each
 * round, by the pace of those folds that were not the first to run.
 */
function costOfFit(context: Context, entry: Entry): (fold: number) => number {
  const data = left(context.work, "data");
  const { test } = left(context.work, "parts");
  const isWhole = learnsOnce(context, entry);
  const scored = entry.folds.slice(0, data.folds.length);
  const warm = scored.length > 1 ? [...scored.keys()].slice(1) : [0];
  const work = (fold: number) => {
    const { train, valid } = data.folds[fold];
    return (train.length + valid.length) * Math.max(1, scored[fold].rounds);
  };
  const sum = (of: (fold: number) => number) => warm.reduce((all, fold) => all + of(fold), 0);
  const pace = sum((fold) => scored[fold].durationMs - (scored[fold].preparedMs ?? 0)) / sum(work);
  return (fold) => {
    const rows = (isWhole ? data.rows.length : data.folds[fold].train.length) + test.length;
    return pace * rows * Math.max(1, keptRounds(scored[fold]));
  };
}

/** Milliseconds until threads that share the work are done, encoding included. */
function expectedMs(context: Context, learners: readonly Learner[]): number {
  const { pool, encodingMs } = context.work;
  const { train, test } = left(context.work, "parts");
  const ratio = (train.length + test.length) / train.length;
  const levels = Math.max(0, ...learners.map(({ fits }) => fits.length));
  const threads = new Float64Array(pool?.size ?? 1).fill(
    ratio * (encodingMs + preparationMs(context, learners)),
  );
  for (let level = 0; level < levels; level++)
    for (const { fits } of learners)
      if (level < fits.length) threads[threads.indexOf(Math.min(...threads))] += fits[level].expectedMs;
  return Math.max(...threads);
}

const withFits = (learner: Learner, count: number): Learner => ({
  ...learner,
  fits: learner.fits.slice(0, count),
});

/** The minimum number of members for a refit. */
export function leastMs(context: Context): number {
  return expectedMs(
    context,
    plannedLearners(context).map((learner) => withFits(learner, learner.least)),
  );
}

/** The ensemble's entries with as many members as can be trained in `roomMs`; null if that is too few. */
export function affordableLearners(context: Context, roomMs: number): Learner[] | null {
  let learners = plannedLearners(context);
  while (expectedMs(context, learners) > roomMs) {
    const most = Math.max(0, ...learners.map(({ fits, least }) => (fits.length > least ? fits.length : 0)));
    if (most === 0) return null;
    learners = learners.map((learner) =>
      learner.fits.length === most && most > learner.least ? withFits(learner, most - 1) : learner,
    );
  }
  return learners;
}

/** Per thread, for what trees learn from: the same for all folds, or separate for each if it uses the target. */
function preparationMs({ work }: Context, learners: readonly Learner[]): number {
  const planned = learners.map(({ entry }) => entry);
  if (!planned.some(({ candidateConfig }) => TREES.has(candidateConfig.family))) return 0;
  const entries = work.entries ?? planned;
  const folds = Math.max(0, ...learners.map(({ fits }) => fits.length));
  const ofFold = (fold: number) => Math.max(0, ...entries.map((entry) => entry.folds[fold]?.preparedMs ?? 0));
  const each = Array.from({ length: folds }, (_, fold) => ofFold(fold));
  const isOfFold = planned.some(({ candidateConfig }) => derives(candidateConfig));
  if (!isOfFold && !needsSupervision(left(work, "data").encoded)) return Math.max(0, ...each);
  return each.reduce((sum, ms) => sum + ms, 0) / (work.pool?.size ?? 1);
}

/** The refit of the likely winners, with `members` each if they are bags. */
export function likelyLearners(context: Context, likely: readonly Entry[], members: number): Learner[] {
  return likely.map((entry) => learnerOf(context, { entry, weight: 1, members }));
}

const isWanted = ({ options, stop }: Context) => options.refit !== false && !stop.aborted;

/** Share of a run: before anything is scored, and at most. With a single fold, its fit takes as long as the refit's. */
const SHARES = { unknown: 0.1, most: 0.25 };
const SHARES_OF_ONE_FOLD = { unknown: 0.45, most: 0.45 };

/** Updates the plan with what a refit would take if the race ended now; `learners` null: nothing is scored yet. */
export function expectLikelyRefit(context: Context, learners: readonly Learner[] | null): void {
  const { once } = left(context.work, "data");
  const { unknown, most } = once === 1 ? SHARES_OF_ONE_FOLD : SHARES;
  const budget = budgetMs(context);
  const usualMs = learners ? Math.min(most * budget, expectedMs(context, learners)) : unknown * budget;
  planOf(context).expect("refit", { usualMs: isWanted(context) ? usualMs : 0, leastMs: 0 });
}

/** Share of the time after Training, so that the evaluation gets some. */
const MOST_OF_REST = 0.6;

/** Updates the plan with the refit's cost; zero if not even the smallest refit would finish in time. */
export function expectRefit(context: Context): void {
  const plan = planOf(context);
  const leftMs = plan.latestMs("refit") - context.elapsedMs();
  const roomMs = Math.max(plan.spareMs("refit"), MOST_OF_REST * leftMs);
  const learners = isWanted(context) ? affordableLearners(context, roomMs) : null;
  plan.expect("refit", {
    usualMs: learners ? expectedMs(context, learners) : 0,
    leastMs: learners ? leastMs(context) : 0,
  });
}

/** The rows of the training set, in order, followed by those of the test set. */
export function allLearned({ work }: Context): Int32Array {
  const { train, test } = left(work, "parts");
  const rows = new Int32Array(train.length + test.length);
  rows.set(train);
  rows.set(test, train.length);
  return rows;
}

/** The folds of the race with the test rows added to learn from, without early stopping. */
export function foldsWithTest(data: TrainingData, rows: Int32Array): TrainingData["folds"] {
  const test = rows.subarray(data.rows.length).map((_, i) => data.rows.length + i);
  return data.folds.map(({ train }) => {
    const learned = new Int32Array(train.length + test.length);
    learned.set(train);
    learned.set(test, train.length);
    return { train: learned, valid: new Int32Array(0) };
  });
}
