/**
 * Predicts a whole file. It is read row by row like every file and predicted in batches, with the prediction's columns
 * added: memory stays constant however many rows there are, and for a CSV the first results are sent while the last
 * rows arrive.
 */

import type {
  Chunk,
  OutputColumn,
  OutputForm,
  OutputRow,
  TableWriter,
} from "../../csv/formats/writers/output.ts";
import type { ColumnType, StoredKind } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import type { Lease } from "../../platform/leases.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { TrafficSplit } from "../canary/split-serving.ts";
import { MOST_ROWS_STORED, type StorageMode } from "../monitoring/prediction-log.ts";
import { ColumnNames } from "../rows/columns.ts";
import type { InputRow } from "../rows/input-rows.ts";
import { type InputSource, openInput, type PredictInput } from "../rows/predict-input.ts";
import type { Warning } from "../rows/warnings.ts";
import type { Serving } from "../serving.ts";
import type { FileRowAnswer } from "./file-predictor.ts";

/** Other requests are answered between two batches: the batch size follows from how long the last one took. */
const BATCH_MS = 15;
const LEAST_ROWS = 256;
const MOST_ROWS = 1024;
/** With more classes than this there is one column: the probability of the predicted class. */
const MOST_CLASS_COLUMNS = 20;

export interface FileToPredict extends InputSource {
  lease: Lease;
  /** The output format; the input's format if absent. */
  form?: OutputForm;
  /**
   * Which rows are stored in the prediction log, as far as it is on; a sample of those after the first MOST_ROWS_STORED if
   * absent.
   */
  storageMode?: StorageMode;
  /** The probability with which bounds should contain the outcome; absent: no columns for them. */
  interval?: number | undefined;
  /** Refuses a file that lacks columns of the model, `conflict`, instead of reading them as missing values. */
  isComplete?: boolean;
  /** A canary that predicts some of the rows; null: there is none, or a version was requested. */
  split?: TrafficSplit | null;
}

export interface FileAnswer {
  form: OutputForm;
  /**
   * Throws AppError if the file has no rows or no column of the model, and `unauthorized` when the reader's access
   * ends.
   */
  chunks: AsyncGenerator<Chunk>;
  /** The number of warnings so far. */
  tally: { warnings: number; rows: number };
}

/** Throws AppError if the file cannot be read. */
export async function predictFile(
  serving: Serving,
  version: StoredVersion,
  { lease, form, storageMode, interval, isComplete, split = null, ...source }: FileToPredict,
): Promise<FileAnswer> {
  const access = new AbortController();
  const release = lease((reason) => access.abort(reason));
  try {
    const input = await openInput(source, access.signal);
    const wanted = form ?? input.form;
    const tally = { warnings: 0, rows: 0 };
    const asked = { storageMode, interval, isComplete, split };
    const chunks = predictRows({ serving, version, input, form: wanted, tally, ...asked });
    return { form: wanted, chunks: guarded(chunks, access.signal, release), tally };
  } catch (error) {
    release();
    throw error;
  }
}

async function* guarded(
  chunks: AsyncGenerator<Chunk>,
  access: AbortSignal,
  release: () => void,
): AsyncGenerator<Chunk> {
  try {
    for await (const chunk of chunks) {
      access.throwIfAborted();
      yield chunk;
      // Lets other requests run first.
      await new Promise((resolve) => setImmediate(resolve));
      access.throwIfAborted();
    }
  } finally {
    release();
  }
}

interface Work extends Pick<FileToPredict, "storageMode" | "interval" | "isComplete"> {
  split: TrafficSplit | null;
  serving: Serving;
  version: StoredVersion;
  input: PredictInput;
  form: OutputForm;
  tally: { warnings: number; rows: number };
}

async function* predictRows({
  serving,
  version,
  input,
  form,
  tally,
  storageMode,
  interval,
  isComplete,
  split,
}: Work): AsyncGenerator<Chunk> {
  const [
    { openWriter },
    { readInputRows },
    { TableReader },
    { FilePredictor },
    model,
    { answerBounds, boundsFor },
  ] = await Promise.all([
    import("../../csv/formats/writers/table-writer.ts"),
    import("../rows/input-rows.ts"),
    import("./table-reader.ts"),
    import("./file-predictor.ts"),
    serving.open(version),
    import("../predict-rows.ts"),
  ]);
  const columns = new ColumnNames(model);
  const knows = (name: string) => columns.placeOf(name) >= 0;
  const known = { reading: model.reading ?? null, knows, target: model.target };
  const asked = await readInputRows(input.bytes, known, (firstRow) => nothingNamed(firstRow, version));
  if (!asked) throw noRows();
  const { names, header, hasHeader } = asked.layout;
  if (isComplete) refuseMissing(columns, names, version);
  const named = header.map((name, k) => name || names[k]!);
  if (interval !== undefined) boundsFor(model, interval);
  const added = addedFor(model, { interval, isShared: split !== null });
  const isNamed = names.map((name) => knows(name) || columns.isUnused(name));
  const options = {
    ...{ serving, names, interval, bounds: answerBounds },
    reader: (of: Model) => new TableReader(of, names),
    cellsOf: (cells: InputRow["cells"]) => namedCells(names, cells, isNamed),
  };
  const predictor = await FilePredictor.open(options, split, { version, model });
  let fileNotes = hasHeader ? predictor.strangers : [];
  let writer: TableWriter | null = null;
  let size = LEAST_ROWS;
  let seen = 0;
  for await (const rows of asked.batches) {
    if (seen === 0) predictor.settle(rows.map(({ cells }) => cells));
    for (let from = 0; from < rows.length; ) {
      const batch = rows.slice(from, from + size);
      const startedAt = performance.now();
      const given = batch.map(({ cells }) => cells);
      const { answers, warnings } = await predictor.ask(
        batch,
        storageMode ?? (seen < MOST_ROWS_STORED ? "full" : "sampled"),
      );
      const said = notesByRow(batch, { warnings, fileNotes });
      fileNotes = [];
      seen += batch.length;
      tally.rows = seen;
      const written = batch.map(({ cells, line }, row): OutputRow => {
        const notes = said?.[row] ?? [];
        tally.warnings += notes.length;
        return { given: cells, added: [...added.cells(answers[row]!), notes.join("; ")], line };
      });
      // The header is sent with the first rows, so that a refusal still comes before the first byte.
      writer ??= await openWriter(form, columnsOf({ named, added, model, input, cells: given, form }));
      from += batch.length;
      size = nextSize(batch.length, performance.now() - startedAt);
      const chunk = writer.rows(written);
      if (chunk.length > 0) yield chunk;
    }
  }
  if (!writer) throw noRows();
  const last = writer.end();
  if (last.length > 0) yield last;
}

/**
 * The part of a row that is stored: the columns of the file that training saw. Without a prototype, for a column called
 * __proto__.
 */
function namedCells(names: readonly string[], cells: readonly string[], isNamed: readonly boolean[]): string {
  const row = Object.create(null) as Record<string, string>;
  for (const [at, name] of names.entries()) if (isNamed[at]) row[name] = cells[at]!;
  return JSON.stringify(row);
}

function noRows(): AppError {
  return new AppError("invalid", "The file has no rows to predict", { fix: "Send a header and rows." });
}

/** Reported once, with the first row of the file, not by a row's position in a batch. */
function nothingNamed(firstRow: string[], { result }: StoredVersion): AppError {
  const names = result.schema.features.map(({ name }) => name);
  return new AppError("invalid", `The header has no column of this model: ${shown(firstRow)}`, {
    row: 1,
    fix: `The columns are ${shown(names)}; leave out values that you do not know.`,
    near: firstRow.join(",").slice(0, 200),
  });
}

const MOST_NAMED = 8;

function refuseMissing(columns: ColumnNames, given: readonly string[], { result }: StoredVersion): void {
  const there = new Set(given.map((name) => columns.placeOf(name)));
  const lacking = result.schema.features.filter(({ name }) => !there.has(columns.placeOf(name)));
  if (!lacking.length) return;
  const more = lacking.length > MOST_NAMED ? ` and ${lacking.length - MOST_NAMED} more` : "";
  const named = lacking.slice(0, MOST_NAMED).map(({ name }) => `“${name}”`);
  throw new AppError(
    "conflict",
    `The file has no ${lacking.length === 1 ? "column" : "columns"} ${named.join(", ")}${more}`,
    { fix: `Add ${lacking.length === 1 ? "it" : "them"} to the file. Blank cells are allowed.` },
  );
}

/** By row of the batch, its warnings; null if the whole batch has none. */
function notesByRow(
  batch: readonly InputRow[],
  { warnings, fileNotes }: { warnings: readonly Warning[]; fileNotes: readonly string[] },
): (string[] | undefined)[] | null {
  if (!warnings.length && !fileNotes.length && batch.every(({ notes }) => !notes.length)) return null;
  const said = batch.map(({ notes }) => notes.map(({ message }) => message));
  said[0]?.unshift(...fileNotes);
  for (const { row, column, message } of warnings) said[row]!.push(`${column}: ${message}`);
  return said;
}

interface Columns {
  named: string[];
  added: AddedColumns;
  model: Model;
  input: PredictInput;
  /** The first rows. */
  cells: (string | number)[][];
  form: OutputForm;
}

/**
 * What is written in each column: as the file stored it, else as the model reads it, if the first rows confirm that.
 */
function columnsOf({ named, added, model, input, cells, form }: Columns): OutputColumn[] {
  const types = new Map(model.plans.map(({ name, type }) => [name, type]));
  const given = named.map((name, k) => {
    const kind = kindOf(input.known?.kinds[k] ?? null, types.get(name), input.known?.format === "xlsx");
    if (kind !== "text" && cells.every((row) => isOfKind(row[k], kind))) return { name, kind };
    // These write a later cell that is not a number as text.
    const isFree = form === "ndjson" || form === "xlsx";
    const isNumber = isFree && !input.known?.kinds[k] && cells.every((row) => isPlainNumber(row[k]));
    return { name, kind: isNumber ? ("number" as const) : ("text" as const) };
  });
  const names = freeNames(named, added.names);
  const answers = names.map((name, k) => ({ name, kind: added.kinds[k]! }));
  return [...given, ...answers, { name: warningsName(named), kind: "text" }];
}

function isPlainNumber(cell: string | number | undefined): boolean {
  return cell === "" || cell === undefined || /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(String(cell));
}

function kindOf(
  stored: StoredKind | null,
  type: ColumnType | undefined,
  hasDates: boolean,
): OutputColumn["kind"] {
  if (stored === "words" || stored === "string") return "text";
  if (stored) return stored;
  if (type === "number") return "number";
  return type === "date" && hasDates ? "date" : "text";
}

function isOfKind(cell: string | number | undefined, kind: OutputColumn["kind"]): boolean {
  if (kind === "text" || cell === "" || cell === undefined) return true;
  if (kind === "date") return /^\d{4}-\d\d-\d\d/.test(String(cell));
  if (kind === "boolean") return /^(?:true|false)$/i.test(String(cell));
  return Number.isFinite(Number(cell));
}

function shown(names: string[]): string {
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}

function nextSize(rows: number, ms: number): number {
  const fitting = Math.floor((rows * BATCH_MS) / Math.max(0.1, ms));
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, fitting));
}

interface AddedColumns {
  names: string[];
  kinds: OutputColumn["kind"][];
  cells: (answer: FileRowAnswer) => (string | number)[];
}

/** Without an ID if the prediction is not stored: no outcome can be reported for it. */
function addedFor(
  live: Model,
  { interval, isShared }: { interval: number | undefined; isShared: boolean },
): AddedColumns {
  const { classes, threshold } = live;
  const isWide = classes.length > MOST_CLASS_COLUMNS;
  const shares = isWide ? ["probability"] : classes.map((name) => `probability_${name}`);
  const numbers = [...shares, ...(threshold === null ? [] : ["threshold"])];
  const width = classes.length;
  // A set as JSON: a class may contain any character.
  const bounded = interval === undefined ? [] : width > 0 ? ["set"] : ["interval_low", "interval_high"];
  const answeredBy = isShared ? ["version"] : [];
  return {
    names: ["prediction", ...numbers, ...bounded, ...answeredBy, "prediction_id"],
    kinds: [
      ...[width > 0 ? ("text" as const) : ("number" as const), ...numbers.map(() => "number" as const)],
      ...bounded.map(() => (width > 0 ? ("text" as const) : ("number" as const))),
      ...[...answeredBy.map(() => "number" as const), "text" as const],
    ],
    cells: ({ model, version, predicted: { values, probabilities }, row, id, bounds }) => {
      const value = values[row]!;
      const own = model.classes;
      const cells: (string | number)[] = [width > 0 ? own[value]! : value];
      const at = row * own.length;
      if (probabilities && isWide) cells.push(probabilities[at + value]!);
      else if (probabilities && model === live)
        for (let k = 0; k < width; k++) cells.push(probabilities[at + k]!);
      // A canary may know other classes, in another order.
      else if (probabilities)
        for (const place of classes.map((name) => own.indexOf(name)))
          cells.push(place < 0 ? 0 : probabilities[at + place]!);
      if (threshold !== null) cells.push(model.threshold ?? threshold);
      if (bounds?.interval) cells.push(bounds.interval.low, bounds.interval.high);
      if (bounds?.set) cells.push(JSON.stringify(bounds.set));
      if (isShared) cells.push(version);
      cells.push(id);
      return cells;
    },
  };
}

/** Names of added columns, which the file does not use yet. */
function freeNames(header: readonly string[], wanted: readonly string[]): string[] {
  return wanted.map((name) => {
    let free = name;
    while (header.includes(free)) free += "_";
    return free;
  });
}

function warningsName(header: readonly string[]): string {
  let name = "warnings";
  for (let suffix = 2; header.includes(name); suffix++) name = `warnings_${suffix}`;
  return name;
}
