/**
 * What has one candidate of the race shown so far, and how is its next fold run?
 * Answers on held-out rows, a score a fold, the members that may become the model. The clock only decides whether
 * another fold begins and when a fit must end; with a budget of rounds it decides nothing.
 */
import { type Member, predictMember } from "../members.ts";
import type { Outcome } from "../metrics/outcome.ts";
import { METRICS, type MetricName } from "../metrics.ts";
import { decide, responseWidth } from "../response.ts";
import type { Checkpoint, Target } from "../samples.ts";
import type { FitJob, Recipe } from "./recipes.ts";
import { answersByOthersRounds, keepsTrail } from "./settled-rounds.ts";
import { foldRows, inputsOf, type TrainingData } from "./training-data.ts";

export interface ScoredFold {
  member: Member;
  /** Answers for the fold's validation rows, in their order: rows x width. */
  response: Float64Array;
  score: number;
  durationMs: number;
  /** Rounds or trees that were trained, those thrown away by early stopping included. */
  rounds: number;
  /** Margins of the validation rows after each round, until the folds of this deal have settled which one counts. */
  trail: Float64Array[] | null;
}

export interface Entry {
  recipe: Recipe;
  folds: ScoredFold[];
  /** Whether its present state was told. */
  told: boolean;
}

export function newEntry(recipe: Recipe, folds: ScoredFold[]): Entry {
  return { recipe, folds, told: false };
}

/** How the race's metric sees answers for some rows. */
export function outcomeOf(target: Target, rows: Int32Array, response: Float64Array): Outcome {
  const width = responseWidth(target);
  return {
    task: target.task,
    classes: target.classes.length,
    truth: Float64Array.from(rows, (row) => target.values[row]),
    values: decide(target.task, response, width),
    probabilities: target.task === "regression" ? null : response,
    weights: null,
  };
}

interface RunnerOptions {
  metric: MetricName;
  deadlineMs: number;
  elapsedMs: () => number;
  budgetRounds: number | null;
  stop: AbortSignal;
  checkpoint: Checkpoint;
  onRound: (report: { entry: Entry; fold: number; round: number; train: number; valid: number }) => void;
  onProgress: (done: { folds: number; of: number; entry: Entry }) => void;
  /** What was scored before an interruption was paid for then. */
  saved: Map<string, ScoredFold[]>;
}

/** The metric; what a guess gets where the fold cannot tell (one class only, the same number throughout). */
function scoreOf(metric: MetricName, outcome: Outcome): number {
  const score = METRICS[metric].measure(outcome);
  if (Number.isFinite(score)) return score;
  return metric === "roc_auc" ? 0.5 : 0;
}

/** Where rounds are budgeted, no candidate may use more than a third of them over all folds. */
const ROUNDS_SHARE = 3;
const LEAST_ROUNDS = 10;
const MOST_ROUNDS = 4000;

/** A fit without rounds costs something, too. */
const countedRounds = (rounds: number) => Math.max(1, rounds);

/** Runs folds while there is budget; remembers why it ended. */
export class FoldRunner {
  ended: "perfect" | "time" | "rounds" | "stopped" | null = null;
  private rounds = 0;
  /** Some candidate beside guessing has answered on every fold. */
  private finished = false;
  private done = 0;
  private boostingMs = 0;
  private planned: Entry[] = [];

  constructor(
    private readonly data: TrainingData,
    private readonly options: RunnerOptions,
  ) {
    for (const folds of options.saved.values())
      for (const fold of folds) this.rounds += countedRounds(fold.rounds);
  }

  /** Names the entries that are still in the race; the others will get no further fold. */
  plan(entries: Entry[]): void {
    this.planned = entries;
  }

  private toDo(): number {
    return this.planned.reduce((sum, entry) => sum + this.data.folds.length - entry.folds.length, 0);
  }

  /** Scores the entry's next fold; null where there is no budget for it. */
  async run(entry: Entry): Promise<ScoredFold | null> {
    const { options, data } = this;
    if (entry.recipe.family !== "baseline" && !this.mayBegin(entry)) return null;
    const fold = entry.folds.length;
    const startedAt = options.elapsedMs();
    let rounds = 0;
    const trail: Float64Array[] = [];
    const onMargins = keepsTrail(data, entry.recipe)
      ? (margins: Float64Array) => trail.push(margins)
      : undefined;
    const onRound: FitJob["onRound"] = (report) => {
      rounds = report.round;
      if (report.valid === null) return;
      options.onRound({ entry, fold, round: report.round, train: report.train, valid: report.valid });
    };
    const member = await this.fit(entry, startedAt, { onRound, onMargins });
    if (!member) return null;
    this.rounds += countedRounds(rounds);
    const valid = foldRows(data, fold).valid!;
    const response = predictMember(member, inputsOf(data), valid);
    const score = this.score(fold, response);
    const durationMs = Math.round(options.elapsedMs() - startedAt);
    const scored = { member, response, score, durationMs, rounds, trail: onMargins ? trail : null };
    entry.folds.push(scored);
    this.settle(entry);
    if (entry.folds.length === data.once && entry.recipe.family !== "baseline") this.finished = true;
    entry.told = false;
    this.done++;
    if (entry.recipe.family === "boosting") this.boostingMs = Math.max(this.boostingMs, durationMs);
    options.onProgress({ folds: this.done, of: this.done + this.toDo(), entry });
    return scored;
  }

  private score(fold: number, response: Float64Array): number {
    return scoreOf(this.options.metric, outcomeOf(this.data.target, this.data.folds[fold].valid, response));
  }

  /** Scores the folds of the deal under way again, each in the round that the others kept; the last drops the trails. */
  private settle(entry: Entry): void {
    const { once } = this.data;
    const from = Math.floor((entry.folds.length - 1) / once) * once;
    const deal = entry.folds.slice(from);
    answersByOthersRounds(deal).forEach((response, i) => {
      if (response) Object.assign(deal[i], { response, score: this.score(from + i, response) });
      if (deal.length === once) deal[i].trail = null;
    });
  }

  private mayBegin(entry: Entry): boolean {
    this.ended = this.reasonToEnd(entry);
    return this.ended === null;
  }

  private reasonToEnd(entry: Entry): FoldRunner["ended"] {
    const { options, data } = this;
    if (options.stop.aborted) return "stopped";
    if (options.budgetRounds !== null) {
      return entry.folds.length % data.once === 0 && this.rounds >= options.budgetRounds ? "rounds" : null;
    }
    return options.elapsedMs() + 0.8 * this.expectedMs(entry) > options.deadlineMs ? "time" : null;
  }

  /** As long as its last fold; a newcomer with trees as long as the longest of boosting so far. */
  private expectedMs(entry: Entry): number {
    const last = entry.folds[entry.folds.length - 1];
    if (last) return last.durationMs;
    return entry.recipe.family === "linear" ? 0 : this.boostingMs;
  }

  private maxRounds(): number {
    const { budgetRounds } = this.options;
    if (budgetRounds === null) return MOST_ROUNDS;
    return Math.max(LEAST_ROUNDS, Math.ceil(budgetRounds / (ROUNDS_SHARE * this.data.folds.length)));
  }

  /** Null where a stop came and something better than this half fit is there already. */
  private async fit(
    entry: Entry,
    startedAt: number,
    hear: Pick<FitJob, "onRound" | "onMargins">,
  ): Promise<Member | null> {
    const { options, data } = this;
    const endsAt = this.endOf(entry, startedAt);
    const limit = new AbortController();
    const checkpoint = async () => {
      await options.checkpoint();
      if (options.stop.aborted && this.finished) throw new GivenUp();
      if (options.stop.aborted || options.elapsedMs() >= endsAt) limit.abort();
    };
    const job = {
      fold: entry.folds.length,
      checkpoint,
      stop: limit.signal,
      maxRounds: this.maxRounds(),
      ...hear,
    };
    try {
      return await entry.recipe.fit(data, job);
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      this.ended = "stopped";
      return null;
    }
  }

  /** When this fit must end: the folds still to come must have as much time. */
  private endOf(entry: Entry, startedAt: number): number {
    const { options, data } = this;
    if (options.budgetRounds !== null) return Number.POSITIVE_INFINITY;
    const left = Math.max(1, data.once - entry.folds.length);
    const share = entry.folds.length === 0 && left > 1 ? 0.7 / left : 1 / left;
    return startedAt + Math.max(0, options.deadlineMs - startedAt) * share;
  }
}

/** Ends a fit that nobody needs any more. */
class GivenUp extends Error {}
