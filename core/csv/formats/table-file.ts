/**
 * Writes a table of another format as a CSV with a known dialect and exact values, so that the profile, training and
 * row pages read it like any CSV.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { AppError } from "../../platform/errors.ts";

export type Cell = string | number | bigint | boolean | null | undefined;

const BLOCK_CHARACTERS = 1 << 20;
/** A table larger than this, and larger than this multiple of its file, was made to fill a disk. */
const FREE_BYTES = 128 * 1024 ** 2;
const MAX_RATIO = 400;
/** Of one blank cell: an empty line would not count as a row. */
const BLANK_LINE = '""\n';
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

export class TableFile {
  rows = 0;
  private readonly file: number;
  private readonly part: string;
  private block = "";
  private position = 0;
  private readonly maxBytes: number;

  /** The file appears at `path` only when it is complete. `sourceBytes`: the size of the original file. */
  constructor(
    private readonly path: string,
    sourceBytes: number,
  ) {
    this.part = `${path}.part`;
    this.file = openSync(this.part, "w");
    this.maxBytes = Math.max(FREE_BYTES, MAX_RATIO * sourceBytes);
  }

  /** Empty cells are missing values; numbers keep every digit. Throws AppError `invalid` if it grows too large. */
  write(cells: readonly Cell[]): void {
    this.block += lineOf(cells);
    this.rows++;
    if (this.block.length >= BLOCK_CHARACTERS) this.flush();
  }

  /** Writes the first `rows` cells of each column, which are texts as `cellText` writes them. */
  writeColumns(columns: readonly (readonly string[])[], rows: number): void {
    const [first, ...others] = columns;
    for (let row = 0; row < rows; row++) {
      let line = first![row]!;
      for (const column of others) line += `,${column[row]}`;
      this.block += line === "" ? BLANK_LINE : `${line}\n`;
      if (this.block.length >= BLOCK_CHARACTERS) this.flush();
    }
    this.rows += rows;
  }

  /** Starts again with an empty file. */
  clear(): void {
    ftruncateSync(this.file, 0);
    this.block = "";
    this.position = 0;
    this.rows = 0;
  }

  /** Bytes written so far. */
  end(): number {
    this.flush();
    return this.position;
  }

  /** Replaces the first `end` bytes with other rows. */
  async replaceStart(end: number, rows: readonly Cell[][]): Promise<void> {
    this.flush();
    const copy = `${this.part}.copy`;
    const sink = Bun.file(copy).writer();
    sink.write(rows.map(lineOf).join(""));
    for await (const bytes of Bun.file(this.part).slice(end).stream()) {
      sink.write(bytes);
      await sink.flush();
    }
    await sink.end();
    await rename(copy, this.part);
  }

  async finish(): Promise<void> {
    this.flush();
    closeSync(this.file);
    await rename(this.part, this.path);
  }

  async discard(): Promise<void> {
    try {
      closeSync(this.file);
    } catch {
      // Closed already by `finish`.
    }
    await rm(this.part, { force: true });
  }

  private flush(): void {
    const bytes = Buffer.from(this.block);
    this.block = "";
    if (this.position + bytes.length > this.maxBytes) {
      throw new AppError("invalid", `The table expands to more than ${MAX_RATIO} times the file's size`, {
        fix: "Save the table with fewer empty cells, or upload it as CSV.",
      });
    }
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(this.file, bytes, at, bytes.length - at, this.position);
      at += written;
      this.position += written;
    }
  }
}

function lineOf(cells: readonly Cell[]): string {
  let line = "";
  for (let k = 0; k < cells.length; k++) {
    const text = cellText(cells[k]);
    line += k === 0 ? text : `,${text}`;
  }
  return line === "" && cells.length === 1 ? BLANK_LINE : `${line}\n`;
}

/** A cell as CSV; "" if it is missing. */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return Number.isNaN(cell) ? "" : String(cell);
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
