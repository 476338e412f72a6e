/**
 * Estimates what folds cost, and how long the rest of a race takes. A fold costs what the candidate's own folds did; an
 * untried candidate costs what its kind of learner takes for this much data, scaled by this machine's measured speed.
 * The rungs still ahead are simulated with as many entries as each lets through.
 */
import type { MetricName } from "../metrics/index.ts";
import { type Entry, isRival, meanGoodness } from "./entry.ts";
import { usualFitMs } from "./fit-cost.ts";
import type { TrainingData } from "./training-data.ts";

/** A fold to run. */
export interface Slot {
  entry: Entry;
  fold: number;
}

/** Folds `from` up to but not including `upTo`. */
export const slotsOf = (entry: Entry, from: number, upTo: number): Slot[] =>
  Array.from({ length: Math.max(0, upTo - from) }, (_, i) => ({ entry, fold: from + i }));

/** What is still to come, as the race sees it. */
export interface Ahead {
  /** Entries that run every fold once, whatever the others do. */
  leaders: readonly Entry[];
  /** The other entries still in the race. */
  field: readonly Entry[];
  /** Folds that each entry runs, rung by rung, lowest first; below `telling` nobody leaves. */
  rungs: readonly number[];
  telling: number;
}

/** Front runners, the linear leader and others that an ensemble would take: these repeat folds. */
const CONTENDERS = 4;
/** The best of each family stays together with the better half. */
const SPARED = 1;
/** A first fold also warms up its code: the share of it that later ones take, until that is measured. */
const USUAL_WARMTH = 0.8;
/** This many folds show what later ones take. */
const FOLDS_SEEN = 3;

export class FoldCosts {
  constructor(
    private readonly data: TrainingData,
    private readonly entries: readonly Entry[],
  ) {}

  /** Milliseconds of one thread that an entry's next fold takes. */
  of(entry: Entry): number {
    const { folds } = entry;
    if (folds.length > 1) return meanOf(folds.slice(1));
    if (folds.length === 1) return this.warmthOf(entry) * folds[0].durationMs;
    return this.scaleFor(entry) * this.usual(entry);
  }

  /** Cost of later folds relative to a first one, as measured: in the same family if possible, else over all. */
  private warmthOf({ candidateConfig: { family } }: Entry): number {
    const seen = this.entries.filter((entry) => isRival(entry) && entry.folds.length >= FOLDS_SEEN);
    const own = seen.filter(({ candidateConfig }) => candidateConfig.family === family);
    const [of] = [own, seen].filter((some) => some.length > 0);
    if (!of) return USUAL_WARMTH;
    const firstMs = of.reduce((ms, { folds }) => ms + folds[0].durationMs, 0);
    const laterMs = of.reduce((ms, { folds }) => ms + meanOf(folds.slice(1)), 0);
    return firstMs > 0 ? Math.min(1, laterMs / firstMs) : USUAL_WARMTH;
  }

  /** Measured over usual cost: of the same family if measured, else of all. */
  private scaleFor({ candidateConfig: { family } }: Entry): number {
    const rivals = this.entries.filter((entry) => isRival(entry) && entry.folds.length > 0);
    const own = rivals.filter(({ candidateConfig }) => candidateConfig.family === family);
    // Linear models finish before anything is known about the heavier ones.
    const heavy = rivals.filter(({ candidateConfig }) => candidateConfig.family !== "linear");
    const [of] = [own, heavy, rivals].filter((some) => some.length > 0);
    if (!of) return 1;
    const measured = of.reduce((ms, entry) => ms + this.of(entry), 0);
    return measured / of.reduce((ms, entry) => ms + this.usual(entry), 0);
  }

  private readonly usual = ({ candidateConfig }: Entry): number => usualFitMs(this.data, candidateConfig);

  /** Milliseconds of one thread until all have run each fold once, including eliminated entries if time is left. */
  onceMs({ leaders, field }: Pick<Ahead, "leaders" | "field">): number {
    return this.wholeMs({ field: [...leaders, ...field], rungs: [this.data.once] });
  }

  /** Milliseconds of one thread for everything ahead. */
  leftMs(ahead: Ahead, metric: MetricName): number {
    return this.onceMs(ahead) + this.repeatsMs(ahead, metric);
  }

  /** For all repeats: of the entries that would repeat their folds on the scores so far, or of all, which is the most. */
  repeatsMs({ leaders, field, rungs }: Ahead, metric: MetricName | null): number {
    const { once } = this.data;
    const repeated = rungs.filter((rung) => rung > once).length * once;
    const rivals = [...leaders, ...field].filter(isRival);
    const score = (entry: Entry) =>
      metric && entry.folds.length
        ? meanGoodness(entry, entry.folds.length, metric)
        : Number.NEGATIVE_INFINITY;
    const repeating = metric ? rivals.sort((a, b) => score(b) - score(a)).slice(0, CONTENDERS) : rivals;
    return repeated * repeating.reduce((sum, entry) => sum + this.of(entry), 0);
  }

  /** If all of them run all folds ahead. */
  wholeMs({ field, rungs }: Pick<Ahead, "field" | "rungs">): number {
    const upTo = rungs.at(-1) ?? 0;
    return field.reduce((sum, entry) => sum + Math.max(0, upTo - entry.folds.length) * this.of(entry), 0);
  }

  /** Until every entry that is let through has run each fold once. */
  fieldMs({ field, rungs, telling }: Omit<Ahead, "leaders">): number {
    const { once } = this.data;
    const left = field.map((entry) => ({ folds: entry.folds.length, ms: this.of(entry) }));
    let sum = 0;
    let share = 1;
    for (const rung of rungs.filter((folds) => folds <= once)) {
      for (const entry of left) {
        sum += share * Math.max(0, rung - entry.folds) * entry.ms;
        entry.folds = Math.max(entry.folds, rung);
      }
      const staying = left.length * share;
      if (rung >= telling) share *= Math.min(1, (Math.ceil(staying / 2) + SPARED) / Math.max(1, staying));
    }
    return sum;
  }
}

const meanOf = (folds: readonly { durationMs: number }[]) =>
  folds.reduce((sum, { durationMs }) => sum + durationMs, 0) / folds.length;
