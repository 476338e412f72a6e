/**
 * What is in each column? Counts, moments, quantiles, commonest values, gathered cell by cell in bounded memory while
 * the file streams by. Never keeps a column: 20,000 sampled numbers and 10,000 different values at most.
 */

import { isMissing } from "./csv/cells.ts";
import { DateReader } from "./csv/date-reader.ts";
import { Dictionary, hashBytes } from "./csv/dictionary.ts";
import { isIdName, settleWordType } from "./csv/infer.ts";
import { type NumberFormat, PLAIN_NUMBER, readNumber } from "./csv/numbers.ts";
import { DistinctEstimate } from "./csv/sketch.ts";
import { NumberStatistics } from "./csv/statistics.ts";
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
  private readonly examples: string[] = [];
  private readonly statistics: NumberStatistics;
  private readonly format: NumberFormat;
  private readonly dates: DateReader | null;

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    columns: number,
  ) {
    this.format = plan.number ?? PLAIN_NUMBER;
    this.dates = plan.type === "date" ? new DateReader(plan.dateFormat ?? "") : null;
    const sampleSize = Math.max(500, Math.min(SAMPLE_SIZE, Math.floor(4_000_000 / columns)));
    this.statistics = new NumberStatistics(maxDistinct, sampleSize);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) {
      this.missing++;
      return;
    }
    const value = this.dates
      ? this.dates.read(bytes, start, end)
      : readNumber(bytes, start, end, this.format);
    if (Number.isNaN(value)) this.addOther(bytes, start, end);
    else {
      if (this.examples.length < EXAMPLES && this.statistics.count < 50) this.addExample(bytes, start, end);
      this.statistics.add(value);
    }
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

  settle(position: number): ColumnType {
    const { plan, statistics } = this;
    statistics.flush();
    const { count, distinct, isExact, isWhole, isSequence } = statistics;
    const isUnique = isExact ? distinct === count : distinct > 0.93 * count;
    if (plan.type !== "number" || count < 10 || !isWhole || !isUnique) return plan.type;
    const isNameless = /^(?:column_\d+|unnamed: \d+|index|x|)$/i.test(plan.name);
    return isIdName(plan.name) || (isSequence && (position === 0 || isNameless)) ? "id" : "number";
  }

  profile(type: ColumnType): ColumnProfile {
    const { plan, missing, statistics } = this;
    statistics.flush();
    const { count, distinct, isExact } = statistics;
    return {
      name: plan.name,
      type,
      count: count + missing,
      missing,
      distinct,
      distinctExact: isExact,
      ...(type === "number" || type === "date" ? momentsOf(statistics) : NO_MOMENTS),
      top: statistics
        .commonest(TOP)
        .map(({ value, count: times }) => ({ value: written(value, type), count: times })),
      examples: this.examples,
    };
  }
}

const NO_MOMENTS: Moments = { min: null, max: null, mean: null, std: null, quantiles: null, histogram: [] };

function momentsOf(statistics: NumberStatistics): Moments {
  const { count, min, max, mean, std } = statistics;
  if (count === 0) return NO_MOMENTS;
  const sorted = statistics.sorted();
  return {
    min,
    max,
    mean,
    std,
    quantiles: quantilesOf(sorted),
    histogram: histogramOf(sorted, { min, max, count }),
  };
}

type Moments = Pick<ColumnProfile, "min" | "max" | "mean" | "std" | "quantiles" | "histogram">;

function written(value: number, type: ColumnType): string {
  return type === "date" ? new Date(value).toISOString().replace("T00:00:00.000Z", "") : String(value);
}

class WordAccumulator implements ColumnAccumulator {
  readonly strays = new Map<string, number>();
  strayCount = 0;
  missing = 0;
  private count = 0;
  private readonly dictionary: Dictionary;
  private estimate: DistinctEstimate | null = null;
  private misses = 0;
  private countAtFirstMiss = 0;
  private isFull = false;
  private readonly longestMissing: number;
  /** By code: 1 where the value means missing, 2 where it is no boolean. */
  private readonly verdicts: number[] = [];

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    maxBytes: number,
  ) {
    this.dictionary = new Dictionary(maxDistinct, maxBytes);
    // A blank on either side.
    this.longestMissing = Math.max(0, ...plan.missingWords.map((word) => Buffer.byteLength(word) + 2));
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end || (isBlankByte(bytes[start]) && isBlank(bytes, start, end))) {
      this.missing++;
      return;
    }
    const code = this.isFull ? -1 : this.codeOf(bytes, start, end);
    if (code < 0) this.addUnkept(bytes, start, end);
    else {
      const verdict = this.verdicts[code] ?? this.judge(code);
      if (verdict === 1) this.missing++;
      else this.count++;
      if (verdict === 2) this.strayCount++;
    }
  }

  /** A value that there is no room for; a word for missing is one even so. */
  private addUnkept(bytes: Uint8Array, start: number, end: number): void {
    if (
      end - start <= this.longestMissing &&
      isMissing(this.plan, decoder.decode(bytes.subarray(start, end)).trim())
    ) {
      this.missing++;
      return;
    }
    this.count++;
    this.estimate?.add(hashBytes(bytes, start, end));
  }

  /** -1: not kept. Where nearly all are new, further look-ups are in vain. */
  private codeOf(bytes: Uint8Array, start: number, end: number): number {
    const isLong = end - start > MAX_VALUE_BYTES;
    const code = isLong ? -1 : this.dictionary.intern(bytes, start, end);
    if (code < 0) {
      this.estimate ??= this.estimateKept();
      this.misses++;
      this.isFull = this.misses > 10_000 && this.misses > 0.8 * (this.count - this.countAtFirstMiss);
    }
    return code;
  }

  private estimateKept(): DistinctEstimate {
    this.countAtFirstMiss = this.count;
    const estimate = new DistinctEstimate();
    for (const known of this.dictionary.hashesInUse()) estimate.add(known);
    return estimate;
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
      ...NO_MOMENTS,
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
  // A range that is no number's inverse, or wider than numbers go, has no equal parts.
  const scale = BINS / (max - min);
  const bins = scale > 0 && Number.isFinite(scale) ? BINS : 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) counts[bins > 1 ? Math.min(BINS - 1, Math.floor((value - min) * scale)) : 0]++;
  return counts.map((inBin) => Math.round((inBin * count) / sorted.length));
}
