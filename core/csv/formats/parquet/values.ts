/** Decodes the stored values of a Parquet page into arrays of numbers or spans of bytes, a few at a time. */
import type { ColumnMetaData, Encoding } from "hyparquet";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { byteStreamSplit } from "hyparquet/src/encoding.js";
import { contradiction, damagedParquet, hugePage } from "./damage.ts";
import { HybridReader } from "./hybrid.ts";

type Type = ColumnMetaData["type"];

/** Byte strings in one buffer: the k-th is from `starts[k]` to `ends[k]`. */
export interface Spans {
  bytes: Buffer;
  starts: Uint32Array;
  ends: Uint32Array;
}

/** Values as stored; booleans are 0 and 1, 96-bit timestamps spans of twelve bytes. */
export type Stored = Int32Array | BigInt64Array | Float32Array | Float64Array | Uint8Array | Spans;

export interface StoredValues {
  /** The next `count` values; valid until the next call. Throws AppError `invalid` if there are fewer. */
  take(count: number): Stored;
}

export interface EncodedValues {
  bytes: Buffer;
  /** Where the values begin. */
  at: number;
  encoding: Encoding;
  type: Type;
  /** Length in bytes of each value of the type FIXED_LEN_BYTE_ARRAY. */
  typeLength: number | undefined;
  /** The number of values that are not missing. */
  count: number;
}

/** Differences may store any number of values in no bytes at all. */
const MAX_DELTA_VALUES = 1 << 24;
const MAX_DELTA_BYTES = 256 * 1024 * 1024;

/** Throws AppError `invalid` for an encoding that the type cannot have. */
export function storedValues(encoded: EncodedValues): StoredValues {
  const { encoding, type } = encoded;
  if (encoding === "PLAIN") return plainValues(encoded);
  if (encoding === "RLE" && type === "BOOLEAN") return runValues(encoded);
  if (encoding === "DELTA_BINARY_PACKED" && (type === "INT32" || type === "INT64"))
    return slices(deltaNumbers(encoded, type).values);
  if (encoding === "DELTA_LENGTH_BYTE_ARRAY" && type === "BYTE_ARRAY") return slices(deltaLengths(encoded));
  if (encoding === "DELTA_BYTE_ARRAY" && (type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY"))
    return slices(deltaStrings(encoded));
  if (encoding === "BYTE_STREAM_SPLIT") return slices(splitValues(encoded));
  throw contradiction(`the encoding ${encoding ?? "is unknown"} for ${type}`);
}

const WIDTHS: Partial<Record<Type, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 };

function plainValues({ bytes, at: start, type, typeLength = 0 }: EncodedValues): StoredValues {
  let at = start;
  if (type === "BOOLEAN") return plainBooleans(bytes, start);
  if (type === "BYTE_ARRAY") {
    return {
      take: (count) => {
        const spans = spansOf(bytes, count);
        for (let k = 0; k < count; k++) {
          if (at + 4 > bytes.length) throw tooFew();
          const length = bytes.readUInt32LE(at);
          at += 4 + length;
          if (at > bytes.length) throw tooFew();
          spans.starts[k] = at - length;
          spans.ends[k] = at;
        }
        return spans;
      },
    };
  }
  const width = WIDTHS[type] ?? typeLength;
  if (!(width > 0)) throw contradiction("values without a length");
  return {
    take: (count) => {
      const from = at;
      at += count * width;
      if (at > bytes.length) throw tooFew();
      return type in WIDTHS && type !== "INT96"
        ? numbersOf(bytes.subarray(from, at), type)
        : evenSpans(bytes, { from, width, count });
    },
  };
}

/** Copied, because typed arrays need aligned memory. */
function numbersOf(bytes: Uint8Array, type: Type): Stored {
  const { buffer } = new Uint8Array(bytes);
  if (type === "INT32") return new Int32Array(buffer);
  if (type === "INT64") return new BigInt64Array(buffer);
  return type === "FLOAT" ? new Float32Array(buffer) : new Float64Array(buffer);
}

function evenSpans(
  bytes: Buffer,
  { from, width, count }: { from: number; width: number; count: number },
): Spans {
  const spans = spansOf(bytes, count);
  for (let k = 0; k < count; k++) {
    spans.starts[k] = from + k * width;
    spans.ends[k] = from + (k + 1) * width;
  }
  return spans;
}

function spansOf(bytes: Buffer, count: number): Spans {
  return { bytes, starts: new Uint32Array(count), ends: new Uint32Array(count) };
}

function plainBooleans(bytes: Buffer, start: number): StoredValues {
  let seen = 0;
  return {
    take: (count) => {
      if (start + Math.ceil((seen + count) / 8) > bytes.length) throw tooFew();
      const values = new Uint8Array(count);
      for (let k = 0; k < count; k++, seen++) values[k] = (bytes[start + (seen >> 3)]! >> (seen & 7)) & 1;
      return values;
    },
  };
}

/** Booleans as runs, after their length in bytes. */
function runValues({ bytes, at }: EncodedValues): StoredValues {
  const reader = new HybridReader(bytes, at + 4, 1);
  return {
    take: (count) => {
      const values = new Uint8Array(count);
      reader.take(values, count);
      return values;
    },
  };
}

/** Values that were decoded at once, in parts. */
function slices(values: Stored): StoredValues {
  let from = 0;
  return {
    take: (count) => {
      const to = from + count;
      const part =
        "bytes" in values
          ? { ...values, starts: values.starts.subarray(from, to), ends: values.ends.subarray(from, to) }
          : values.subarray(from, to);
      from = to;
      if (lengthOf(part) < count) throw tooFew();
      return part;
    },
  };
}

export function lengthOf(values: Stored): number {
  return "bytes" in values ? values.starts.length : values.length;
}

/** `end`: where the values end. */
function deltaNumbers(
  { bytes, at, count }: Pick<EncodedValues, "bytes" | "at" | "count">,
  type: "INT32" | "INT64",
): { values: Int32Array | BigInt64Array; end: number } {
  if (count > MAX_DELTA_VALUES) throw hugePage();
  const values = type === "INT32" ? new Int32Array(count) : new BigInt64Array(count);
  if (count === 0) return { values, end: at };
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: at };
  try {
    deltaBinaryUnpack(reader, count, values);
  } catch (error) {
    throw damagedParquet(error);
  }
  return { values, end: reader.offset };
}

function deltaLengths(encoded: EncodedValues): Spans {
  const { bytes, count } = encoded;
  const { values: lengths, end } = deltaNumbers(encoded, "INT32");
  const spans = spansOf(bytes, count);
  let at = end;
  for (let k = 0; k < count; k++) {
    const length = Number(lengths[k]);
    if (length < 0 || at + length > bytes.length) throw tooFew();
    spans.starts[k] = at;
    at += length;
    spans.ends[k] = at;
  }
  return spans;
}

/** Each value repeats the start of the one before. */
function deltaStrings(encoded: EncodedValues): Spans {
  const { bytes, count } = encoded;
  const { values: shared, end } = deltaNumbers(encoded, "INT32");
  const { values: own, end: start } = deltaNumbers({ bytes, at: end, count }, "INT32");
  let size = 0;
  for (let k = 0; k < count; k++) {
    if (shared[k]! < 0 || own[k]! < 0) throw tooFew();
    size += Number(shared[k]) + Number(own[k]);
    if (size > MAX_DELTA_BYTES) throw hugePage();
  }
  const spans = spansOf(Buffer.alloc(size), count);
  let from = start;
  let to = 0;
  for (let k = 0; k < count; k++) {
    const [repeated, added] = [Number(shared[k]), Number(own[k])];
    const before = k === 0 ? 0 : spans.starts[k - 1]!;
    if (before + repeated > to || from + added > bytes.length) throw tooFew();
    spans.starts[k] = to;
    spans.bytes.copy(spans.bytes, to, before, before + repeated);
    bytes.copy(spans.bytes, to + repeated, from, from + added);
    from += added;
    to += repeated + added;
    spans.ends[k] = to;
  }
  return spans;
}

function splitValues({ bytes, at, count, type, typeLength }: EncodedValues): Stored {
  const width = WIDTHS[type] ?? typeLength ?? 0;
  if (!(width > 0) || type === "INT96") throw contradiction(`the encoding BYTE_STREAM_SPLIT for ${type}`);
  if (at + count * width > bytes.length) throw tooFew();
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: at };
  if (type !== "FIXED_LEN_BYTE_ARRAY")
    return byteStreamSplit(reader, count, type, typeLength) as Exclude<Stored, Spans>;
  const joined = Buffer.alloc(count * width);
  for (let byte = 0; byte < width; byte++)
    for (let k = 0; k < count; k++) joined[k * width + byte] = bytes[at + byte * count + k]!;
  return evenSpans(joined, { from: 0, width, count });
}

function tooFew() {
  return contradiction("a page has fewer values than it says");
}
