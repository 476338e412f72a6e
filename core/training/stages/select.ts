/**
 * Model selection: compares candidates by cross-validation. Runs the race on the training set's folds, reports each
 * candidate as it is scored, and saves scores so that an interrupted run can resume.
 */

import { AppError } from "../../platform/errors.ts";
import type { Candidate } from "../../trainer/contract.ts";
import { LEARNERS } from "../../trainer/learners/catalogue.ts";
import { goodness, METRICS, type MetricName } from "../../trainer/metrics/index.ts";
import { MOST_SPREAD_ROWS } from "../../trainer/model/fit-bounds.ts";
import { costOf } from "../../trainer/model/members.ts";
import { type CandidateConfig, guess } from "../../trainer/race/candidate-configs.ts";
import { chooseBlend } from "../../trainer/race/ensemble.ts";
import {
  canMeasure,
  type Entry,
  isRival,
  meanGoodness,
  newEntry,
  type ScoredFold,
} from "../../trainer/race/entry.ts";
import { LEAST_REPEATS } from "../../trainer/race/fold-runner.ts";
import { learnerOf, portfolioFor } from "../../trainer/race/portfolio.ts";
import { type RaceResult, runRace } from "../../trainer/race/race.ts";
import type { TrainingData } from "../../trainer/race/training-data.ts";
import { ownThread } from "../../trainer/race/worker-pool.ts";
import { expectLikelyRefit, likelyLearners } from "./refit-plan.ts";
import { plural, type Stage } from "./stage.ts";
import { expectTraining, MOST_TREES } from "./train.ts";
import { MOST_BOUND_ROWS, MOST_CELLS } from "./verify.ts";
import { loadEntries, saveEntry } from "./work/checkpoint.ts";
import { cheapBlend, cheapEnough } from "./work/cost.ts";
import { expectEvaluation } from "./work/evaluation.ts";
import { type Context, checkpointOf, left, planOf, reportFinding, type Work } from "./work/work.ts";

export const selectModel: Stage<Work> = {
  name: "Model selection",
  async run(context) {
    const { work, report, options, elapsedMs, stop } = context;
    const data = left(work, "data");
    const metric = measurableMetric(context, data);
    const baselineFirst = baselineLoss(data, data.folds[0]);
    const candidateConfigs = portfolioFor(data);
    refuseUnfit(context, candidateConfigs);
    work.pool = await openPool(context, data, candidateConfigs);
    const plan = planOf(context);
    expectLater(context, null);
    plan.beginRace();
    const beganAt = elapsedMs();
    const under = { progress: 0, note: "Starting" };
    const tell = () => report({ type: "progress", ...under });
    const scored = new Set<Entry>();
    let likely: Entry[] | null = null;
    report({ type: "facts", facts: { metric, folds: data.once } });
    const saved = await loadEntries(context, data);
    // Of a resumed run: they may get no further fold, and belong to its candidates all the same.
    for (const config of candidateConfigs) {
      const folds = saved.get(config.name);
      if (!folds?.length) continue;
      const entry = newEntry(config, folds);
      report({ type: "candidate", candidate: candidateOf(entry, toldFolds(data, metric)) });
    }
    const race = await runRace(data, work.pool, {
      metric,
      candidateConfigs,
      deadlineMs: () => plan.raceDeadlineMs(),
      elapsedMs,
      budgetRounds: options.budgetRounds,
      stop,
      saved,
      onScored: async (entry) => {
        report({ type: "candidate", candidate: candidateOf(entry, toldFolds(data, metric)) });
        scored.add(entry);
        expectLater(context, likely ?? bestSoFar(context, [...scored]));
        await saveEntry(context, data, entry);
      },
      onRound: ({ entry, round, train, valid }) => {
        if (valid === null) return;
        const shown = shownLoss(data);
        const baseline = shown.of(baselineFirst);
        report({
          type: "round",
          candidate: entry.candidateConfig.name,
          round,
          train: shown.of(train),
          valid: shown.of(valid),
          metric: shown.metric,
          baseline,
        });
      },
      onLikely: (parts) => {
        likely = parts;
        expectLater(context, parts);
      },
      onFold: ({ entry, fold, of }) => {
        const { name, family } = entry.candidateConfig;
        under.note = family === "baseline" ? "Scoring the baseline" : `Trying ${name}, fold ${fold} of ${of}`;
        tell();
      },
      onProgress: ({ folds, of, leftMs }) => {
        const spentMs = elapsedMs() - beganAt;
        const share = leftMs === null ? folds / of : spentMs / Math.max(1, spentMs + leftMs);
        under.progress = Math.max(under.progress, Math.min(0.99, share));
        plan.raceEndsAt(leftMs === null ? null : elapsedMs() + leftMs);
        tell();
      },
    });
    work.entries = race.entries;
    const compared = comparable(race, data, metric);
    work.data = compared.data;
    work.blend = cheapBlend(
      context,
      chooseBlend(compared.data, cheapEnough(context, compared.entries), metric),
    );
    expectLater(
      context,
      work.blend.parts.map(({ entry }) => entry),
    );
    report({ type: "facts", facts: facts(context, race.ended) });
    if (work.blend.parts.length > 1) report({ type: "candidate", candidate: blendCandidate(context) });
    report({
      type: "progress",
      progress: 1,
      note: `${plural(race.entries.length, "candidate")} scored`,
    });
  },
};

/** Learners that were named and cannot learn from this data; it is an error where none can. */
function refuseUnfit(context: Context, candidateConfigs: CandidateConfig[]): void {
  const named = left(context.work, "data").choice?.learners ?? [];
  const unfit = named.filter((name) => !candidateConfigs.some((config) => learnerOf(config) === name));
  for (const name of unfit) {
    const message = `${LEARNERS[name].label} was not tried: ${UNFIT}.`;
    if (unfit.length === named.length)
      throw new AppError("invalid", `${LEARNERS[name].label} cannot learn from this data: ${UNFIT}.`, {
        column: "learners",
        fix: "Add another learner, such as boosting.",
      });
    reportFinding(context, { code: "learner_unfit", severity: "warning", column: null, message, fix: null });
  }
}

const UNFIT = "it reads no free text, and only so many rows, columns and classes";

/** The model is saved and read back: once as it was tested, beside calibration and threshold, and once as it is served. */
const SAVING_MS = { fixed: 5, aTree: 0.016 };
const VALIDATION_MS = 15;
/** Trees per prediction, before a candidate is scored. */
const USUAL_TREES = 3000;
/** Trees in a typical ensemble. */
const LIKELY_PARTS = 3;

/** Until the race knows what the model would consist of; null while only linear models are scored. */
function bestSoFar({ work }: Context, scored: Entry[]): Entry[] | null {
  const { metric } = left(work, "loaded");
  const rivals = scored.filter((entry) => isRival(entry) && entry.folds.length > 0);
  if (rivals.every(({ candidateConfig }) => candidateConfig.family === "linear")) return null;
  const score = (entry: Entry) => meanGoodness(entry, entry.folds.length, metric);
  return rivals.sort((a, b) => score(b) - score(a)).slice(0, LIKELY_PARTS);
}

/** Updates the plan with what follows the race if these make up the model; null: not known yet. */
function expectLater(context: Context, likely: readonly Entry[] | null): void {
  const plan = planOf(context);
  const parts = (likely ?? []).filter((entry) => isRival(entry) && entry.folds.length > 0);
  const { once, folds: dealt } = left(context.work, "data");
  // At the end only the folds on which all were compared count.
  const members = Math.min(dealt.length, Math.max(once, ...parts.map(({ folds }) => folds.length)));
  const trees = parts.map(({ folds }) => meanCost(folds) * members).reduce((sum, cost) => sum + cost, 0);
  const cost = likely ? Math.min(MOST_TREES, trees) : USUAL_TREES;
  expectEvaluation(context, cost);
  const savingMs = SAVING_MS.fixed + SAVING_MS.aTree * cost;
  const validationMs = VALIDATION_MS + savingMs;
  plan.expect("Model validation", {
    usualMs: validationMs + heldMs(left(context.work, "data")),
    leastMs: validationMs,
  });
  plan.expect("saving", { usualMs: savingMs, leastMs: savingMs });
  expectTraining(
    context,
    parts.map((entry) => ({ entry })),
  );
  // Bags are thinned until the model is cheap enough.
  const kept = Math.max(2, Math.round(members * Math.min(1, MOST_TREES / Math.max(1, trees))));
  expectLikelyRefit(context, likely && likelyLearners(context, parts, kept));
}

/**
 * Cost of learning the spread of numbers by row and cell, and of reading it for the other rows; of calibrating classes
 * by cell.
 */
const SPREAD_MS = { row: 0.02, cell: 0.001, read: 0.011 };
const CALIBRATION_MS_A_CELL = 0.003;

/** Cost of what is learned from cross-validated predictions. */
function heldMs({ target, rows, encoded }: TrainingData): number {
  if (target.task !== "regression")
    return CALIBRATION_MS_A_CELL * Math.min(MOST_CELLS, rows.length * target.classes.length);
  const learned = Math.min(MOST_SPREAD_ROWS, rows.length);
  const others = Math.min(MOST_BOUND_ROWS, rows.length) - learned;
  const aRow = SPREAD_MS.row + SPREAD_MS.cell * encoded.samples.features.length;
  return aRow * learned + SPREAD_MS.read * others;
}

const meanCost = (folds: ScoredFold[]) =>
  folds.reduce((sum, { member }) => sum + costOf(member), 0) / folds.length;

/** With a few hundred rows, training finishes before a thread has started. */
const LEAST_ROWS_FOR_THREADS = 200;

/** Threads that hold the data, or this one alone. */
function openPool(
  { work, stop, elapsedMs, ...rest }: Context,
  data: TrainingData,
  candidateConfigs: CandidateConfig[],
) {
  const controls = { stop, elapsedMs, checkpoint: checkpointOf({ work, stop, elapsedMs, ...rest }) };
  const open = data.rows.length < LEAST_ROWS_FOR_THREADS ? null : work.openPool;
  return open ? open(data, candidateConfigs, controls) : ownThread(data, candidateConfigs, controls);
}

/**
 * The data with the folds that candidates are compared on, and the entries that answered on all of these: as many
 * as every contender has done. Where the time was too short for the likely winner, the folds
 * that it did.
 */
function comparable(
  { entries, contenders }: Pick<RaceResult, "entries" | "contenders">,
  data: TrainingData,
  metric: MetricName,
): { data: TrainingData; entries: Entry[] } {
  const rivals = entries.filter((entry) => entry.candidateConfig.family !== "baseline");
  const finished = contenders.map((entry) => entry.folds.length).filter((folds) => folds >= data.once);
  const likely = rivals.length > 0 ? likelyWinner(rivals, metric) : entries[0];
  const folds = likely.folds.length < data.once ? likely.folds.length : comparedFolds(finished, data.once);
  const compared = entries.filter((entry) => entry.folds.length >= folds);
  return { data: { ...data, folds: data.folds.slice(0, folds) }, entries: compared };
}

/** As many as all have done, unless a deal holds too few of them to settle its rounds. */
function comparedFolds(finished: readonly number[], once: number): number {
  const folds = Math.max(once, Math.min(...(finished.length > 0 ? finished : [once])));
  return folds % once < LEAST_REPEATS ? folds - (folds % once) : folds;
}

/** The best among those with at least half as many folds as the most advanced. */
function likelyWinner(rivals: Entry[], metric: MetricName): Entry {
  const farthest = Math.max(...rivals.map((entry) => entry.folds.length));
  const near = rivals.filter((entry) => entry.folds.length >= farthest / 2);
  const score = (entry: Entry) => goodness(metric, spread(entry.folds.map((fold) => fold.score)).score);
  return near.reduce((best, entry) => (score(entry) > score(best) ? entry : best));
}

/** Mean squared error or log loss of the baseline, drawn beside the learning curve. */
function baselineLoss(data: TrainingData, fold: { train: Int32Array; valid: Int32Array }): number {
  const response = guess(data.target, fold.train);
  let sum = 0;
  for (const row of fold.valid) {
    const truth = data.target.values[row];
    sum +=
      data.target.task === "regression"
        ? (truth - response[0]) ** 2
        : -Math.log(Math.max(response[truth], 1e-12));
  }
  return sum / fold.valid.length;
}

function shownLoss(data: TrainingData): { metric: string; of: (loss: number) => number } {
  if (data.target.task === "regression") return { metric: "rmse", of: Math.sqrt };
  return { metric: "log_loss", of: (loss) => loss };
}

/** If no fold can compute the run's metric, candidates are compared by one that is always defined. */
function measurableMetric(context: Context, data: TrainingData): MetricName {
  const loaded = left(context.work, "loaded");
  const { metric } = loaded;
  if (toldFolds(data, metric).some(Boolean)) return metric;
  loaded.metric = data.target.task === "regression" ? "mae" : "log_loss";
  const message = `${METRICS[metric].label} cannot be measured on so few rows of each kind; candidates are compared by ${METRICS[loaded.metric].label} instead.`;
  reportFinding(context, {
    code: "metric_unmeasurable",
    severity: "warning",
    column: null,
    message,
    fix: null,
  });
  return loaded.metric;
}

/** By fold, whether the metric is defined for its rows: it is not in a fold without a rare class. */
const toldFolds = (data: TrainingData, metric: MetricName): boolean[] =>
  data.folds.map(({ valid }) => canMeasure(metric, data.target, valid));

/** A candidate as shown: scores of the folds on which the metric is defined, or of all if there are none yet. */
function candidateOf(entry: Entry, isTold: readonly boolean[]): Candidate {
  const foldScores = measuredScores(
    entry.folds.map((fold) => fold.score),
    isTold,
  );
  return {
    name: entry.candidateConfig.name,
    family: entry.candidateConfig.family,
    ...spread(foldScores),
    foldScores,
    params: entry.candidateConfig.params,
    durationMs: durationOf(entry),
  };
}

const durationOf = (entry: Entry) => entry.folds.reduce((sum, fold) => sum + fold.durationMs, 0);

function blendScores(work: Work): number[] {
  const { metric } = left(work, "loaded");
  return measuredScores(left(work, "blend").foldScores, toldFolds(left(work, "data"), metric));
}

function measuredScores(scores: number[], isTold: readonly boolean[]): number[] {
  const measured = scores.filter((_, fold) => isTold[fold]);
  return measured.length > 0 ? measured : scores;
}

function spread(scores: number[]): { score: number; std: number } {
  const score = scores.reduce((sum, value) => sum + value, 0) / scores.length;
  const variance = scores.reduce((sum, value) => sum + (value - score) ** 2, 0) / scores.length;
  return { score, std: Math.sqrt(variance) };
}

function blendCandidate({ work }: Context): Candidate {
  const { parts } = left(work, "blend");
  const foldScores = blendScores(work);
  return {
    name: `Ensemble of ${parts.length}`,
    family: "ensemble",
    ...spread(foldScores),
    foldScores,
    params: Object.fromEntries(parts.map(({ entry, weight }) => [entry.candidateConfig.name, weight])),
    durationMs: parts.reduce((sum, { entry }) => sum + durationOf(entry), 0),
  };
}

function facts({ work }: Context, ended: string): Record<string, unknown> {
  const { metric } = left(work, "loaded");
  const { parts } = left(work, "blend");
  return {
    metric,
    better: METRICS[metric].better,
    folds: left(work, "data").folds.length,
    ended,
    chosen: parts.map(({ entry, weight }) => ({ name: entry.candidateConfig.name, weight })),
    ...spread(blendScores(work)),
  };
}
