/** Reads one column of a Parquet row group, page by page: only the current page and the dictionary are in memory. */
import { readSync } from "node:fs";
import type { ColumnMetaData, Compressors, DecodedArray } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { AppError } from "../../../platform/errors.ts";
import { type ParquetColumn, TEXT_PARSERS } from "./columns.ts";

const HEADER_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
/** Writers keep pages near one megabyte. */
const MAX_PAGE_BYTES = 512 * 1024 * 1024;
const MAX_PAGE_VALUES = 1 << 26;

export interface ColumnSource {
  file: number;
  column: ParquetColumn;
  chunk: ColumnMetaData;
  compressors: Compressors;
}

export class ColumnCursor {
  /** Values of the current page. */
  values: DecodedArray = [];
  at = 0;
  private offset: number;
  private readonly end: number;
  private dictionary: DecodedArray | undefined;

  constructor(private readonly source: ColumnSource) {
    const {
      dictionary_page_offset: dictionary,
      data_page_offset: data,
      total_compressed_size,
    } = source.chunk;
    const starts = [dictionary, data].filter((start) => start !== undefined && start > 0n).map(Number);
    this.offset = Math.min(...starts);
    this.end = this.offset + Number(total_compressed_size);
  }

  /**
   * How many values can be taken now; 0 at the end of the column. Throws AppError `invalid` for a page that cannot be
   * read.
   */
  available(): number {
    while (this.at >= this.values.length && this.offset < this.end) this.readNext();
    return this.values.length - this.at;
  }

  private readNext(): void {
    const { header, headerBytes } = this.readHeader();
    const size = header.compressed_page_size;
    const values = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0;
    const listed = header.dictionary_page_header?.num_values ?? 0;
    const unpacked = Number(header.uncompressed_page_size);
    if (!(size >= 0 && this.offset + headerBytes + size <= this.end)) throw damagedParquet();
    if (unpacked > MAX_PAGE_BYTES || values > MAX_PAGE_VALUES || listed > 8 * unpacked + 8) throw hugePage();
    const page = this.bytesAt(this.offset + headerBytes, size);
    this.offset += headerBytes + size;
    const { column, chunk, compressors } = this.source;
    const decoder = {
      ...chunk,
      pathInSchema: chunk.path_in_schema,
      element: column.element,
      schemaPath: column.path,
      parsers: { ...DEFAULT_PARSERS, ...TEXT_PARSERS },
      compressors,
      utf8: column.kind === "words",
    };
    const reader = { view: new DataView(page.buffer), offset: 0 };
    const { data } = readPage(reader, header, decoder, this.dictionary, undefined, 0);
    if (header.type === "DICTIONARY_PAGE") this.dictionary = data && convert(data, decoder);
    else if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2") {
      this.values = data ?? [];
      this.at = 0;
    }
  }

  /** Statistics in a page header may be long. */
  private readHeader() {
    for (let size = HEADER_BYTES; ; size *= 8) {
      const bytes = this.bytesAt(this.offset, Math.min(size, this.end - this.offset));
      const reader = { view: new DataView(bytes.buffer), offset: 0 };
      try {
        const header = parquetHeader(reader);
        if (reader.offset <= bytes.length) return { header, headerBytes: reader.offset };
      } catch (error) {
        if (bytes.length < size || size >= MAX_HEADER_BYTES) throw damagedParquet(error);
      }
    }
  }

  private bytesAt(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = readSync(this.source.file, bytes, at, length - at, position + at);
      if (read === 0) throw damagedParquet();
      at += read;
    }
    return bytes;
  }
}

export function damagedParquet(cause?: unknown): AppError {
  const error = new AppError("invalid", "The Parquet file is damaged", {
    fix: "Write it again, or upload the table as CSV.",
  });
  error.cause = cause;
  return error;
}

function hugePage(): AppError {
  return new AppError("invalid", "A page of the Parquet file unpacks to more than can be read", {
    fix: "Write the file again with pages of the usual size (1 MB).",
  });
}
