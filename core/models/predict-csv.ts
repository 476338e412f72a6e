/**
 * How is a whole file predicted? Row by row, read as every file is, answered in batches with the prediction's columns
 * added: memory stays flat however many rows there are, and of a CSV the first answers leave while the last rows come.
 */

import type { Chunk, OutputColumn, OutputForm, TableWriter } from "../csv/formats/writers/output.ts";
import type { ColumnType, StoredKind } from "../csv/types.ts";
import { AppError } from "../platform/errors.ts";
import type { Lease } from "../platform/leases.ts";
import type { StoredVersion } from "../store/models.ts";
import type { PredictRow } from "./answering.ts";
import type { Prediction } from "./monitoring/prediction-log.ts";
import { type InputSource, openInput, type PredictInput } from "./predict-input.ts";
import type { Serving } from "./serving.ts";

/** Others are answered between two batches: how many rows a batch has follows from how long the last one took. */
const BATCH_MS = 15;
const LEAST_ROWS = 256;
const MOST_ROWS = 1024;
/** More classes than this get one column: the probability of the class that is predicted. */
const MOST_CLASS_COLUMNS = 20;

export interface FileToPredict extends InputSource {
  lease: Lease;
  /** What the answer is; the format that the rows came in where absent. */
  form?: OutputForm;
}

export interface FileAnswer {
  form: OutputForm;
  /**
   * Throws AppError where the file has no row or no column of the model, and `unauthorized` when the reader's access
   * ends.
   */
  chunks: AsyncGenerator<Chunk>;
}

/** Throws AppError where the file cannot be read. */
export async function predictFile(
  serving: Serving,
  version: StoredVersion,
  { lease, form, ...source }: FileToPredict,
): Promise<FileAnswer> {
  const access = new AbortController();
  const release = lease((reason) => access.abort(reason));
  try {
    const input = await openInput(source, access.signal);
    const wanted = form ?? input.form;
    const chunks = predictRows({ serving, version, input, form: wanted });
    return { form: wanted, chunks: guarded(chunks, access.signal, release) };
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
      // Others go first.
      await new Promise((resolve) => setImmediate(resolve));
      access.throwIfAborted();
    }
  } finally {
    release();
  }
}

interface Work {
  serving: Serving;
  version: StoredVersion;
  input: PredictInput;
  form: OutputForm;
}

async function* predictRows({ serving, version, input, form }: Work): AsyncGenerator<Chunk> {
  const { openWriter } = await import("../csv/formats/writers/table-writer.ts");
  const classes = version.result.schema.classes ?? [];
  let header: string[] | null = null;
  let writer: TableWriter | null = null;
  let size = LEAST_ROWS;
  for await (const rows of input.rows) {
    const named: string[] = header ?? rows.shift() ?? [];
    if (!header) refuseForeign(named, version);
    header = named;
    for (let from = 0; from < rows.length; ) {
      const batch = rows.slice(from, from + size);
      const startedAt = performance.now();
      const asked = batch.map((row) => rowOf(named, row));
      const { predictions } = await serving.predict(version, asked, { explain: false });
      // The header leaves with the first rows, so that a refusal of them still comes before the first byte.
      const cells = batch.map((row, i) => [
        ...padded(row, named.length),
        ...addedCells(predictions[i]!, classes),
      ]);
      writer ??= await openWriter(form, columnsOf({ named, version, input, cells, form }));
      from += batch.length;
      size = nextSize(batch.length, performance.now() - startedAt);
      const chunk = writer.rows(cells);
      if (chunk.length > 0) yield chunk;
    }
  }
  if (!writer)
    throw new AppError("invalid", "The file has no row to predict", { fix: "Send a header and rows." });
  const last = writer.end();
  if (last.length > 0) yield last;
}

/** A row that is short has no more cells; one that is long has its own. */
function padded(row: string[], width: number): string[] {
  return row.length >= width ? row : [...row, ...new Array<string>(width - row.length).fill("")];
}

interface Columns {
  named: string[];
  version: StoredVersion;
  input: PredictInput;
  /** The first rows. */
  cells: (string | number)[][];
  form: OutputForm;
}

/** What is written in each column: as the file kept it, else as the model reads it, where the first rows bear that out. */
function columnsOf({ named, version, input, cells, form }: Columns): OutputColumn[] {
  const { schema } = version.result;
  const classes = schema.classes ?? [];
  const types = new Map(schema.features.map(({ name, type }) => [name, type]));
  const given = named.map((name, k) => {
    const kind = kindOf(input.known?.kinds[k] ?? null, types.get(name), input.known?.format === "xlsx");
    if (kind !== "text" && cells.every((row) => isOfKind(row[k], kind))) return { name, kind };
    // These write a later cell that is no number as the text that it is.
    const isFree = form === "ndjson" || form === "xlsx";
    const isNumber = isFree && !input.known?.kinds[k] && cells.every((row) => isPlainNumber(row[k]));
    return { name, kind: isNumber ? ("number" as const) : ("text" as const) };
  });
  const added = addedColumns(named, classes).map((name, k) => {
    const isShare = classes.length > 0 && k > 0 && name.startsWith("probability");
    const isValue = classes.length === 0 && k === 0;
    return { name, kind: isShare || isValue ? ("number" as const) : ("text" as const) };
  });
  return [...given, ...added];
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

/** Told once, by the header's row, not by a row's place in a batch. */
function refuseForeign(header: string[], { result }: StoredVersion): void {
  const names = result.schema.features.map(({ name }) => name);
  if (header.length === 0 || names.some((name) => header.includes(name))) return;
  throw new AppError("invalid", `The header names no column of this model: ${shown(header)}`, {
    row: 1,
    fix: `The columns are ${shown(names)}; leave out what is not known.`,
  });
}

function shown(names: string[]): string {
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}

function nextSize(rows: number, ms: number): number {
  const fitting = Math.floor((rows * BATCH_MS) / Math.max(0.1, ms));
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, fitting));
}

function rowOf(header: string[], row: string[]): PredictRow {
  return new Map(header.map((name, column) => [name, row[column] ?? null]));
}

/** Names of the columns that are added, none of which the file has already. */
function addedColumns(header: string[], classes: string[]): string[] {
  const wanted = [
    "prediction",
    ...(isWide(classes) ? ["probability"] : classes.map((name) => `probability_${name}`)),
    "prediction_id",
  ];
  return wanted.map((name) => {
    let free = name;
    while (header.includes(free)) free += "_";
    return free;
  });
}

/** Without an id where the prediction is not kept: no outcome can be told for it. */
function addedCells({ id, logged, prediction, probabilities }: Prediction, classes: string[]) {
  const shown = isWide(classes) ? [prediction] : classes;
  const shares = probabilities ? shown.map((name) => probabilities[name]!) : [];
  return [prediction, ...shares, logged === false ? "" : id];
}

function isWide(classes: string[]): boolean {
  return classes.length > MOST_CLASS_COLUMNS;
}
