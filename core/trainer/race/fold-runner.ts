/**
 * Chooses the next fold to run, and when to stop. Folds are given out in order and their answers taken in that order,
 * whoever ran them: the result of one thread is that of many. The clock only decides whether another fold begins and
 * when a fit must end; with a budget of rounds it decides nothing.
 */
import type { RoundReport } from "../learners/trees/boosting.ts";
import type { MetricName } from "../metrics/index.ts";
import { type Entry, isPerfect, isRival, outcomeOf, type ScoredFold, scoreOf } from "./entry.ts";
import type { FoldDone, FoldJob } from "./fold-job.ts";
import { raceLeftMs } from "./forecast.ts";
import { answersByOthersRounds, keepsTrail } from "./settled-rounds.ts";
import type { TrainingData } from "./training-data.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface RunnerOptions {
  metric: MetricName;
  /** On the clock of `elapsedMs`; without effect where rounds are budgeted. */
  deadlineMs: () => number;
  elapsedMs: () => number;
  /** Rounds and trees in all; with it the clock has no say. */
  budgetRounds: number | null;
  stop: AbortSignal;
  onScored: (entry: Entry) => Promise<void>;
  /** Rounds of the first fold of each candidate. */
  onRound: (report: RoundReport & { entry: Entry }) => void;
  /** `leftMs`: what the race will still take; null while nothing is known. */
  onProgress: (done: { folds: number; of: number; leftMs: number | null }) => void;
  /** A fold begins: which of the deal it is, counted from 1. */
  onFold: (begun: { entry: Entry; fold: number; of: number }) => void;
  /** Folds scored before an interruption, by the recipe's name: they were paid for then. */
  saved: Map<string, ScoredFold[]>;
}

/** Where rounds are budgeted, no candidate may use more than a third of them over all folds. */
const ROUNDS_SHARE = 3;
const LEAST_ROUNDS = 10;
const MOST_ROUNDS = 4000;

/** What the first fit gets, however late it is. */
const LEAST_MS = 500;

/** A fit without rounds costs something, too. */
const countedRounds = (rounds: number) => Math.max(1, rounds);

interface Slot {
  entry: Entry;
  fold: number;
}

type Settled = { done: FoldDone | null } | { error: unknown };

/** Runs folds while there is budget; remembers why it ended. */
export class FoldRunner {
  ended: "perfect" | "time" | "rounds" | "stopped" | null = null;
  private rounds = 0;
  private done = 0;
  private longestMs = 0;
  private planned: Entry[] = [];
  private leaders: readonly Entry[] = [];
  private rungs: readonly number[] = [];
  private readonly seen = new Set<Entry>();

  constructor(
    private readonly data: TrainingData,
    private readonly pool: WorkerPool,
    private readonly options: RunnerOptions,
  ) {
    for (const folds of options.saved.values())
      for (const fold of folds) this.rounds += countedRounds(fold.rounds);
    if (options.saved.size > 0) pool.spare();
  }

  /** Names the entries that are still in the race, and the rungs ahead of them; the others will get no further fold. */
  plan(field: Entry[], rungs: readonly number[], leaders: readonly Entry[] = []): void {
    this.planned = [...leaders, ...field];
    this.leaders = leaders;
    this.rungs = rungs;
  }

  /**
   * What the race will still take: by what is planned, and never longer than it may. Null until each has met a fold or
   * half of the time is over: what the quick ones cost says nothing about the slow ones.
   */
  private leftMs(): number | null {
    const { deadlineMs, elapsedMs, budgetRounds } = this.options;
    if (![...this.seen].some(isRival)) return null;
    const isWinning = (entry: Entry) =>
      isRival(entry) && isPerfect(entry, Number.POSITIVE_INFINITY, this.options.metric);
    // Where nobody can do better the others are not tried.
    const isWon = this.leaders.some((entry) => entry.folds.length > 0 && isWinning(entry));
    const field = isWon ? [] : this.planned.filter((entry) => !this.leaders.includes(entry));
    const isLate = budgetRounds === null && elapsedMs() > deadlineMs() / 2;
    if (!isLate && field.some((entry) => entry.folds.length === 0)) return null;
    const ahead = { leaders: this.leaders, field, rungs: this.rungs, once: this.data.once };
    const planned = raceLeftMs(ahead, [...this.seen]) / this.pool.size;
    return budgetRounds === null ? Math.min(planned, Math.max(0, deadlineMs() - elapsedMs())) : planned;
  }

  /** The first of the entries, as many as can meet every fold once in the time there is; at least one. */
  affordable(entries: Entry[]): Entry[] {
    const { deadlineMs, elapsedMs, budgetRounds } = this.options;
    if (budgetRounds !== null) return entries;
    let leftMs = (deadlineMs() - elapsedMs()) * this.pool.size;
    return entries.filter((entry, i) => {
      const costMs = (this.data.once - entry.folds.length) * this.expectedMs(entry);
      if (i > 0 && costMs > leftMs) return false;
      leftMs -= costMs;
      return true;
    });
  }

  /** Each entry's folds up to `upTo`, as far as the budget goes; each entry is told when it is through. */
  async advance(entries: Entry[], upTo: number): Promise<void> {
    const slots = entries.flatMap((entry) =>
      Array.from({ length: Math.max(0, upTo - entry.folds.length) }, (_, i) => ({
        entry,
        fold: entry.folds.length + i,
      })),
    );
    const barred = new Set<Entry>();
    const pending: { slot: Slot; settled: Promise<Settled> }[] = [];
    for (const [i, slot] of slots.entries()) {
      pending.push({ slot, settled: this.begin(slot, barred) });
      const isLast = i === slots.length - 1;
      while (pending.length > (isLast ? 0 : 2 * this.pool.size - 1)) {
        const { slot: oldest, settled } = pending.shift()!;
        await this.take(oldest, await settled, barred);
        if (oldest.fold === upTo - 1) await this.tell(oldest.entry);
      }
    }
    for (const entry of entries) await this.tell(entry);
  }

  private begin(slot: Slot, barred: Set<Entry>): Promise<Settled> {
    const task = {
      job: () => (barred.has(slot.entry) || !this.mayBegin(slot) ? null : this.jobOf(slot)),
      onRound: (report: RoundReport) => this.options.onRound({ ...report, entry: slot.entry }),
    };
    return this.pool.run(task).then(
      (done) => ({ done }),
      (error: unknown) => ({ error }),
    );
  }

  /** In the order of the slots. What ran ahead of a budget of rounds that had been used up by then does not count. */
  private async take({ entry, fold }: Slot, settled: Settled, barred: Set<Entry>): Promise<void> {
    if ("error" in settled) throw settled.error;
    const { done } = settled;
    if (barred.has(entry)) return;
    if (!done || this.areRoundsUsed(entry, fold)) {
      barred.add(entry);
      if (done) this.ended = "rounds";
      return;
    }
    this.rounds += countedRounds(done.rounds);
    if (done.supervised) this.data.supervised[fold] = done.supervised;
    const { member, response, durationMs, rounds, trail } = done;
    const score = this.score(fold, response);
    entry.folds.push({ member, response, score, durationMs, rounds, trail });
    this.settle(entry);
    entry.told = false;
    this.seen.add(entry);
    this.done++;
    if (isRival(entry)) this.pool.spare();
    if (entry.candidateConfig.family !== "linear") this.longestMs = Math.max(this.longestMs, durationMs);
    this.options.onProgress({ folds: this.done, of: this.done + this.toDo(), leftMs: this.leftMs() });
  }

  private async tell(entry: Entry): Promise<void> {
    if (entry.told || entry.folds.length === 0) return;
    entry.told = true;
    await this.options.onScored(entry);
  }

  private toDo(): number {
    return this.planned.reduce((sum, entry) => sum + this.data.folds.length - entry.folds.length, 0);
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

  /** Guessing is always scored. */
  private mayBegin(slot: Slot): boolean {
    if (!isRival(slot.entry)) return true;
    this.ended = this.reasonToEnd(slot);
    return this.ended === null;
  }

  private reasonToEnd({ entry, fold }: Slot): FoldRunner["ended"] {
    const { options } = this;
    // With no time at all, one quick fit is still better than guessing.
    if (this.isFirst(entry, fold)) return null;
    if (options.stop.aborted) return "stopped";
    if (options.budgetRounds !== null) return this.areRoundsUsed(entry, fold) ? "rounds" : null;
    return options.elapsedMs() + 0.8 * this.expectedMs(entry) > options.deadlineMs() ? "time" : null;
  }

  private isFirst(entry: Entry, fold: number): boolean {
    return !this.pool.isSpare() && entry.candidateConfig.family === "linear" && fold === 0;
  }

  /** A deal of folds that was begun is ended, whatever it costs: at most a third of the budget over all. */
  private areRoundsUsed(entry: Entry, fold: number): boolean {
    const { budgetRounds } = this.options;
    if (budgetRounds === null || !isRival(entry)) return false;
    return fold % this.data.once === 0 && this.rounds >= budgetRounds;
  }

  /** As long as its last fold; a newcomer as long as the longest of all so far; a linear one hardly takes any. */
  private expectedMs(entry: Entry): number {
    const last = entry.folds[entry.folds.length - 1];
    if (last) return last.durationMs;
    return entry.candidateConfig.family === "linear" ? 0 : this.longestMs;
  }

  private jobOf({ entry, fold }: Slot): FoldJob {
    const { once } = this.data;
    this.options.onFold({ entry, fold: (fold % once) + 1, of: once });
    return {
      candidateConfig: entry.candidateConfig.name,
      fold,
      maxRounds: this.maxRounds(),
      keepsTrail: keepsTrail(this.data, entry.candidateConfig),
      hearsRounds: fold === 0,
      endsAtMs: this.endOf(entry, fold),
    };
  }

  private maxRounds(): number {
    const { budgetRounds } = this.options;
    if (budgetRounds === null) return MOST_ROUNDS;
    return Math.max(LEAST_ROUNDS, Math.ceil(budgetRounds / (ROUNDS_SHARE * this.data.folds.length)));
  }

  /** When this fit must end: the folds still to come must have as much time. */
  private endOf(entry: Entry, fold: number): number {
    const { options, data } = this;
    if (options.budgetRounds !== null || !isRival(entry)) return Number.POSITIVE_INFINITY;
    const now = options.elapsedMs();
    const left = Math.max(1, Math.ceil((data.once - fold) / this.pool.size));
    const share = fold === 0 && left > 1 ? 0.7 / left : 1 / left;
    const least = this.isFirst(entry, fold) ? LEAST_MS : 0;
    return now + Math.max(least, (options.deadlineMs() - now) * share);
  }
}
