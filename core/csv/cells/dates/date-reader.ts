/**
 * Reads millions of dates quickly. Dates repeat, so each spelling is parsed once and cached; the cache is turned off if
 * they rarely repeat (timestamps to the second).
 */
import type { ColumnPlan } from "../../types.ts";
import { Dictionary, hashBytes } from "../dictionary.ts";
import { parseDate } from "./dates.ts";

const KEPT = 20_000;
const PATIENCE = 20_000;
const decoder = new TextDecoder();

export class DateReader {
  private readonly dictionary = new Dictionary(KEPT);
  private readonly values: number[] = [];
  private misses = 0;

  constructor(private readonly plan: Pick<ColumnPlan, "dateFormat" | "yearFrom">) {}

  /** Epoch ms; NaN if the bytes are not a date of this format. */
  read(bytes: Uint8Array, start: number, end: number): number {
    return this.misses > PATIENCE
      ? this.parse(bytes, start, end)
      : this.readHashed(bytes, start, end, hashBytes(bytes, start, end));
  }

  /** As read, for a cell whose hash is already known. */
  readHashed(bytes: Uint8Array, start: number, end: number, hash: number): number {
    if (this.misses > PATIENCE) return this.parse(bytes, start, end);
    const code = this.dictionary.internHashed(bytes, start, end, hash);
    if (code >= 0 && code < this.values.length) return this.values[code];
    this.misses++;
    const value = this.parse(bytes, start, end);
    if (code >= 0) this.values.push(value);
    return value;
  }

  private parse(bytes: Uint8Array, start: number, end: number): number {
    const { dateFormat = "", yearFrom } = this.plan;
    return parseDate(decoder.decode(bytes.subarray(start, end)), dateFormat, yearFrom);
  }
}
