/**
 * Chooses the next fold to run, and when to stop. Folds are started in order and their results taken in that order,
 * whichever thread ran them: one thread gives the same result as many. With a budget of rounds the clock has no say.
 */
import type { RoundReport } from "../learners/trees/boosting.ts";
import type { MetricName } from "../metrics/index.ts";
import { type Entry, isPerfect, isRival, type ScoredFold } from "./entry.ts";
import { type FoldDone, type FoldJob, keepSupervised } from "./fold-job.ts";
import { type Ahead, FoldCosts, type Slot, slotsOf } from "./forecast.ts";
import { keepsTrail, scoreFold, settleDeal } from "./settled-rounds.ts";
import type { TrainingData } from "./training-data.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface RunnerOptions {
  metric: MetricName;
  /** On the clock of `elapsedMs`; without effect if rounds are budgeted. */
  deadlineMs: () => number;
  elapsedMs: () => number;
  /** Total of rounds and trees; with it the clock has no say. */
  budgetRounds: number | null;
  stop: AbortSignal;
  onScored: (entry: Entry) => Promise<void>;
  /** Called per round of each candidate's first fold. */
  onRound: (report: RoundReport & { entry: Entry }) => void;
  /** `leftMs`: how long the race will still take; null while unknown. */
  onProgress: (done: { folds: number; of: number; leftMs: number | null }) => void;
  /** What the model would consist of if the race ended now. */
  onLikely: (entries: Entry[]) => void;
  /** A fold starts: its number within the deal, from 1. */
  onFold: (begun: { entry: Entry; fold: number; of: number }) => void;
  /** Folds scored before an interruption, by the candidate's name: they were paid for then. */
  saved: Map<string, ScoredFold[]>;
}

/** With a budget of rounds, no candidate may use more than a third of it over all folds. */
const ROUNDS_SHARE = 3;
const LEAST_ROUNDS = 10;
const MOST_ROUNDS = 4000;

/** The time the first fit gets, however late it is. */
const LEAST_MS = 500;

/** A fit without rounds costs something, too. */
const countedRounds = (rounds: number) => Math.max(1, rounds);

/** A fit that has to end early is worth something, too. */
const CUT_FIT = 1.3;
/** With a single fold, this share of a fit is enough. */
const CUT_SHARE = 0.4;
/** After this share of the time the race's duration is estimated, even if some candidates are untried. */
const BOUND_SHARE = 0.27;
/** Repeats take about such a part of the time that one deal of the folds takes. */
const REPEATS_SHARE = 0.6;

/** Of a deal that is repeated in part: the rounds that a fold keeps are settled by the others of its deal. */
export const LEAST_REPEATS = 2;
/** A repeated fold is one more member to retrain at the end: in this many batches it is decided anew what is possible. */
const BATCHES = 3;

type Settled = { done: FoldDone | null } | { error: unknown };

/** Runs folds while there is budget; remembers why it ended. */
export class FoldRunner {
  ended: "perfect" | "rounds" | "stopped" | null = null;
  /** True if something was left out for lack of time. */
  private isShort = false;
  /** Candidates that started beside the leaders, and those too expensive for the time there is. */
  private readonly looked = new Set<Entry>();
  private readonly refused = new Set<Entry>();
  private rounds = 0;
  private done = 0;
  /** Of all threads, since the race began. */
  private usedMs = 0;
  private ahead: Ahead = { leaders: [], field: [], rungs: [], telling: 1 };
  /** When the race plans to end, by the clock: its choices are made to fit. */
  private endsAt: number | null = null;
  /** True once nothing more will be chosen: only the planned folds remain. */
  private isFinal = false;
  /** A linear model if one is tried, else the first candidate. */
  private readonly quickest: Entry | undefined;
  private readonly beganAt: number;
  private readonly costs: FoldCosts;

  constructor(
    private readonly data: TrainingData,
    private readonly pool: WorkerPool,
    private readonly options: RunnerOptions,
    private readonly entries: readonly Entry[],
  ) {
    for (const folds of options.saved.values())
      for (const fold of folds) this.rounds += countedRounds(fold.rounds);
    if (options.saved.size > 0) pool.spare();
    const rivals = entries.filter(isRival);
    this.quickest = rivals.find(({ candidateConfig }) => candidateConfig.family === "linear") ?? rivals[0];
    this.beganAt = options.elapsedMs();
    this.costs = new FoldCosts(data, entries);
  }

  get reason(): "all scored" | "perfect" | "time" | "rounds" | "stopped" {
    return this.ended ?? (this.isShort ? "time" : "all scored");
  }

  get isTimed(): boolean {
    return this.options.budgetRounds === null;
  }

  /** Names the entries that are still in the race, and the rungs ahead of them; the others get no further fold. */
  plan(ahead: Ahead): void {
    this.ahead = ahead;
  }

  /** Every candidate was tried: the race now plans to end at the present estimate, and to use the time until then. */
  settleEnd(): void {
    if (!this.isTimed) return;
    const { elapsedMs, metric } = this.options;
    const now = elapsedMs();
    const repeatsMs = this.costs.repeatsMs(this.ahead, metric);
    const onceMs = this.costs.onceMs(this.ahead) / this.pool.size;
    // Which entries repeat the folds is not known yet: time for it is reserved in any case, and used by others if some
    // is left, as far as they have folds to repeat.
    const least = Math.min(
      REPEATS_SHARE * (now - this.beganAt + onceMs),
      this.costs.repeatsMs(this.ahead, null) / this.pool.size,
    );
    this.endsAt = now + onceMs + Math.max(least, repeatsMs / this.pool.size);
  }

  /** How long the race will still take; null while the cost of untried candidates is unknown. */
  private leftMs(): number | null {
    const { deadlineMs, elapsedMs, metric } = this.options;
    if (!this.entries.some((entry) => isRival(entry) && entry.folds.length > 0)) return null;
    const now = elapsedMs();
    const winner = this.ahead.leaders.find((entry) => this.isWinning(entry));
    const ahead = winner ? { ...this.ahead, leaders: [winner], field: [], rungs: [] } : this.ahead;
    const ofAll = this.isFinal ? this.costs.wholeMs(ahead) : this.costs.leftMs(ahead, metric);
    const planned = ofAll / this.pool.size;
    if (!this.isTimed) return ahead.field.some((entry) => entry.folds.length === 0) ? null : planned;
    const toDeadline = Math.max(0, deadlineMs() - now);
    if (winner || this.isFinal || this.data.once === 1) return Math.min(planned, toDeadline);
    if (this.endsAt !== null) {
      const toEnd = Math.max(0, this.meansToEndAt() - now);
      // The entries that repeat folds may have none left before that.
      return ahead.leaders.length > 0
        ? toEnd
        : Math.min(toEnd, this.costs.wholeMs(ahead) / this.threadsUsed(now));
    }
    const field = ahead.field.filter((entry) => !this.refused.has(entry));
    const isSure =
      field.every((entry) => entry.folds.length > 0) ||
      now - this.beganAt > BOUND_SHARE * (deadlineMs() - this.beganAt);
    return isSure
      ? Math.min(toDeadline, this.costs.leftMs({ ...ahead, field }, metric) / this.pool.size)
      : null;
  }

  /** On average so far: a thread waits where the next choice needs every result. */
  private threadsUsed(now: number): number {
    return Math.min(this.pool.size, Math.max(1, this.usedMs / Math.max(1, now - this.beganAt)));
  }

  /** Perfect on its folds so far: the others need not be tried. */
  isWinning(entry: Entry): boolean {
    if (!isRival(entry) || entry.folds.length < Math.min(this.ahead.telling, this.data.once)) return false;
    return isPerfect(entry, entry.folds.length, this.options.metric);
  }

  /**
   * As many of the wanted entries, in order, as can run the folds ahead in the time there is; then as many others as
   * fit. With a budget of rounds, all wanted.
   */
  affordable(wanted: readonly Entry[], others: readonly Entry[], ahead: Omit<Ahead, "field">): Entry[] {
    if (!this.isTimed) return [...wanted];
    const spareMs = this.spareMs();
    const repeatsMs = ahead.rungs.some((rung) => rung > this.data.once)
      ? Math.max(
          this.costs.repeatsMs({ ...ahead, field: [...wanted] }, this.options.metric),
          (this.pool.size * REPEATS_SHARE * (this.meansToEndAt() - this.beganAt)) / (1 + REPEATS_SHARE),
        )
      : 0;
    const kept: Entry[] = [];
    const costWith = (entry: Entry) => this.costs.fieldMs({ ...ahead, field: [...kept, entry] });
    for (const entry of wanted) if (costWith(entry) <= spareMs) kept.push(entry);
    const cheapest = [...wanted].sort((a, b) => costWith(a) - costWith(b))[0];
    if (kept.length === 0 && cheapest && costWith(cheapest) <= CUT_FIT * spareMs) kept.push(cheapest);
    if (kept.length < wanted.length && this.isBound()) this.isShort = true;
    for (const entry of others) if (costWith(entry) <= spareMs - repeatsMs) kept.push(entry);
    return kept;
  }

  /**
   * Which entries repeat folds, and how many: all wanted ones or none, since they are compared on what all of them did;
   * then as many others as fit. By the clock a part of a deal is enough; a budget of rounds pays for whole ones.
   */
  repeatable(
    wanted: readonly Entry[],
    others: readonly Entry[],
    { from, to }: { from: number; to: number },
  ): { field: Entry[]; upTo: number } {
    if (!this.isTimed) return { field: [...wanted], upTo: to };
    const spareMs = this.spareMs();
    const costOf = (field: readonly Entry[]) => field.reduce((sum, entry) => sum + this.costs.of(entry), 0);
    const possible = Math.min(to - from, Math.floor(spareMs / Math.max(1, costOf(wanted))));
    const least = from % this.data.once === 0 ? LEAST_REPEATS : 1;
    if (from + possible < to && this.isBound()) this.isShort = true;
    if (possible < least) return { field: [], upTo: from };
    const folds = Math.max(least, Math.ceil(possible / BATCHES));
    const field = [...wanted];
    for (const entry of others) if (folds * costOf([...field, entry]) <= spareMs) field.push(entry);
    return { field, upTo: from + folds };
  }

  /** Nothing more is chosen from now on. */
  finish(): void {
    this.isFinal = true;
  }

  /** Milliseconds of all threads until the race plans to end. */
  private spareMs(): number {
    return (this.meansToEndAt() - this.options.elapsedMs()) * this.pool.size;
  }

  private meansToEndAt(): number {
    return Math.min(this.endsAt ?? Number.POSITIVE_INFINITY, this.options.deadlineMs());
  }

  private isBound(): boolean {
    return this.endsAt === null || this.endsAt >= this.options.deadlineMs();
  }

  /** Runs each entry's folds up to `upTo`, as far as the budget goes; an entry is reported when it is done. */
  async advance(entries: readonly Entry[], upTo: number): Promise<void> {
    await this.runSlots(entries.flatMap((entry) => slotsOf(entry, entry.folds.length, upTo)));
  }

  /** Folds after the first deal: by the clock fold by fold, so that all have about as many; with rounds deal by deal. */
  async repeat(entries: readonly Entry[], { from, upTo }: { from: number; upTo: number }): Promise<void> {
    if (this.isTimed) {
      const slots = entries.flatMap((entry) => slotsOf(entry, entry.folds.length, upTo));
      return this.runSlots(slots.sort((a, b) => a.fold - b.fold));
    }
    const { once } = this.data;
    for (let folds = from + once; folds <= upTo; folds += once) await this.advance(entries, folds);
  }

  /** Runs folds in this order, for entries that have the earlier ones; an entry is reported before the next one. */
  async runSlots(slots: readonly Slot[]): Promise<void> {
    const barred = new Set<Entry>();
    const pending: { slot: Slot; at: number; settled: Promise<Settled> }[] = [];
    for (const [i, slot] of slots.entries()) {
      pending.push({ slot, at: i, settled: this.begin(slot, barred) });
      const isLast = i === slots.length - 1;
      while (pending.length > (isLast ? 0 : 2 * this.pool.size - 1)) {
        const { slot: oldest, at, settled } = pending.shift()!;
        await this.take(oldest, await settled, barred);
        if (slots[at + 1]?.entry !== oldest.entry) await this.tell(oldest.entry);
      }
    }
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

  /** In slot order. Work that ran ahead of a used-up budget of rounds does not count. */
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
    keepSupervised(this.data, done);
    const { member, response, durationMs, preparedMs, rounds, trail } = done;
    const score = scoreFold(this.data, this.options.metric, { fold, response });
    entry.folds.push({ member, response, score, durationMs, preparedMs, rounds, trail });
    settleDeal(this.data, entry, this.options.metric);
    entry.told = false;
    this.done++;
    this.usedMs += durationMs;
    if (isRival(entry)) this.pool.spare();
    const winner = this.ahead.leaders.find((leader) => this.isWinning(leader));
    if (winner) this.options.onLikely([winner]);
    this.options.onProgress({ folds: this.done, of: this.done + this.toDo(), leftMs: this.leftMs() });
  }

  private async tell(entry: Entry): Promise<void> {
    if (entry.told || entry.folds.length === 0) return;
    entry.told = true;
    await this.options.onScored(entry);
  }

  private toDo(): number {
    const { leaders, field } = this.ahead;
    return [...leaders, ...field].reduce(
      (sum, entry) => sum + this.data.folds.length - entry.folds.length,
      0,
    );
  }

  /** The baseline is always scored. */
  private mayBegin(slot: Slot): boolean {
    if (!isRival(slot.entry)) return true;
    const reason = this.reasonToEnd(slot);
    if (reason === "time") this.isShort = true;
    else if (reason !== "perfect") this.ended = reason;
    return reason === null;
  }

  private reasonToEnd({ entry, fold }: Slot): FoldRunner["ended"] | "time" {
    const { options } = this;
    // With no time at all, one quick fit is still better than guessing.
    if (this.isFirst(entry, fold)) return null;
    if (options.stop.aborted) return "stopped";
    if (options.budgetRounds !== null) return this.areRoundsUsed(entry, fold) ? "rounds" : null;
    const { leaders, telling } = this.ahead;
    const isLeader = leaders.includes(entry);
    // A leader without any result may be ended early, and still be better than none.
    const part = isLeader && entry.folds.length === 0 ? 0 : this.data.once === 1 ? CUT_SHARE : 0.8;
    if (options.elapsedMs() + part * this.costs.of(entry) >= options.deadlineMs()) return "time";
    const winner = leaders.find((leader) => this.isWinning(leader));
    if (winner && winner !== entry && (!isLeader || fold >= telling)) return "perfect";
    return fold > 0 || isLeader || this.isAffordable(entry) ? null : "time";
  }

  /** One fold makes no model: a candidate starts only if it and those before it can finish every fold in time. */
  private isAffordable(entry: Entry): boolean {
    const { once } = this.data;
    if (once === 1) return true;
    const begun = this.costs.wholeMs({ field: this.ahead.leaders, rungs: [once] });
    const leftMs = (this.options.deadlineMs() - this.options.elapsedMs()) * this.pool.size;
    const field = [...this.looked, entry];
    if (this.costs.fieldMs({ ...this.ahead, field }) <= CUT_FIT * (leftMs - begun)) {
      this.looked.add(entry);
      return true;
    }
    this.refused.add(entry);
    return false;
  }

  private isFirst(entry: Entry, fold: number): boolean {
    return !this.pool.isSpare() && entry === this.quickest && fold === 0;
  }

  /** A deal of folds that has started is finished, whatever it costs: at most a third of the total budget. */
  private areRoundsUsed(entry: Entry, fold: number): boolean {
    const { budgetRounds } = this.options;
    if (budgetRounds === null || !isRival(entry)) return false;
    return fold % this.data.once === 0 && this.rounds >= budgetRounds;
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
