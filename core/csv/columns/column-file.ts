/**
 * Writes one typed column as a file, and reads it back.
 *
 *   0   8 bytes   "SBCOLUM1"
 *   8   8 bytes   XXH64 of the bytes that follow, little-endian
 *   16  4 bytes   length of the JSON header, little-endian
 *   20  the header  JSON: name, type, rows, readMs, labels (label columns); padded with spaces to a multiple of eight
 *   …   the rows  float64 (number, date) or int32 codes, little-endian
 */
import type { Column } from "../types.ts";

/** Suffix of a kept column's file name; the prefix is the name of the file it was read from. */
export const COLUMN_FILE = ".column";

/** A column, and its share of the milliseconds that parsing the file took. */
export interface CachedColumn {
  column: Column;
  readMs: number;
}

interface Head {
  name: string;
  type: Column["type"];
  rows: number;
  readMs: number;
  labels?: string[];
}

const MAGIC = new TextEncoder().encode("SBCOLUM1");
const HEAD_AT = 20;
const CHECKED_FROM = 16;

/** The bytes of the file: a checked head in JSON, then the values or codes. */
export function writeColumn({ column, readMs }: CachedColumn): Uint8Array<ArrayBuffer> {
  const { name, type } = column;
  const values = "values" in column ? column.values : column.codes;
  const labels = "labels" in column ? { labels: column.labels } : {};
  const head: Head = { name, type, rows: values.length, readMs, ...labels };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const headBytes = alignedAt(text.length) - HEAD_AT;
  const bytes = new Uint8Array(HEAD_AT + headBytes + values.byteLength);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(CHECKED_FROM, headBytes, true);
  bytes.fill(0x20, HEAD_AT, HEAD_AT + headBytes);
  bytes.set(text, HEAD_AT);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), HEAD_AT + headBytes);
  new DataView(bytes.buffer).setBigUint64(MAGIC.length, checksum(bytes), true);
  return bytes;
}

/**
 * Null if the bytes are not a whole column: damaged, cut off, or of another format. The column is a view of the bytes.
 */
export function readColumn(bytes: Uint8Array<ArrayBuffer>): CachedColumn | null {
  if (bytes.length < HEAD_AT || MAGIC.some((byte, at) => bytes[at] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getBigUint64(MAGIC.length, true) !== checksum(bytes)) return null;
  const from = HEAD_AT + view.getUint32(CHECKED_FROM, true);
  const { name, type, rows, readMs, labels } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(HEAD_AT, from)),
  ) as Head;
  const start = bytes.byteOffset + from;
  const column =
    type === "number" || type === "date"
      ? { name, type, values: new Float64Array(bytes.buffer, start, rows) }
      : { name, type, codes: new Int32Array(bytes.buffer, start, rows), labels: labels ?? [] };
  return { column, readMs };
}

const alignedAt = (headLength: number) => Math.ceil((HEAD_AT + headLength) / 8) * 8;

const checksum = (bytes: Uint8Array) => Bun.hash.xxHash64(bytes.subarray(CHECKED_FROM));
