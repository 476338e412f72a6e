/** Profiles a text column: each distinct value with its count while there is room, then an estimate. */

import { isMissing } from "../cells/cells.ts";
import { Dictionary, hashBytes } from "../cells/dictionary.ts";
import { foldsCase, hasVariants, labelKey, plainLabel } from "../cells/labels.ts";
import { settleWordType } from "../cells/word-type.ts";
import type { RowCutter } from "../kernels/row-cutter.ts";
import type { ColumnPlan, ColumnProfile, ColumnType } from "../types.ts";
import {
  type ColumnAccumulator,
  EXAMPLES,
  MAX_STRAYS,
  NO_MOMENTS,
  type Stray,
  shown,
  TOP,
} from "./accumulator.ts";
import { DistinctEstimate } from "./sketch.ts";

/** A longer value is counted, not kept. */
const MAX_VALUE_BYTES = 4096;
/** Fewer may be distinct by chance. */
const LEAST_ROW_NAMES = 10;
const decoder = new TextDecoder();

export class WordAccumulator implements ColumnAccumulator {
  readonly strays = new Map<string, Stray>();
  strayCount = 0;
  missing = 0;
  private count = 0;
  private readonly dictionary: Dictionary;
  private estimate: DistinctEstimate | null = null;
  private misses = 0;
  private countAtFirstMiss = 0;
  private isFull = false;
  private readonly longestMissing: number;
  private refined: ColumnPlan;
  /** Built once from what was seen so far: thousands of strings. */
  private spelled: { seen: number; spellings: ReadonlyMap<string, number> } | null = null;
  private grouped: {
    spellings: ReadonlyMap<string, number>;
    plan: ColumnPlan;
    labels: ReadonlyMap<string, number>;
  } | null = null;
  /** By code: 1 if the value means missing, 2 if it is not a boolean. */
  private readonly verdicts: number[] = [];

  constructor(
    readonly plan: ColumnPlan,
    maxDistinct: number,
    maxBytes: number,
  ) {
    this.dictionary = new Dictionary(maxDistinct, maxBytes);
    this.refined = plan;
    // A leading or trailing space.
    this.longestMissing = Math.max(0, ...plan.missingWords.map((word) => Buffer.byteLength(word) + 2));
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.addHashed(bytes, start, end, hashBytes(bytes, start, end));
  }

  addMany(cutter: RowCutter, column: number, rows: number): void {
    const { bytes, spans, width } = cutter;
    const hashes = cutter.hashCells(column, rows);
    for (let row = 0, at = 2 * column; row < rows; row++, at += 2 * width)
      this.addHashed(bytes, spans[at], spans[at + 1], hashes[row]);
  }

  /** Four positional arguments here and below, because an object per cell costs more than the cell. */
  private addHashed(bytes: Uint8Array, start: number, end: number, hash: number): void {
    if (start >= end || (isBlankByte(bytes[start]) && isBlank(bytes, start, end))) {
      this.missing++;
      return;
    }
    const code = this.isFull ? -1 : this.codeOf(bytes, start, end, hash);
    if (code < 0) this.addUnkept(bytes, start, end, hash);
    else {
      const verdict = this.verdicts[code] ?? this.judge(code);
      if (verdict === 1) this.missing++;
      else this.count++;
      if (verdict === 2) this.noteStray(code);
    }
  }

  /** Handles a value that there is no room for; a word for missing is still recognised. */
  private addUnkept(bytes: Uint8Array, start: number, end: number, hash: number): void {
    if (
      end - start <= this.longestMissing &&
      isMissing(this.plan, decoder.decode(bytes.subarray(start, end)).trim())
    ) {
      this.missing++;
      return;
    }
    this.count++;
    this.estimate?.add(hash);
  }

  /** -1: not kept. If nearly all values are new, further lookups are useless. */
  private codeOf(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const isLong = end - start > MAX_VALUE_BYTES;
    const code = isLong ? -1 : this.dictionary.internHashed(bytes, start, end, hash);
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
    }
    this.verdicts[code] = verdict;
    return verdict;
  }

  private noteStray(code: number): void {
    this.strayCount++;
    const text = this.dictionary.text(code).trim();
    const known = this.strays.get(text);
    if (known) known.count++;
    else if (this.strays.size < MAX_STRAYS) this.strays.set(text, { count: 1, row: this.seen - 1 });
  }

  get seen(): number {
    return this.count + this.missing;
  }

  private get distinct(): number {
    const known = this.labels().size;
    return this.estimate ? Math.max(known, Math.min(this.count, this.estimate.estimate())) : known;
  }

  /** By the commonest spelling of each label, how often it occurred, in order of first appearance. */
  private labels(): ReadonlyMap<string, number> {
    const spellings = this.spellings();
    if (spellings === this.grouped?.spellings && this.refined === this.grouped.plan)
      return this.grouped.labels;
    const labels = hasVariants(this.refined) ? groupSpellings(spellings, this.refined) : spellings;
    this.grouped = { spellings, plan: this.refined, labels };
    return labels;
  }

  /** By text without surrounding spaces. */
  private spellings(): ReadonlyMap<string, number> {
    if (this.spelled?.seen === this.seen) return this.spelled.spellings;
    const { dictionary, verdicts } = this;
    const spellings = new Map<string, number>();
    for (let code = 0; code < dictionary.size; code++) {
      if (verdicts[code] === 1) continue;
      const plain = plainLabel(dictionary.text(code));
      spellings.set(plain, (spellings.get(plain) ?? 0) + dictionary.counts[code]);
    }
    this.spelled = { seen: this.seen, spellings };
    return spellings;
  }

  refine(plan: ColumnPlan): ColumnPlan {
    const isLabels = plan.type === "category" || plan.type === "boolean";
    this.refined = isLabels && foldsCase(this.spellings().keys()) ? { ...plan, labels: "case" } : plan;
    return this.refined;
  }

  values(): string[] {
    return [...this.labels().keys()];
  }

  endsInSum(): boolean {
    return false;
  }

  /** Spellings that are one label, a few of them: ["Yes", "YES"]. */
  variants(): string[][] {
    const spellings = this.spellings();
    if (this.labels().size === spellings.size) return [];
    const groups = new Map<string, string[]>();
    for (const spelling of spellings.keys()) {
      const key = labelKey(this.refined, spelling);
      const group = groups.get(key);
      if (group) group.push(spelling);
      else groups.set(key, [spelling]);
    }
    return [...groups.values()].filter((group) => group.length > 1).slice(0, 5);
  }

  settle(position: number): ColumnType {
    const { plan, count } = this;
    if (plan.type === "boolean") return "boolean";
    // R writes no name above its row names.
    const areRowNames = position === 0 && plan.name === "column_1" && this.distinct === count;
    if (areRowNames && count >= LEAST_ROW_NAMES) return "id";
    return settleWordType({
      name: plan.name,
      values: this.labels().keys(),
      count,
      distinct: this.distinct,
    });
  }

  profile(type: ColumnType): ColumnProfile {
    const labels = this.labels();
    return {
      name: this.plan.name,
      type,
      count: this.count + this.missing,
      missing: this.missing,
      distinct: this.distinct,
      distinctExact: this.estimate === null,
      ...NO_MOMENTS,
      top: commonest(labels).map(([value, count]) => ({ value: shown(value), count })),
      examples: [...labels.keys().take(EXAMPLES)].map((value) => shown(value)),
    };
  }
}

/** The commonest spelling of each label, with the count of all its spellings. */
function groupSpellings(spellings: ReadonlyMap<string, number>, plan: ColumnPlan): Map<string, number> {
  const groups = new Map<string, { value: string; count: number; most: number }>();
  for (const [value, count] of spellings) {
    const key = labelKey(plan, value);
    const label = groups.get(key);
    if (!label) groups.set(key, { value, count, most: count });
    else {
      label.count += count;
      if (count > label.most) Object.assign(label, { value, most: count });
    }
  }
  return new Map([...groups.values()].map(({ value, count }) => [value, count]));
}

/** Commonest first; ties in order of first appearance. */
function commonest(labels: ReadonlyMap<string, number>): [string, number][] {
  const top: [string, number][] = [];
  for (const [value, count] of labels) {
    if (top.length === TOP && count <= top[TOP - 1][1]) continue;
    const at = top.findIndex(([, other]) => other < count);
    top.splice(at < 0 ? top.length : at, 0, [value, count]);
    if (top.length > TOP) top.pop();
  }
  return top;
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isBlankByte(bytes[i])) return false;
  return true;
}

function isBlankByte(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
