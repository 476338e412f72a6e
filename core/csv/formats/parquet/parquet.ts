/**
 * Reads a Parquet file as a table. Columns advance together, one page of each at a time, so memory depends on the page
 * size and not on the file; nested columns are left out and reported.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Compressors, type FileMetaData, parquetMetadata, parquetSchema } from "hyparquet";
import { compressors as portable } from "hyparquet-compressors";
import { AppError } from "../../../platform/errors.ts";
import type { Finding } from "../../types.ts";
import type { Converted, ConvertOptions } from "../known-table.ts";
import { TableFile } from "../table-file.ts";
import { ColumnCursor } from "./column-cursor.ts";
import { type Columns, columnsOf } from "./columns.ts";
import { contradiction, damagedParquet } from "./damage.ts";

const MAX_FOOTER_BYTES = 64 * 1024 * 1024;
const MAX_COLUMNS = 20_000;
const TAIL_BYTES = 8;

/** Native if the runtime has it. */
const COMPRESSORS: Compressors = {
  ...portable,
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input) => Bun.zstdDecompressSync(input),
};

/** Throws AppError `invalid` if it is damaged, encrypted, or has no column of single values. */
export async function convertParquet(path: string, options: ConvertOptions): Promise<Converted> {
  const file = openSync(path, "r");
  const table = new TableFile(options.out, options.sourceBytes);
  try {
    const metadata = readMetadata(file);
    refuseDeepSchema(metadata.schema);
    const columns = columnsOf(parquetSchema(metadata));
    refuseColumns(columns);
    table.write(columns.read.map(({ name }) => name));
    const { size: fileBytes } = fstatSync(file);
    for (const group of metadata.row_groups) writeGroup({ file, fileBytes, table, group, columns, options });
    if (table.rows - 1 !== Number(metadata.num_rows))
      throw contradiction(`it says ${metadata.num_rows} rows and has ${table.rows - 1}`);
    await table.finish();
    return {
      format: "parquet",
      shape: "named",
      rows: table.rows,
      width: columns.read.length,
      kinds: columns.read.map(({ kind }) => kind),
      findings: columns.leftOut.map(leftOutFinding),
      sentence: "Parquet",
    };
  } catch (error) {
    await table.discard();
    throw error instanceof AppError ? error : isOfSystem(error) ? error : damagedParquet(error);
  } finally {
    closeSync(file);
  }
}

/** A full disk or too little memory: not the file's fault. */
function isOfSystem(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === "string" && "syscall" in (error as object);
}

function readMetadata(file: number): FileMetaData {
  const { size } = fstatSync(file);
  const tail = bytesAt(file, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES));
  const mark = new TextDecoder().decode(tail.subarray(4));
  if (mark === "PARE") throw encrypted();
  if (mark !== "PAR1") throw cutOff();
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > Math.min(MAX_FOOTER_BYTES, size - TAIL_BYTES)) throw damagedParquet();
  const footer = bytesAt(file, size - TAIL_BYTES - length, length + TAIL_BYTES);
  return parquetMetadata(footer.buffer);
}

function bytesAt(file: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const read = readSync(file, bytes, at, length - at, position + at);
    if (read === 0) throw cutOff();
    at += read;
  }
  return bytes;
}

function encrypted(): AppError {
  return new AppError("invalid", "The Parquet file is encrypted", { fix: "Write it without encryption." });
}

function cutOff(): AppError {
  return new AppError("invalid", "The Parquet file ends too early", {
    fix: "Upload it again, and check that it was written completely.",
  });
}

const MAX_LEVELS = 100;

/** Checked before the tree is built, which takes the square of its depth. */
function refuseDeepSchema(schema: FileMetaData["schema"]): void {
  /** How many children of each open level follow. */
  const open: number[] = [];
  for (const { num_children: children = 0 } of schema) {
    while (open.at(-1) === 0) open.pop();
    if (open.length > 0) open[open.length - 1]!--;
    if (children > 0) open.push(children);
    if (open.length > MAX_LEVELS) throw contradiction(`a schema of more than ${MAX_LEVELS} levels`);
  }
}

function refuseColumns({ read, leftOut }: Columns): void {
  if (read.length > MAX_COLUMNS) {
    throw new AppError("invalid", `The file has ${read.length} columns; ${MAX_COLUMNS} can be read`, {
      fix: "Write the columns that you need to a file of their own.",
    });
  }
  if (read.length > 0) return;
  const what = leftOut.map(({ name, what }) => `${name} holds ${what}`).join(", ");
  throw new AppError("invalid", `The Parquet file has no column of single values${what && `: ${what}`}`, {
    fix: "Write each field to a column of its own.",
  });
}

interface GroupToWrite {
  file: number;
  fileBytes: number;
  table: TableFile;
  group: FileMetaData["row_groups"][number];
  columns: Columns;
  options: ConvertOptions;
}

/** How many cells are held at once, and of a column. */
const BATCH_CELLS = 1 << 20;
const BATCH_ROWS = 2048;

function writeGroup({ file, fileBytes, table, group, columns, options }: GroupToWrite): void {
  const rows = Number(group.num_rows);
  const cursors = columns.read.map((column) => {
    const {
      meta_data: chunk,
      file_path: elsewhere,
      crypto_metadata: locked,
    } = group.columns[column.chunk] ?? {};
    if (elsewhere) throw contradiction("its columns are in other files");
    if (locked) throw encrypted();
    if (!chunk) throw damagedParquet();
    if (Number(chunk.num_values) !== rows)
      throw contradiction(`${column.name.slice(0, 100)} has ${chunk.num_values} values for ${rows} rows`);
    return new ColumnCursor({ file, fileBytes, column, chunk, compressors: COMPRESSORS });
  });
  const batch = Math.min(BATCH_ROWS, Math.ceil(BATCH_CELLS / cursors.length));
  const texts = cursors.map(() => new Array<string>(batch));
  for (let left = rows; left > 0; left -= batch) {
    const count = Math.min(left, batch);
    for (const [k, cursor] of cursors.entries()) cursor.take(texts[k]!, count);
    const before = table.rows;
    table.writeColumns(texts, count);
    collectGarbage(before * cursors.length, table.rows * cursors.length);
    tellProgress(table, group, options);
  }
  for (const cursor of cursors) cursor.finish();
}

const CELLS_BETWEEN_COLLECTIONS = 2_000_000;

/**
 * The texts of a batch outlive the quick collections: left to itself, the engine lets them grow to twice the memory. A
 * thorough collection takes milliseconds, because only one batch is alive.
 */
function collectGarbage(cellsBefore: number, cells: number): void {
  const passed = (count: number) => Math.floor(count / CELLS_BETWEEN_COLLECTIONS);
  if (passed(cells) > passed(cellsBefore)) Bun.gc(true);
}

function tellProgress(table: TableFile, group: GroupToWrite["group"], options: ConvertOptions): void {
  const bytesRead = Math.min(options.sourceBytes, Number(group.file_offset ?? 0n));
  options.onProgress?.({ bytesRead, rows: table.rows });
}

function leftOutFinding({ name, what }: Columns["leftOut"][number]): Finding {
  return {
    code: "nested_column",
    severity: "warning",
    column: name,
    message: `${name} contains ${what} instead of single values, so it was left out.`,
    fix: null,
  };
}
