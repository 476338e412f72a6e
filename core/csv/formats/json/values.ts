/**
 * Finds where each value of a JSON stream begins and ends: elements of one array, or values one after the other with or
 * without newlines between them. It only splits; JSON.parse then reads one value at a time, so the file is never in
 * memory as a whole.
 */
import { AppError } from "../../../platform/errors.ts";

const MAX_VALUE_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `level`: 0 for values one after the other, 1 for elements of one array. */
export class ValueCutter {
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  private isInScalar = false;
  private isClosed = false;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly level: 0 | 1,
    private readonly take: (text: string) => void,
  ) {}

  /** Throws AppError `invalid` if it is not JSON. */
  push(bytes: Uint8Array): void {
    let from = this.isWithin() ? 0 : -1;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.isInString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) {
          this.isInString = false;
          if (this.depth === this.level) from = this.cut(bytes, from, at + 1);
        }
        continue;
      }
      if (this.isInScalar) {
        if (!isBreak(byte)) continue;
        this.isInScalar = false;
        from = this.cut(bytes, from, at);
      }
      if (isBlank(byte)) continue;
      if (this.isClosed) throw notJson("continues after its end");
      if (byte === QUOTE) {
        if (from < 0 && this.depth === this.level) from = at;
        this.isInString = true;
      } else if (byte === 0x7b || byte === 0x5b) {
        if (this.depth === this.level && from < 0) from = at;
        if (++this.depth > MAX_DEPTH) throw notJson(`is nested more than ${MAX_DEPTH} levels deep`);
        if (this.depth === 1 && this.level === 1) from = -1;
      } else if (byte === 0x7d || byte === 0x5d) {
        this.depth--;
        if (this.depth < 0) throw notJson("closes a bracket that was not opened");
        if (this.depth === this.level && from >= 0) from = this.cut(bytes, from, at + 1);
        if (this.depth === 0 && this.level === 1) this.isClosed = true;
      } else if (this.depth === this.level && byte !== 0x2c) {
        from = at;
        this.isInScalar = true;
      }
    }
    if (from >= 0) this.hold(bytes.slice(from));
  }

  /** Throws AppError `invalid` if the last value is cut off. */
  end(): void {
    if (this.isInScalar) this.cut(new Uint8Array(0), 0, 0);
    if (this.depth !== 0 || this.isInString) throw notJson("ends too early");
  }

  private isWithin(): boolean {
    return this.heldBytes > 0;
  }

  private hold(bytes: Uint8Array): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > MAX_VALUE_BYTES)
      throw notJson(`has a value longer than ${MAX_VALUE_BYTES >> 20} MB`);
  }

  private cut(bytes: Uint8Array, from: number, to: number): -1 {
    const last = bytes.subarray(Math.max(0, from), to);
    this.take(this.decoder.decode(this.held.length > 0 ? Buffer.concat([...this.held, last]) : last));
    this.held = [];
    this.heldBytes = 0;
    return -1;
  }
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13) || byte === 0x1e;
}

function isBreak(byte: number): boolean {
  return isBlank(byte) || byte === 0x2c || byte === 0x7d || byte === 0x5d;
}

export function notJson(what: string, row?: number): AppError {
  return new AppError("invalid", `The JSON ${what}`, {
    row,
    fix: "Send an array of objects, or one object per line (NDJSON).",
    example: '[{"age": 19, "smoker": "yes"}]',
  });
}

/** Whole numbers that a double cannot hold keep their digits, as text. */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;
const PYTHON_WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** One value; numbers that Python writes and JSON lacks (NaN, Infinity) become null. Throws AppError `invalid`. */
export function parseValue(text: string, row: number): unknown {
  try {
    return parse(text);
  } catch {
    try {
      return parse(text.replace(PYTHON_WORDS, (word) => (word[0] === '"' ? word : "null")));
    } catch (error) {
      throw notJson(`cannot be read: ${(error as Error).message.replace(/^JSON Parse error: /, "")}`, row);
    }
  }
}

/** A longer integer is read as a double, as JSON's own numbers are: making a bigint takes the square of its length. */
const MAX_DIGITS = 40;

function parse(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, value, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && isLongInteger(context?.source ?? "")
      ? BigInt(context?.source ?? 0)
      : value,
  );
}

function isLongInteger(source: string): boolean {
  return source.length <= MAX_DIGITS && /^-?\d+$/.test(source);
}
