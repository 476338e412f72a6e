/** Chooses the columns of a Parquet file that become cells, and converts their stored values. */
import type { FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import type { StoredKind } from "../../types.ts";
import { dayText, momentText, timeText } from "../iso-dates.ts";
import type { Cell } from "../table-file.ts";

export interface ParquetColumn {
  name: string;
  /** Its index among the column chunks of a row group. */
  chunk: number;
  /** The path from the root to the column. */
  path: SchemaTree[];
  kind: StoredKind | null;
  /** How hyparquet reads it. */
  element: SchemaElement;
  toCell: (value: unknown) => Cell;
}

export interface Columns {
  read: ParquetColumn[];
  /** Columns that do not hold single values, with what they hold. */
  leftOut: { name: string; what: string }[];
}

/** pandas writes its row labels as columns with this name. */
const INDEX = /^__index_level_\d+__$/;

export function columnsOf(root: SchemaTree): Columns {
  const columns: Columns = { read: [], leftOut: [] };
  let chunk = 0;
  for (const child of root.children) {
    const leaves = leavesBelow(child);
    const what = whatElse(child);
    if (what) columns.leftOut.push({ name: child.element.name, what });
    else
      columns.read.push({ ...readerOf(child.element), name: child.element.name, chunk, path: [root, child] });
    chunk += leaves;
  }
  return columns;
}

function leavesBelow(node: SchemaTree): number {
  return node.children.length === 0 ? 1 : node.children.reduce((sum, child) => sum + leavesBelow(child), 0);
}

/** What a column holds if it is not something that a cell can hold. */
function whatElse({ element, children }: SchemaTree): string | null {
  const { converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  if (INDEX.test(element.name)) return "row labels that pandas wrote";
  if (children.length > 0) {
    if (converted === "LIST" || logical?.type === "LIST") return "lists";
    return converted === "MAP" || logical?.type === "MAP" ? "maps" : "nested fields";
  }
  if (repetition === "REPEATED") return "lists";
  if (converted === "JSON" || logical?.type === "JSON") return "JSON";
  if (converted === "BSON" || logical?.type === "BSON") return "BSON";
  if (converted === "INTERVAL" || logical?.type === "INTERVAL") return "intervals";
  if (logical?.type === "GEOMETRY" || logical?.type === "GEOGRAPHY") return "shapes on a map";
  const isBytes = element.type === "FIXED_LEN_BYTE_ARRAY" && !converted && !logical;
  return isBytes ? "bytes that are not text" : null;
}

type Reader = Pick<ParquetColumn, "kind" | "element" | "toCell">;

function readerOf(element: SchemaElement): Reader {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") return decimalReader(element);
  if (converted === "TIME_MILLIS" || converted === "TIME_MICROS" || logical?.type === "TIME")
    return timeReader(element);
  if (type === "BOOLEAN") return { element, kind: "boolean", toCell: (value) => value as boolean };
  const isMoment = type === "INT96" || /^(?:DATE|TIMESTAMP)/.test(converted ?? logical?.type ?? "");
  if (isMoment) return { element: dateElement(element), kind: "date", toCell: (value) => value as string };
  const isText = type === "BYTE_ARRAY" || logical?.type === "UUID";
  if (isText) return { element, kind: "words", toCell: textCell };
  return { element, kind: /^INT/.test(type ?? "") ? "integer" : "number", toCell: numberCell };
}

/** Some writers set only the logical type. */
function dateElement(element: SchemaElement): SchemaElement {
  return element.logical_type?.type === "DATE" ? { ...element, converted_type: "DATE" } : element;
}

/** Text that is not valid UTF-8 arrives as bytes. */
function textCell(value: unknown): Cell {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : (value as string);
}

function numberCell(value: unknown): Cell {
  return typeof value === "number" && !Number.isFinite(value) ? null : (value as number | bigint);
}

/** Digit by digit: 3 × 10⁻¹ is not 0.3 in binary. */
function decimalReader(element: SchemaElement): Reader {
  const { logical_type: logical } = element;
  const scale = element.scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0) ?? 0;
  const { converted_type: _, logical_type: __, ...plain } = element;
  return {
    element: plain,
    kind: "number",
    toCell: (value) => (value === null || value === undefined ? null : decimalText(unscaled(value), scale)),
  };
}

function unscaled(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint);
  let digits = 0n;
  for (const byte of value) digits = digits * 256n + BigInt(byte);
  const bits = BigInt(8 * value.length);
  return value.length > 0 && value[0] >= 128 ? digits - (1n << bits) : digits;
}

function decimalText(value: bigint, scale: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = String(value < 0n ? -value : value);
  if (scale <= 0) return sign + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function timeReader(element: SchemaElement): Reader {
  const { converted_type: converted, logical_type: logical, ...plain } = element;
  const unit = logical?.type === "TIME" ? logical.unit : converted === "TIME_MILLIS" ? "MILLIS" : "MICROS";
  const nanos = unit === "MILLIS" ? 1e6 : unit === "MICROS" ? 1e3 : 1;
  return {
    element: plain,
    kind: null,
    toCell: (value) => (value === null || value === undefined ? null : timeText(Number(value) * nanos)),
  };
}

/** Timestamps as text, with all digits of the file. */
export const TEXT_PARSERS = {
  timestampFromMilliseconds: (millis: bigint) => momentText(Number(millis)),
  timestampFromMicroseconds: (micros: bigint) => momentOf(micros, 1000n, 1000),
  timestampFromNanoseconds: (nanos: bigint) => momentOf(nanos, 1_000_000n, 1),
  dateFromDays: (days: number) => dayText(days),
};

function momentOf(value: bigint, perMilli: bigint, nanos: number): string | null {
  let rest = value % perMilli;
  if (rest < 0n) rest += perMilli;
  return momentText(Number((value - rest) / perMilli), Number(rest) * nanos);
}

export type { FileMetaData };
