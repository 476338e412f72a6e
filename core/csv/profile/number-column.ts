/** Profiles a column of numbers or dates: exact moments, the rest from a seeded sample; see statistics.ts. */

import { isMissing, missingValues } from "../cells/cells.ts";
import { DateReader } from "../cells/dates/date-reader.ts";
import { isNumberId } from "../cells/id-column.ts";
import { isHugeWhole } from "../cells/numbers/digit-names.ts";
import { type NumberFormat, PLAIN_NUMBER, readNumber } from "../cells/numbers/numbers.ts";
import type { RowCutter } from "../kernels/row-cutter.ts";
import { isSumOfOthers } from "../rows/total-rows.ts";
import type { ColumnPlan, ColumnProfile, ColumnType } from "../types.ts";
import {
  type ColumnAccumulator,
  EXAMPLES,
  MAX_STRAYS,
  type Moments,
  NO_MOMENTS,
  SHOWN_LENGTH,
  type Stray,
  shown,
  TOP,
} from "./accumulator.ts";
import { NumberStatistics } from "./statistics.ts";

const SAMPLE_SIZE = 20_000;
const BINS = 24;
/** Examples are taken from this many values. */
const FIRST = 50;
const MAX_EXACT = Number.MAX_SAFE_INTEGER;
const decoder = new TextDecoder();

export class NumberAccumulator implements ColumnAccumulator {
  readonly strays = new Map<string, Stray>();
  strayCount = 0;
  missing = 0;
  /** Missing cells that are not words for missing: they would remain if the column were read as labels. */
  private unread = 0;
  private readonly examples: string[] = [];
  private readonly statistics: NumberStatistics;
  private readonly format: NumberFormat;
  private readonly dates: DateReader | null;
  private readonly missingValues: ReadonlySet<number> | null;

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    columns: number,
  ) {
    this.format = plan.number ?? PLAIN_NUMBER;
    this.dates = plan.type === "date" ? new DateReader(plan) : null;
    this.missingValues = missingValues(plan);
    const sampleSize = Math.max(500, Math.min(SAMPLE_SIZE, Math.floor(4_000_000 / columns)));
    this.statistics = new NumberStatistics(maxDistinct, sampleSize);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) this.missing++;
    else if (this.dates) this.take(bytes, start, end, this.dates.read(bytes, start, end));
    else this.take(bytes, start, end, readNumber(bytes, start, end, this.format));
  }

  /** Four positional arguments, because an object for each cell costs more than the cell. */
  private take(bytes: Uint8Array, start: number, end: number, value: number): void {
    // An integer beyond 2^53 may have other digits in the file; whether that matters is decided for the column.
    if (Number.isNaN(value)) this.addOther(bytes, start, end);
    else if (this.missingValues?.has(value)) this.missing++;
    else {
      if (Math.abs(value) > MAX_EXACT && !this.dates) this.noteInexact(bytes, start, end);
      if (this.examples.length < EXAMPLES && this.statistics.count < FIRST)
        this.addExample(bytes, start, end);
      this.statistics.add(value);
    }
  }

  private noteInexact(bytes: Uint8Array, start: number, end: number): void {
    const text = decoder.decode(bytes.subarray(start, end)).trim();
    if (isHugeWhole(text)) this.noteStray(text, this.seen);
  }

  addMany(cutter: RowCutter, column: number, rows: number): void {
    if (this.dates) this.addDates(this.dates, { cutter, column, rows });
    else this.addNumbers(cutter, column, rows);
  }

  private addNumbers(cutter: RowCutter, column: number, rows: number): void {
    const { bytes, spans, width } = cutter;
    for (let row = 0; row < rows; row++) {
      if (this.statistics.count >= FIRST && this.missingValues === null) {
        const { count, empty, stoppedAt } = cutter.readNumbers(
          column,
          { from: row, rows },
          this.format.decimal,
        );
        this.statistics.addAll(cutter.numbers, count);
        this.missing += empty;
        row = stoppedAt;
        if (row === rows) return;
      }
      const at = 2 * (row * width + column);
      this.add(bytes, spans[at], spans[at + 1]);
    }
  }

  private addDates(
    dates: DateReader,
    { cutter, column, rows }: { cutter: RowCutter; column: number; rows: number },
  ): void {
    const { bytes, spans, width } = cutter;
    const hashes = cutter.hashCells(column, rows);
    for (let row = 0, at = 2 * column; row < rows; row++, at += 2 * width) {
      const [start, end] = [spans[at], spans[at + 1]];
      if (start === end) this.missing++;
      else this.take(bytes, start, end, dates.readHashed(bytes, start, end, hashes[row]));
    }
  }

  private addExample(bytes: Uint8Array, start: number, end: number): void {
    const text = shown(decoder.decode(bytes.subarray(start, end)));
    if (!this.examples.includes(text)) this.examples.push(text);
  }

  get seen(): number {
    return this.statistics.count + this.missing;
  }

  /** A blank, a word for missing, or something that does not belong here. */
  private addOther(bytes: Uint8Array, start: number, end: number): void {
    this.missing++;
    const text = decoder.decode(bytes.subarray(start, Math.min(end, start + SHOWN_LENGTH))).trim();
    if (text === "" || isMissing(this.plan, text)) return;
    this.unread++;
    this.noteStray(text, this.seen - 1);
  }

  private noteStray(text: string, row: number): void {
    this.strayCount++;
    const known = this.strays.get(text);
    if (known) known.count++;
    else if (this.strays.size < MAX_STRAYS) this.strays.set(text, { count: 1, row });
  }

  refine(plan: ColumnPlan): ColumnPlan {
    return plan;
  }

  variants(): string[][] {
    return [];
  }

  values(): string[] {
    return [];
  }

  endsInSum(): boolean {
    this.statistics.flush();
    return this.plan.type === "number" && isSumOfOthers(this.statistics);
  }

  settle(position: number): ColumnType {
    const { plan, statistics } = this;
    statistics.flush();
    const { count, distinct, isExact, isWhole, isSequence, min, max } = statistics;
    const isUnique = isExact ? distinct === count : distinct > 0.93 * count;
    if (plan.type !== "number" || count < 10 || !isWhole || !isUnique) return plan.type;
    const isNameless = /^(?:column_\d+|unnamed: \d+|index|x|)$/i.test(plan.name);
    const isCounter = isSequence && (position === 0 || isNameless);
    return isCounter || isNumberId(plan.name, { isSequence, min, max }) ? "id" : "number";
  }

  profile(type: ColumnType): ColumnProfile {
    const { plan, statistics } = this;
    statistics.flush();
    const isLabels = type !== "number" && type !== "date";
    const missing = this.missing - (isLabels ? this.unread : 0);
    const { distinct, isExact } = statistics;
    return {
      name: plan.name,
      type,
      count: this.seen,
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

function written(value: number, type: ColumnType): string {
  return type === "date" ? new Date(value).toISOString().replace("T00:00:00.000Z", "") : String(value);
}

/** Linear interpolation between neighbours, numpy's default. */
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
  // A range with no finite inverse, or wider than a double, has no equal parts.
  const scale = BINS / (max - min);
  const bins = scale > 0 && Number.isFinite(scale) ? BINS : 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) counts[bins > 1 ? Math.min(BINS - 1, Math.floor((value - min) * scale)) : 0]++;
  return counts.map((inBin) => Math.round((inBin * count) / sorted.length));
}
