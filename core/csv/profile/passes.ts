/**
 * Profiles all columns of a file. Reads it once with the plans that its beginning suggests, and again, at most twice,
 * if the rest contradicts them.
 */
import { inferColumn } from "../cells/infer-type.ts";
import { chosenMissing, chosenType } from "../dialect/choices.ts";
import type { KnownTable } from "../formats/known-table.ts";
import { readPage } from "../preview.ts";
import { RowPlaces } from "../rows/row-places.ts";
import { scanTable } from "../rows/scan.ts";
import type { TableBounds } from "../rows/table-bounds.ts";
import { isTotalRow, totalFinding } from "../rows/total-rows.ts";
import type {
  Column,
  ColumnPlan,
  ColumnProfile,
  Dialect,
  Finding,
  ReadingChoices,
  ReadingProgress,
} from "../types.ts";
import type { ColumnAccumulator } from "./accumulator.ts";
import { accumulatorFor } from "./accumulators.ts";
import { type ChangedBytes, noteOdd, type OddRows } from "./findings.ts";
import { RowSample } from "./row-sample.ts";

/** Called while the file is read. */
const SHOWN_COLUMNS = 100;
const MAX_PASSES = 3;

export interface ProfileOptions {
  /** The file's name as uploaded. */
  name: string;
  /** What is known about a table file that was made from another format. */
  known?: KnownTable | null;
  signal?: AbortSignal;
  /** Reports partial `columns` now and then; for a wide table the first ones. */
  onProgress?: (progress: ReadingProgress & { columns?: ColumnProfile[] }) => void;
  /** What several columns together say of a target that is a number, on a sample of the rows. */
  advise?: (sample: TargetSample) => Finding[];
}

export interface TargetSample {
  /** Numbers and dates besides the target. */
  columns: Column[];
  /** The target's values, none missing. */
  truth: Float64Array;
  targetName: string;
  /** One column gives the target away already. */
  isGivenAway: boolean;
}

export interface Start {
  header: string[] | null;
  rows: string[][];
  /** Indexes of odd rows among them. */
  odd: number[];
}

export interface Pass {
  /** Maps data rows to rows of the file; one entry per change of the offset. */
  places: RowPlaces;
  bounds: TableBounds;
  accumulators: ColumnAccumulator[];
  sample: RowSample;
  odd: OddRows;
  bytes: ChangedBytes;
}

export interface Reading {
  dialect: Dialect & { width: number };
  plans: ColumnPlan[];
  start: Start;
  choices: ReadingChoices;
  options: ProfileOptions;
  findings: Finding[];
  decimal: "." | "," | undefined;
}

/** As profileAll, without a row of totals at the end. */
export async function profileTable(path: string, reading: Reading): Promise<Pass> {
  const pass = await profileAll(path, reading);
  if (!(await hasTotalRow(path, pass, reading.dialect))) return pass;
  reading.findings.push(totalFinding(pass.places.rowOf(pass.bounds.rows - 1)));
  const plans = pass.accumulators.map(({ plan }) => plan);
  const tableRows = pass.bounds.rows - 1;
  const bare = await profileAll(path, { ...reading, plans, dialect: { ...reading.dialect, tableRows } });
  bare.bounds.footerRows = pass.bounds.footerRows;
  return bare;
}

/** The last row is read only if a column ends in its sum. */
async function hasTotalRow(path: string, { accumulators, bounds }: Pass, dialect: Dialect): Promise<boolean> {
  const sums = accumulators.filter((accumulator) => accumulator.endsInSum()).length;
  if (sums === 0) return false;
  const columns = accumulators.map(({ plan }, index) => ({ ...plan, index }));
  const [last] = await readPage(path, { dialect, columns }, { offset: bounds.rows - 1, limit: 1 });
  // A column that is blank in that row alone.
  const isAlwaysFilled = (k: number) => accumulators[k]!.missing <= 1;
  return last !== undefined && isTotalRow(last, { sums, isAlwaysFilled });
}

async function profileAll(path: string, reading: Reading): Promise<Pass> {
  let plans = reading.plans;
  for (let passes = 1; ; passes++) {
    const pass = await profileOnce(path, { ...reading, plans });
    const revised = pass.accumulators.map((accumulator, column) => revise(accumulator, reading, column));
    if (passes === MAX_PASSES || revised.every((plan, k) => plan === plans[k])) return pass;
    plans = revised;
  }
}

async function profileOnce(path: string, { dialect, plans, options }: Reading): Promise<Pass> {
  const accumulators = plans.map((plan) => accumulatorFor(plan, plans.length));
  const width = accumulators.length;
  const sample = new RowSample(plans);
  const odd: OddRows = new Map();
  const places = new RowPlaces();
  let shownAt = 0;
  let bytes: ChangedBytes = { otherBytes: 0, zeroBytes: 0 };
  const bounds = await scanTable(path, dialect, {
    handlers: {
      header: () => {
        // Read before.
      },
      data: (text, spans, cells, row) => {
        places.add(row, 1);
        const shared = Math.min(cells, width);
        for (let k = 0; k < shared; k++) accumulators[k].add(text, spans[2 * k], spans[2 * k + 1]);
        for (let k = shared; k < width; k++) accumulators[k].missing++;
        sample.add(text, spans, cells);
      },
      many: (cutter, rows, firstRow) => {
        places.add(firstRow, rows);
        const shared = Math.min(cutter.width, width);
        for (let k = 0; k < shared; k++) accumulators[k].addMany(cutter, k, rows);
        for (let k = shared; k < width; k++) accumulators[k].missing += rows;
        sample.addMany(cutter, rows);
      },
      odd: (row, oddity, cells) => noteOdd(odd, { row, oddity, cells, width: dialect.width }),
    },
    options: {
      signal: options.signal,
      onProgress: ({ otherBytes = 0, zeroBytes = 0, ...progress }, { rows }) => {
        bytes = { otherBytes, zeroBytes };
        const isDue = options.onProgress !== undefined && progress.bytesRead >= shownAt && rows > 0;
        if (isDue) shownAt = 2 * progress.bytesRead;
        const columns = isDue ? { columns: snapshot(accumulators) } : {};
        options.onProgress?.({ ...progress, rows, ...columns });
      },
    },
  });
  return { places, bounds, accumulators, sample, odd, bytes };
}

/**
 * The first columns as far as they are read; computed at doubling distances, so that all of them together cost no more
 * than the last.
 */
function snapshot(accumulators: readonly ColumnAccumulator[]): ColumnProfile[] {
  return accumulators
    .slice(0, SHOWN_COLUMNS)
    .map((accumulator) => accumulator.profile(accumulator.plan.type));
}

/**
 * Returns the same plan if it holds for the whole column except a few odd cells; else a new one that accounts for them.
 * Odd cells are weighted by how often they occur in the file.
 */
function revise(accumulator: ColumnAccumulator, reading: Reading, column: number): ColumnPlan {
  const { plan, strays, strayCount, seen } = accumulator;
  const type = chosenType(reading.choices, plan.name);
  if (strayCount === 0 || type) return plan;
  const known = reading.start.rows.map((row) => row[column] ?? "");
  const scale = Math.min(1, known.length / Math.max(1, seen));
  const weighted = [...strays].flatMap(([text, { count, row }]) =>
    row < known.length ? [] : new Array<string>(Math.max(1, Math.round(count * scale))).fill(text),
  );
  const again = inferColumn({
    name: plan.name,
    cells: [...known, ...weighted],
    delimiter: reading.dialect.delimiter,
    stored: reading.options.known?.kinds[column],
    decimal: reading.decimal,
    missing: chosenMissing(reading.choices, plan.name),
  });
  if (Bun.deepEquals(again.plan, plan)) return plan;
  reading.findings.push(...again.findings);
  return again.plan;
}
