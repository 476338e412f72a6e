/**
 * Loads a file into a table. Reads the requested columns straight into typed arrays, exactly as the plan says; if more
 * rows exist than wanted, a seeded sample is kept, in file order. Makes no decisions of its own.
 */

import { AppError } from "../../platform/errors.ts";
import { isMissing, missingValues } from "../cells/cells.ts";
import { DateReader } from "../cells/dates/date-reader.ts";
import { Dictionary } from "../cells/dictionary.ts";
import { labelKey, plainLabel } from "../cells/labels.ts";
import { type NumberFormat, PLAIN_NUMBER, readNumber } from "../cells/numbers/numbers.ts";
import { sampleRows } from "../rows/sampling.ts";
import { scanTable } from "../rows/scan.ts";
import type { Column, ColumnPlan, ReadingPlan, ReadingProgress, Table } from "../types.ts";

export interface LoadOptions {
  /** Column names; all columns if absent. The table keeps the plan's order. */
  columns?: string[];
  maxRows?: number;
  seed?: number;
  signal?: AbortSignal;
  /** When aborted, returns the rows read so far, at least a few thousand. */
  enough?: AbortSignal;
  onProgress?: (progress: ReadingProgress) => void;
}

const ENOUGH_ROWS = 5000;
const ENOUGH_CELLS = 1e6;
const LEAST_ROWS = 200;

/** Memory: 8 bytes per number, 4 per code, and each distinct value once. */
export async function loadTable(path: string, plan: ReadingPlan, options: LoadOptions = {}): Promise<Table> {
  const {
    columns: wanted,
    maxRows = Number.POSITIVE_INFINITY,
    seed = 0,
    signal,
    enough,
    onProgress,
  } = options;
  const plans = plan.columns
    .map((column, k) => ({ ...column, index: column.index ?? k }))
    .filter(({ name }) => !wanted || wanted.includes(name));
  const total = plan.dialect.tableRows;
  const isKept = total !== undefined && total > maxRows ? sampleRows(total, maxRows, seed) : null;
  const builders = plans.map((column) => builderFor(column, Math.min(maxRows, total ?? 1024)));
  const enoughRows = Math.max(LEAST_ROWS, Math.min(ENOUGH_ROWS, ENOUGH_CELLS / Math.max(1, plans.length)));
  let seen = 0;
  let rows = 0;
  const numbers: number[] = [];
  await scanTable(path, plan.dialect, {
    handlers: {
      header: () => {
        // The plan has the names.
      },
      data: (bytes, spans, cells) => {
        const at = seen++;
        if (isKept ? !isKept(at) : rows >= maxRows) return;
        rows++;
        if (isKept) numbers.push(at);
        for (let k = 0; k < builders.length; k++) {
          const { index } = plans[k];
          if (index < cells) builders[k].add(bytes, spans[2 * index], spans[2 * index + 1]);
          else builders[k].add(bytes, 0, 0);
        }
      },
      odd: () => {
        // The profile has reported them.
      },
    },
    options: {
      signal,
      isDone: () => rows >= enoughRows && enough?.aborted === true,
      onProgress: (progress, bounds) => onProgress?.({ ...progress, rows: bounds.rows }),
    },
  });
  const columns = builders.map((builder) => builder.finish());
  return isKept ? { rows, columns, numbers: Int32Array.from(numbers) } : { rows, columns };
}

interface ColumnBuilder {
  add(bytes: Uint8Array, start: number, end: number): void;
  finish(): Column;
}

function builderFor(plan: ColumnPlan, rows: number): ColumnBuilder {
  return plan.type === "number" || plan.type === "date"
    ? new ValueBuilder(plan, rows)
    : new CodeBuilder(plan, rows);
}

class ValueBuilder implements ColumnBuilder {
  private values: Float64Array<ArrayBuffer>;
  private rows = 0;
  private readonly format: NumberFormat;
  private readonly dates: DateReader | null;
  private readonly missing: ReadonlySet<number> | null;

  constructor(
    private readonly plan: ColumnPlan,
    rows: number,
  ) {
    this.missing = missingValues(plan);
    this.format = plan.number ?? PLAIN_NUMBER;
    this.dates = plan.type === "date" ? new DateReader(plan) : null;
    this.values = new Float64Array(Math.max(16, rows));
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.rows === this.values.length) this.values = longer(this.values);
    this.values[this.rows++] = start < end ? this.read(bytes, start, end) : Number.NaN;
  }

  private read(bytes: Uint8Array, start: number, end: number): number {
    const value = this.dates
      ? this.dates.read(bytes, start, end)
      : readNumber(bytes, start, end, this.format);
    return this.missing?.has(value) ? Number.NaN : value;
  }

  finish(): Column {
    const { name, type } = this.plan;
    return { name, type: type === "date" ? "date" : "number", values: this.values.slice(0, this.rows) };
  }
}

function longer(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(2 * values.length);
  copy.set(values);
  return copy;
}

const MAX_VALUES = 1 << 28;
const MAX_VALUE_BYTES = 1 << 30;

function tooMuchText(column: string): AppError {
  return new AppError("invalid", `${column} holds more than a gigabyte of different texts`, {
    column,
    fix: "Leave the column out, or train on fewer rows.",
  });
}

class CodeBuilder implements ColumnBuilder {
  private codes: Int32Array<ArrayBuffer>;
  private rows = 0;
  private readonly dictionary = new Dictionary(MAX_VALUES, MAX_VALUE_BYTES);
  /** Maps the dictionary's code to the column's; -1 if the value means missing. */
  private readonly codeOf: number[] = [];
  /** The column's code of each label, by label key. */
  private readonly keys = new Map<string, number>();

  constructor(
    private readonly plan: ColumnPlan,
    rows: number,
  ) {
    this.codes = new Int32Array(Math.max(16, rows));
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.rows === this.codes.length) {
      const codes = new Int32Array(2 * this.codes.length);
      codes.set(this.codes);
      this.codes = codes;
    }
    this.codes[this.rows++] = start < end ? this.codeAt(bytes, start, end) : -1;
  }

  private codeAt(bytes: Uint8Array, start: number, end: number): number {
    const interned = this.dictionary.intern(bytes, start, end);
    if (interned < 0) throw tooMuchText(this.plan.name);
    return this.codeOf[interned] ?? this.addLabel(interned);
  }

  private addLabel(interned: number): number {
    const label = plainLabel(this.dictionary.text(interned));
    const code =
      label === "" || isMissing(this.plan, label) ? -1 : this.codeOfKey(labelKey(this.plan, label));
    this.codeOf[interned] = code;
    return code;
  }

  private codeOfKey(key: string): number {
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    this.keys.set(key, this.keys.size);
    return this.keys.size - 1;
  }

  /** Of several spellings of a label the commonest one; the first if they are equally common. */
  private labels(): string[] {
    const labels = new Array<string>(this.keys.size);
    const counts = new Uint32Array(this.keys.size);
    const spellings = this.spellings();
    for (const [label, { code, count }] of spellings) {
      if (count <= counts[code]) continue;
      counts[code] = count;
      labels[code] = label;
    }
    return labels;
  }

  private spellings(): Map<string, { code: number; count: number }> {
    const spellings = new Map<string, { code: number; count: number }>();
    for (let interned = 0; interned < this.dictionary.size; interned++) {
      const code = this.codeOf[interned];
      if (code < 0) continue;
      const label = plainLabel(this.dictionary.text(interned));
      const known = spellings.get(label);
      if (known) known.count += this.dictionary.counts[interned];
      else spellings.set(label, { code, count: this.dictionary.counts[interned] });
    }
    return spellings;
  }

  finish(): Column {
    const { name, type } = this.plan;
    const kind = type === "number" || type === "date" ? "category" : type;
    return { name, type: kind, codes: this.codes.slice(0, this.rows), labels: this.labels() };
  }
}
