/** Writes the stored values of a Parquet column as the texts of CSV cells, by the type that the schema gives them. */
import { isAscii } from "node:buffer";
import type { SchemaElement } from "hyparquet";
import { DAY_MS } from "../../../platform/figures.ts";
import { dayText, momentText, timeText } from "../iso-dates.ts";
import { cellText } from "../table-file.ts";
import { contradiction } from "./damage.ts";
import { lengthOf, type Spans, type Stored } from "./values.ts";

/** Writes the text of each value to the start of `out`; "" is a missing value. */
export type ToTexts = (values: Stored, out: string[]) => void;

/** Throws AppError `invalid` if the annotation does not fit the stored type. */
export function textsOf(element: SchemaElement): ToTexts {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") return decimalTexts(element);
  if (/^TIME_/.test(converted ?? "") || logical?.type === "TIME") return timeTexts(element);
  if (converted === "DATE" || logical?.type === "DATE") {
    requireType(element, ["INT32"]);
    return each<Int32Array>((days) => dayText(days) ?? "");
  }
  if (/^TIMESTAMP_/.test(converted ?? "") || logical?.type === "TIMESTAMP") return momentTexts(element);
  if (logical?.type === "FLOAT16") return halfTexts(element);
  if (logical?.type === "UUID") return uuidTexts(element);
  if (type === "BOOLEAN") return each<Uint8Array>((value) => (value === 1 ? "true" : "false"));
  if (type === "INT32")
    return isUnsigned(element) ? each<Int32Array>((value) => `${value >>> 0}`) : plainTexts;
  if (type === "INT64") return isUnsigned(element) ? unsignedTexts : integerTexts;
  if (type === "FLOAT" || type === "DOUBLE")
    return each<Float64Array>((value) => (Number.isFinite(value) ? `${value}` : ""));
  if (type === "INT96") return momentsOf96;
  return wordTexts;
}

function requireType(
  { name, type, converted_type: converted, logical_type: logical }: SchemaElement,
  types: string[],
) {
  if (!types.includes(type ?? ""))
    throw contradiction(`${name.slice(0, 100)} is ${converted ?? logical?.type} stored as ${type}`);
}

function each<T extends Exclude<Stored, Spans>>(textOf: (value: T[number]) => string): ToTexts {
  return (values, out) => {
    const numbers = values as T;
    for (let k = 0; k < numbers.length; k++) out[k] = textOf(numbers[k]!);
  };
}

const plainTexts = each<Int32Array>((value) => `${value}`);

function isUnsigned({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return /^UINT_/.test(converted ?? "") || (logical?.type === "INTEGER" && !logical.isSigned);
}

const HIGH = 2 ** 32;
/** The upper half of the integers that a double holds exactly. */
const MAX_HIGH = 2 ** 20;

/** By halves: a bigint for each value takes five times as long. */
const integerTexts: ToTexts = (values, out) => {
  const halves = halvesOf(values as BigInt64Array);
  for (let k = 0; k < (values as BigInt64Array).length; k++) {
    const high = halves[2 * k + 1]!;
    out[k] =
      high >= -MAX_HIGH && high < MAX_HIGH
        ? `${high * HIGH + (halves[2 * k]! >>> 0)}`
        : `${(values as BigInt64Array)[k]}`;
  }
};

/** Low and high half of each value in turn. */
function halvesOf({ buffer, byteOffset, length }: BigInt64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, 2 * length);
}

const unsignedTexts = each<BigInt64Array>((value) => `${BigInt.asUintN(64, value)}`);

const PER_MILLI: Readonly<Record<string, number>> = { MILLIS: 1, MICROS: 1e3, NANOS: 1e6 };

/** By halves: two doubles hold what one cannot. */
function momentTexts(element: SchemaElement): ToTexts {
  requireType(element, ["INT64"]);
  const { converted_type: converted, logical_type: logical } = element;
  const unit =
    logical?.type === "TIMESTAMP" ? logical.unit : converted === "TIMESTAMP_MILLIS" ? "MILLIS" : "MICROS";
  const perMilli = PER_MILLI[unit]!;
  const [highMillis, highRest] = [Math.floor(HIGH / perMilli), HIGH % perMilli];
  return (values, out) => {
    const halves = halvesOf(values as BigInt64Array);
    for (let k = 0; k < halves.length / 2; k++) {
      const high = halves[2 * k + 1]!;
      const rest = high * highRest + (halves[2 * k]! >>> 0);
      const millis = Math.floor(rest / perMilli);
      out[k] = momentText(high * highMillis + millis, (rest - millis * perMilli) * (1e6 / perMilli)) ?? "";
    }
  };
}

/** The Julian day that 1970 begins with. */
const EPOCH_JULIAN = 2_440_588;

/** Nanoseconds of the day, then the Julian day. */
const momentsOf96: ToTexts = (values, out) => {
  const { bytes, starts } = values as Spans;
  for (let k = 0; k < starts.length; k++) {
    const nanos = bytes.readBigInt64LE(starts[k]);
    const days = bytes.readInt32LE(starts[k]! + 8) - EPOCH_JULIAN;
    const ms = nanos / 1_000_000n;
    out[k] = momentText(days * DAY_MS + Number(ms), Number(nanos - ms * 1_000_000n)) ?? "";
  }
};

const DAY_NANOS = DAY_MS * 1e6;

function timeTexts(element: SchemaElement): ToTexts {
  requireType(element, ["INT32", "INT64"]);
  const { converted_type: converted, logical_type: logical } = element;
  const unit = logical?.type === "TIME" ? logical.unit : converted === "TIME_MILLIS" ? "MILLIS" : "MICROS";
  const nanos = 1e6 / PER_MILLI[unit]!;
  return each<Int32Array>((value) => {
    const time = Number(value) * nanos;
    return time >= 0 && time < DAY_NANOS ? timeText(time) : "";
  });
}

/** Digit by digit: 3 × 10⁻¹ is not 0.3 in binary. */
function decimalTexts(element: SchemaElement): ToTexts {
  requireType(element, ["INT32", "INT64", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"]);
  const { logical_type: logical } = element;
  const scale = element.scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0) ?? 0;
  if (Math.abs(scale) > MAX_SCALE) throw contradiction(`a scale of ${scale} digits`);
  return (values, out) => {
    for (let k = 0; k < lengthOf(values); k++) {
      const value = "bytes" in values ? unscaled(values, k) : BigInt((values as Int32Array)[k]!);
      out[k] = decimalText(value, scale);
    }
  };
}

const MAX_SCALE = 1000;
/** A decimal of 38 digits takes 16 bytes. */
const MAX_DECIMAL_BYTES = 64;

/** Big-endian, in two's complement. */
function unscaled({ bytes, starts, ends }: Spans, k: number): bigint {
  const length = ends[k]! - starts[k]!;
  if (length > MAX_DECIMAL_BYTES) throw contradiction(`a decimal of ${length} bytes`);
  if (length === 0) return 0n;
  return BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString("hex", starts[k], ends[k])}`));
}

function decimalText(value: bigint, scale: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = `${value < 0n ? -value : value}`;
  if (scale <= 0) return sign + digits + "0".repeat(-scale);
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function halfTexts(element: SchemaElement): ToTexts {
  if (element.type !== "FIXED_LEN_BYTE_ARRAY" || element.type_length !== 2)
    throw contradiction(`${element.name.slice(0, 100)} is FLOAT16 stored as ${element.type}`);
  return (values, out) => {
    const { bytes, starts } = values as Spans;
    for (let k = 0; k < starts.length; k++) {
      const value = halfOf(bytes.readUInt16LE(starts[k]));
      out[k] = Number.isFinite(value) ? `${value}` : "";
    }
  };
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 0x1f) return fraction > 0 ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}

function uuidTexts(element: SchemaElement): ToTexts {
  if (element.type !== "FIXED_LEN_BYTE_ARRAY" || element.type_length !== 16)
    throw contradiction(`${element.name.slice(0, 100)} is UUID stored as ${element.type}`);
  return (values, out) => {
    const { bytes, starts, ends } = values as Spans;
    for (let k = 0; k < starts.length; k++) {
      const hex = bytes.toString("hex", starts[k], ends[k]);
      out[k] = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    }
  };
}

/** Bytes that are not valid UTF-8 become replacement characters. */
const wordTexts: ToTexts = (values, out) => {
  const { bytes, starts, ends } = values as Spans;
  if (starts.length === 0) return;
  const [from, to] = [starts[0]!, ends.at(-1)!];
  // One string for all, of which each text is a part: decoding each by itself takes several times as long.
  const whole = isAscii(bytes.subarray(from, to)) ? bytes.toString("latin1", from, to) : null;
  for (let k = 0; k < starts.length; k++) {
    const [start, end] = [starts[k]!, ends[k]!];
    out[k] = cellText(
      whole === null ? bytes.toString("utf8", start, end) : whole.slice(start - from, end - from),
    );
  }
};
