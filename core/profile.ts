/**
 * What is in each column? Counts, moments, quantiles, commonest values, gathered cell by cell in bounded memory while
 * the file streams by. Never keeps a column: 20,000 sampled numbers and 10,000 different values at most.
 */

import { isMissing } from "./csv/cells.ts";
import { parseDate } from "./csv/dates.ts";
import { Dictionary, hashBytes } from "./csv/dictionary.ts";
import { isIdName, settleWordType } from "./csv/infer.ts";
import { PLAIN_NUMBER, readNumber } from "./csv/numbers.ts";
import { DistinctEstimate, hashNumber, NumberCounts, Reservoir } from "./csv/sketch.ts";
import type { ColumnPlan, ColumnProfile, ColumnType } from "./csv/types.ts";

const SAMPLE_SIZE = 20_000;
const MAX_DISTINCT = 10_000;
const MAX_DISTINCT_TOTAL = 2_000_000;
const MAX_ARENA_TOTAL = 64 * 1024 * 1024;
/** A longer value is counted, not kept. */
const MAX_VALUE_BYTES = 4096;
const MAX_STRAYS = 200;
const TOP = 12;
const EXAMPLES = 5;
const BINS = 24;
const SHOWN_LENGTH = 200;

export interface ColumnAccumulator {
  readonly plan: ColumnPlan;
  /** Cells that do not fit the plan, by text, at most 200 of them. */
  readonly strays: Map<string, number>;
  strayCount: number;
  missing: number;
  add(bytes: Uint8Array, start: number, end: number): void;
  /** The type that the whole column has, now that it is known. */
  settle(position: number): ColumnType;
  profile(type: ColumnType): ColumnProfile;
}

/** `columns`: how many share the memory. */
export function accumulatorFor(plan: ColumnPlan, columns: number): ColumnAccumulator {
  const maxDistinct = Math.max(50, Math.min(MAX_DISTINCT, Math.floor(MAX_DISTINCT_TOTAL / columns)));
  if (plan.type === "number" || plan.type === "date")
    return new NumberAccumulator(plan, maxDistinct, columns);
  return new WordAccumulator(plan, maxDistinct, Math.max(16_384, Math.floor(MAX_ARENA_TOTAL / columns)));
}

const decoder = new TextDecoder();

function isBlankByte(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

class NumberAccumulator implements ColumnAccumulator {
  readonly strays = new Map<string, number>();
  strayCount = 0;
  missing = 0;
  private count = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private mean = 0;
  private squares = 0;
  private isWhole = true;
  private isSequence = true;
  private last = Number.NaN;
  private readonly examples: string[] = [];
  private readonly counts: NumberCounts;
  private estimate: DistinctEstimate | null = null;
  private readonly reservoir: Reservoir;

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    columns: number,
  ) {
    this.counts = new NumberCounts(maxDistinct);
    this.reservoir = new Reservoir(Math.max(500, Math.min(SAMPLE_SIZE, Math.floor(4_000_000 / columns))));
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) {
      this.missing++;
      return;
    }
    const value =
      this.plan.type === "number"
        ? readNumber(bytes, start, end, this.plan.number ?? PLAIN_NUMBER)
        : parseDate(decoder.decode(bytes.subarray(start, end)), this.plan.dateFormat ?? "");
    if (Number.isNaN(value)) this.addOther(bytes, start, end);
    else {
      if (this.examples.length < EXAMPLES && this.count < 50) this.addExample(bytes, start, end);
      this.addValue(value);
    }
  }

  private addValue(value: number): void {
    const count = ++this.count;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const delta = value - this.mean;
    this.mean += delta / count;
    this.squares += delta * (value - this.mean);
    if (this.isWhole && !Number.isInteger(value)) this.isWhole = false;
    if (this.isSequence && count > 1 && value !== this.last + 1) this.isSequence = false;
    this.last = value;
    const hash = hashNumber(value);
    if (!this.counts.add(value, hash)) this.estimateDistinct(hash);
    this.reservoir.add(value);
  }

  private estimateDistinct(hash: number): void {
    if (!this.estimate) {
      this.estimate = new DistinctEstimate();
      for (const { value } of this.counts.entries()) this.estimate.add(hashNumber(value));
    }
    this.estimate.add(hash);
  }

  private addExample(bytes: Uint8Array, start: number, end: number): void {
    const text = shown(decoder.decode(bytes.subarray(start, end)));
    if (!this.examples.includes(text)) this.examples.push(text);
  }

  /** A blank, a word for missing, or something that does not belong here. */
  private addOther(bytes: Uint8Array, start: number, end: number): void {
    this.missing++;
    const text = decoder.decode(bytes.subarray(start, Math.min(end, start + SHOWN_LENGTH))).trim();
    if (text === "" || isMissing(this.plan, text)) return;
    this.strayCount++;
    if (this.strays.has(text) || this.strays.size < MAX_STRAYS)
      this.strays.set(text, (this.strays.get(text) ?? 0) + 1);
  }

  private get distinct(): number {
    return this.estimate
      ? Math.max(this.counts.size, Math.min(this.count, this.estimate.estimate()))
      : this.counts.size;
  }

  settle(position: number): ColumnType {
    const { plan, count, isWhole, isSequence } = this;
    const isUnique = this.estimate ? this.distinct > 0.93 * count : this.distinct === count;
    if (plan.type !== "number" || count < 10 || !isWhole || !isUnique) return plan.type;
    const isNameless = /^(?:column_\d+|unnamed: \d+|index|x|)$/i.test(plan.name);
    return isIdName(plan.name) || (isSequence && (position === 0 || isNameless)) ? "id" : "number";
  }

  profile(type: ColumnType): ColumnProfile {
    const { plan, count, missing } = this;
    const isNumeric = (type === "number" || type === "date") && count > 0;
    const sorted = this.reservoir.sorted();
    return {
      name: plan.name,
      type,
      count: count + missing,
      missing,
      distinct: this.distinct,
      distinctExact: this.estimate === null,
      min: isNumeric ? this.min : null,
      max: isNumeric ? this.max : null,
      mean: isNumeric ? this.mean : null,
      std: isNumeric ? Math.sqrt(this.squares / Math.max(1, count - 1)) : null,
      quantiles: isNumeric ? quantilesOf(sorted) : null,
      histogram: isNumeric ? histogramOf(sorted, { min: this.min, max: this.max, count }) : [],
      top: this.top(type),
      examples: this.examples,
    };
  }

  private top(type: ColumnType): { value: string; count: number }[] {
    const write = (value: number) =>
      type === "date" ? new Date(value).toISOString().replace("T00:00:00.000Z", "") : String(value);
    return this.counts
      .entries()
      .sort((a, b) => b.count - a.count || a.value - b.value)
      .slice(0, TOP)
      .map(({ value, count }) => ({ value: write(value), count }));
  }
}

class WordAccumulator implements ColumnAccumulator {
  readonly strays = new Map<string, number>();
  strayCount = 0;
  missing = 0;
  private count = 0;
  private readonly dictionary: Dictionary;
  private estimate: DistinctEstimate | null = null;
  /** By code: 1 where the value means missing, 2 where it is no boolean. */
  private readonly verdicts: number[] = [];

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    maxBytes: number,
  ) {
    this.dictionary = new Dictionary(maxDistinct, maxBytes);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end || (isBlankByte(bytes[start]) && isBlank(bytes, start, end))) {
      this.missing++;
      return;
    }
    const hash = hashBytes(bytes, start, end);
    const code =
      end - start > MAX_VALUE_BYTES ? -1 : this.dictionary.internHashed(bytes, { start, end, hash });
    if (code < 0) {
      this.count++;
      this.estimateDistinct(hash);
      return;
    }
    const verdict = this.verdicts[code] ?? this.judge(code);
    if (verdict === 1) this.missing++;
    else this.count++;
    if (verdict === 2) this.strayCount++;
  }

  private judge(code: number): number {
    const text = this.dictionary.text(code).trim();
    const { booleanWords } = this.plan;
    let verdict = 0;
    if (isMissing(this.plan, text)) verdict = 1;
    else if (booleanWords && !booleanWords.includes(text.toLowerCase())) {
      verdict = 2;
      if (this.strays.size < MAX_STRAYS) this.strays.set(text, 1);
    }
    this.verdicts[code] = verdict;
    return verdict;
  }

  private estimateDistinct(hash: number): void {
    if (!this.estimate) {
      this.estimate = new DistinctEstimate();
      for (const known of this.dictionary.hashesInUse()) this.estimate.add(known);
    }
    this.estimate.add(hash);
  }

  private get distinct(): number {
    const known = this.verdicts.reduce((sum, verdict) => sum + (verdict === 1 ? 0 : 1), 0);
    return this.estimate ? Math.max(known, Math.min(this.count, this.estimate.estimate())) : known;
  }

  private values(): { value: string; count: number }[] {
    return this.dictionary
      .texts()
      .map((value, code) => ({ value, count: this.dictionary.counts[code], verdict: this.verdicts[code] }))
      .filter(({ verdict }) => verdict !== 1);
  }

  settle(): ColumnType {
    const { plan, count } = this;
    if (plan.type === "boolean") return "boolean";
    const values = this.values().map(({ value }) => value.trim());
    return settleWordType({ name: plan.name, values, count, distinct: this.distinct });
  }

  profile(type: ColumnType): ColumnProfile {
    const values = this.values();
    const examples = values.slice(0, EXAMPLES).map(({ value }) => shown(value));
    values.sort((a, b) => b.count - a.count);
    return {
      name: this.plan.name,
      type,
      count: this.count + this.missing,
      missing: this.missing,
      distinct: this.distinct,
      distinctExact: this.estimate === null,
      min: null,
      max: null,
      mean: null,
      std: null,
      quantiles: null,
      histogram: [],
      top: values.slice(0, TOP).map(({ value, count }) => ({ value: shown(value), count })),
      examples,
    };
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isBlankByte(bytes[i])) return false;
  return true;
}

function shown(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** Linear interpolation between neighbours, as numpy's default. */
function quantilesOf(sorted: Float64Array): NonNullable<ColumnProfile["quantiles"]> {
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) };
}

/** Counts of the sample, scaled to the column. */
function histogramOf(sorted: Float64Array, range: { min: number; max: number; count: number }): number[] {
  const { min, max, count } = range;
  const bins = min === max ? 1 : BINS;
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (max - min || 1);
  for (const value of sorted) counts[Math.min(bins - 1, Math.floor((value - min) * scale))]++;
  return counts.map((inBin) => Math.round((inBin * count) / sorted.length));
}
