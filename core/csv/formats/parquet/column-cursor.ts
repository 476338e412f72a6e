/** Reads one column of a Parquet row group, page by page: only the current page and the dictionary are in memory. */
import { readSync } from "node:fs";
import type { ColumnMetaData, Compressors, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import type { ParquetColumn } from "./columns.ts";
import { contradiction, damagedParquet, hugePage } from "./damage.ts";
import { dictionaryTexts, type Page, pageOf } from "./page.ts";

const HEADER_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
/** Writers keep pages near one megabyte. */
const MAX_PAGE_BYTES = 512 * 1024 * 1024;

export interface ColumnSource {
  file: number;
  fileBytes: number;
  column: ParquetColumn;
  chunk: ColumnMetaData;
  compressors: Compressors;
}

export class ColumnCursor {
  private page: Page | null = null;
  private offset: number;
  private readonly end: number;
  private dictionary: string[] | null = null;

  /** Throws AppError `invalid` if the column is not inside the file. */
  constructor(private readonly source: ColumnSource) {
    const { chunk, column, fileBytes } = source;
    const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = chunk;
    if (chunk.type !== column.element.type)
      throw contradiction(`${column.name.slice(0, 100)} has two different types`);
    const starts = [dictionary, data].filter((start) => start !== undefined && start > 0n).map(Number);
    this.offset = Math.min(...starts);
    this.end = this.offset + Number(size);
    if (!(this.offset >= 4 && this.end >= this.offset && this.end <= fileBytes))
      throw contradiction(`${column.name.slice(0, 100)} is not inside the file`);
  }

  /** Writes the texts of the next `count` rows to the start of `out`. Throws AppError `invalid` if there are fewer. */
  take(out: string[], count: number): void {
    for (let filled = 0; filled < count; ) {
      while (!this.page || this.page.left === 0) this.openPage();
      const taken = Math.min(this.page.left, count - filled);
      this.page.take(out, filled, taken);
      filled += taken;
    }
  }

  /** Throws AppError `invalid` if it has more rows than were taken. */
  finish(): void {
    if ((this.page?.left ?? 0) > 0)
      throw contradiction("a column has more values than its row group has rows");
  }

  private openPage(): void {
    if (this.offset >= this.end) throw contradiction("a column has fewer values than its row group has rows");
    const { header, headerBytes } = this.readHeader();
    const { compressed_page_size: size, uncompressed_page_size: unpacked } = header;
    if (!(size >= 0 && unpacked >= 0 && this.offset + headerBytes + size <= this.end)) throw damagedParquet();
    if (unpacked > MAX_PAGE_BYTES) throw hugePage();
    const bytes = this.bytesAt(this.offset + headerBytes, size);
    this.offset += headerBytes + size;
    const { column } = this.source;
    const unpack = (packed: Buffer, length: number) => this.unpacked(packed, length);
    const packed = { header, bytes, unpack };
    if (header.type === "DICTIONARY_PAGE") this.dictionary = dictionaryTexts(packed, column);
    else if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2")
      this.page = pageOf(packed, { column, dictionary: this.dictionary });
  }

  private unpacked(packed: Buffer, length: number): Buffer {
    const { chunk, compressors } = this.source;
    // The dictionary of a column without values; some decompressors refuse nothing.
    if (length === 0) return Buffer.alloc(0);
    try {
      const page = decompressPage(packed, length, chunk.codec, compressors);
      return Buffer.from(page.buffer, page.byteOffset, page.length);
    } catch (error) {
      throw damagedParquet(error);
    }
  }

  /** Statistics in a page header may be long. */
  private readHeader(): { header: PageHeader; headerBytes: number } {
    for (let size = HEADER_BYTES; ; size *= 8) {
      const bytes = this.bytesAt(this.offset, Math.min(size, this.end - this.offset));
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
      try {
        const header = parquetHeader(reader);
        if (reader.offset <= bytes.length) return { header, headerBytes: reader.offset };
      } catch (error) {
        if (bytes.length < size || size >= MAX_HEADER_BYTES) throw damagedParquet(error);
      }
    }
  }

  private bytesAt(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const read = readSync(this.source.file, bytes, at, length - at, position + at);
      if (read === 0) throw damagedParquet();
      at += read;
    }
    return bytes;
  }
}
