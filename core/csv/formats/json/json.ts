/** Reads JSON as a table, one row per object, in one array or one after the other; the file may be of any length. */
import { detectEncoding, headText } from "../../bytes/encoding.ts";
import { utf8Chunks } from "../../bytes/source.ts";
import type { Finding } from "../../types.ts";
import type { Converted, ConvertOptions } from "../known-table.ts";
import { BLANK_START } from "../signatures.ts";
import { type Cell, TableFile } from "../table-file.ts";
import { arrange } from "./layout.ts";
import { MAX_COLUMNS, Records } from "./records.ts";
import { notJson, parseValue, ValueCutter } from "./values.ts";

/** The number of rows that define the columns; a column that appears later costs a second pass. */
const SETTLING_ROWS = 2000;
/** Rows with longer texts define the columns sooner, so that few are held. */
const SETTLING_CHARACTERS = 16 * 1024 * 1024;
/** A document that is a single object is held in memory up to this size. */
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;

interface JsonSource {
  path: string;
  /** The file's first bytes. */
  head: Uint8Array;
}

/** Throws AppError `invalid` if it is not JSON or holds no rows. */
export async function convertJson(source: JsonSource, options: ConvertOptions): Promise<Converted> {
  const level = levelOf(source.head);
  const table = new TableFile(options.out, options.sourceBytes);
  try {
    const first = level === 0 ? await firstValues(source) : [];
    const converted =
      first.length === 1 && isObject(first[0])
        ? writeDocument(first[0], table)
        : await writeStream(source, { level, table, options });
    await table.finish();
    return { ...converted, rows: table.rows };
  } catch (error) {
    await table.discard();
    throw error;
  }
}

/** An array of objects or lists is split into its elements; anything else is read as values one after the other. */
function levelOf(head: Uint8Array): 0 | 1 {
  return /^\[\s*[[{\]]/.test(headText(head).replace(BLANK_START, "")) ? 1 : 0;
}

/** The first two values, unless the first is longer than a document may be. */
async function firstValues({ path, head }: JsonSource): Promise<unknown[]> {
  const values: unknown[] = [];
  const cutter = new ValueCutter(0, (text) => {
    if (values.length < 2) values.push(parseValue(text, values.length + 1));
  });
  let bytes = 0;
  for await (const chunk of utf8Chunks(path, detectEncoding(head).encoding)) {
    cutter.push(chunk);
    bytes += chunk.length;
    if (values.length > 1 || bytes > MAX_DOCUMENT_BYTES) return values;
  }
  cutter.end();
  return values;
}

type Written = Omit<Converted, "rows">;

function writeDocument(document: object, table: TableFile): Written {
  const { names, rows } = arrange(document);
  if (names) return writeLists(names, rows as unknown[][], table);
  const records = new Records();
  const cells = rows.map((row) => records.cellsOf(row as object));
  refuseNoFields(records);
  table.write(records.names);
  for (const row of cells) table.write(padded(row, records.names.length));
  return named(records, "json");
}

function writeLists(
  names: readonly string[],
  rows: readonly (readonly unknown[])[],
  table: TableFile,
): Written {
  const records = new Records();
  // By position: two columns may have the same name.
  const labels = names.map((_, k) => String(k));
  const cells = rows.map((row) =>
    records.cellsOf(Object.fromEntries(labels.map((label, k) => [label, row[k]]))),
  );
  const nameOf = (label: string) => label.replace(/^\d+/, (place) => names[Number(place)] ?? place);
  const findings = records.findings().map((finding) => renamed(finding, nameOf));
  table.write(records.names.map(nameOf));
  for (const row of cells) table.write(padded(row, records.names.length));
  return { ...named(records, "json"), findings };
}

function renamed(finding: Finding, nameOf: (label: string) => string): Finding {
  const { column, message } = finding;
  return { ...finding, column: column && nameOf(column), message: nameOf(message) };
}

interface Stream {
  level: 0 | 1;
  table: TableFile;
  options: ConvertOptions;
}

async function writeStream(source: JsonSource, stream: Stream): Promise<Written> {
  const records = new Records();
  const writer = new RecordWriter(records, stream.table);
  await readValues(source, stream, (value, row) => writer.take(value, row));
  writer.settle();
  if (!writer.isGrid && writer.width !== records.names.length) {
    // Columns that appeared after the header was written.
    stream.table.clear();
    const again = new RecordWriter(records, stream.table);
    again.settle();
    await readValues(source, stream, (value, row) => again.take(value, row));
  }
  return writer.isGrid
    ? { format: "json", shape: "grid", width: writer.width, kinds: [], findings: [], sentence: "JSON lists" }
    : named(records, stream.level === 1 ? "json" : "ndjson");
}

async function readValues(
  { path, head }: JsonSource,
  { level, table, options }: Stream,
  take: (value: unknown, row: number) => void,
): Promise<void> {
  let row = 0;
  const cutter = new ValueCutter(level, (text) => take(parseValue(text, ++row), row));
  const onProgress = ({ bytesRead }: { bytesRead: number }) =>
    options.onProgress?.({ bytesRead, rows: table.rows });
  for await (const chunk of utf8Chunks(path, detectEncoding(head).encoding, { onProgress }))
    cutter.push(chunk);
  cutter.end();
}

class RecordWriter {
  /** Number of columns in the header that was written; 0: none yet. */
  width = 0;
  /** The rows are lists. */
  isGrid = false;
  private held: Cell[][] = [];
  private heldCharacters = 0;

  constructor(
    private readonly records: Records,
    private readonly table: TableFile,
  ) {}

  take(value: unknown, row: number): void {
    if (row === 1) this.isGrid = Array.isArray(value);
    if (this.isGrid !== Array.isArray(value) || typeof value !== "object" || value === null)
      throw notJson(
        `has a row that is ${whatIs(value)}, where ${this.isGrid ? "lists" : "objects"} are expected`,
        row,
      );
    if (this.isGrid) {
      this.width = Math.max(this.width, (value as unknown[]).length);
      if (this.width > MAX_COLUMNS) throw tooManyCells(MAX_COLUMNS, row);
      this.table.write((value as unknown[]).map(gridCell));
      return;
    }
    const cells = this.records.cellsOf(value);
    if (this.width > 0) this.table.write(padded(cells, this.width));
    else {
      this.heldCharacters += sizeOf(cells);
      const isMuch = this.heldCharacters > SETTLING_CHARACTERS;
      if (this.held.push(cells) >= SETTLING_ROWS || isMuch) this.settle();
    }
  }

  /** Writes the header with the columns known so far, and the rows read so far. */
  settle(): void {
    if (this.isGrid || this.width > 0) return;
    refuseNoFields(this.records);
    this.width = this.records.names.length;
    this.table.write(this.records.names);
    for (const cells of this.held) this.table.write(padded(cells, this.width));
    this.held = [];
  }
}

function sizeOf(cells: readonly Cell[]): number {
  return cells.reduce<number>((sum, cell) => sum + (typeof cell === "string" ? cell.length : 8), 0);
}

function tooManyCells(most: number, row: number) {
  return notJson(`has a list with more than ${most} values`, row);
}

function gridCell(value: unknown): Cell {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Cell);
}

function padded(cells: Cell[], width: number): Cell[] {
  cells.length = width;
  return cells;
}

function named(records: Records, format: "json" | "ndjson"): Written {
  return {
    format,
    shape: "named",
    width: records.names.length,
    kinds: records.kinds(),
    findings: records.findings(),
    sentence: format === "json" ? "JSON" : "NDJSON",
  };
}

function refuseNoFields({ names }: Records): void {
  if (names.length === 0) throw notJson("holds no objects with single values");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function whatIs(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
