/** Reads the rows of one Parquet page as texts of cells, a few at a time, so that a page may claim any number of them. */
import type { PageHeader } from "hyparquet";
import type { ParquetColumn } from "./columns.ts";
import { contradiction, damagedParquet } from "./damage.ts";
import { HybridReader } from "./hybrid.ts";
import { type StoredValues, storedValues } from "./values.ts";

export interface PackedPage {
  header: PageHeader;
  bytes: Buffer;
  unpack: (packed: Buffer, length: number) => Buffer;
}

export interface Page {
  /** Rows that are not taken yet. */
  left: number;
  /** Writes the texts of the next `count` rows to `out` from `at`. Throws AppError `invalid` if there are fewer. */
  take(out: string[], at: number, count: number): void;
}

/** An entry takes at least a bit. */
const MOST_PER_BYTE = 8;

/** The texts of a dictionary. Throws AppError `invalid`. */
export function dictionaryTexts({ header, bytes, unpack }: PackedPage, column: ParquetColumn): string[] {
  const count = header.dictionary_page_header?.num_values ?? -1;
  const plain = unpack(bytes, header.uncompressed_page_size);
  if (!(count >= 0 && count <= MOST_PER_BYTE * plain.length))
    throw contradiction("a dictionary is too short");
  const { type, type_length: typeLength } = column.element;
  const texts: string[] = new Array(count);
  const values = storedValues({ bytes: plain, at: 0, encoding: "PLAIN", type: type!, typeLength, count });
  column.toTexts(values.take(count), texts);
  return texts;
}

interface PageOptions {
  column: ParquetColumn;
  dictionary: string[] | null;
}

/** Throws AppError `invalid`. */
export function pageOf(packed: PackedPage, { column, dictionary }: PageOptions): Page {
  const isOptional = column.element.repetition_type !== "REQUIRED";
  const { bytes, at, levels, encoding, count } =
    packed.header.type === "DATA_PAGE_V2" ? secondForm(packed, isOptional) : firstForm(packed, isOptional);
  const isCoded = encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY";
  if (isCoded && !dictionary) throw contradiction("a dictionary is missing");
  // Read when the first value is needed: a page of missing values may end before.
  const open = (): TakeTexts => {
    if (isCoded) return codedTexts(bytes, at, dictionary!);
    const { type, type_length: typeLength } = column.element;
    // Encodings that are decoded at once must know how many values there are.
    const present = encoding === "PLAIN" || !levels ? count : countPresent(levels(), count);
    return plainTexts(storedValues({ bytes, at, encoding, type: type!, typeLength, count: present }), column);
  };
  return new LeveledPage({ left: count, levels: levels?.() ?? null, open });
}

/** Writes the texts of the next `count` values that are not missing to the start of `out`. */
type TakeTexts = (out: string[], count: number) => void;

interface Unpacked {
  bytes: Buffer;
  /** Where the values begin. */
  at: number;
  /** A new reader of 0 for missing and 1 for present rows; null: none is missing. */
  levels: (() => HybridReader) | null;
  encoding: NonNullable<PageHeader["data_page_header"]>["encoding"];
  count: number;
}

function firstForm({ header, bytes, unpack }: PackedPage, isOptional: boolean): Unpacked {
  const { num_values: count = -1, encoding } = header.data_page_header ?? {};
  if (!(count >= 0 && encoding)) throw contradiction("a page without its number of values or encoding");
  const plain = unpack(bytes, header.uncompressed_page_size);
  if (!isOptional) return { bytes: plain, at: 0, levels: null, encoding, count };
  if (plain.length < 4 && count > 0) throw contradiction("a page has fewer values than it says");
  const length = count > 0 ? plain.readUInt32LE(0) : 0;
  if (4 + length > plain.length && count > 0) throw contradiction("a page has fewer values than it says");
  const levels = () => new HybridReader(plain.subarray(0, 4 + length), 4, 1);
  return { bytes: plain, at: 4 + length, levels, encoding, count };
}

/** Levels are stored uncompressed before the values. */
function secondForm({ header, bytes, unpack }: PackedPage, isOptional: boolean): Unpacked {
  const page = header.data_page_header_v2;
  if (!page || !(page.num_values >= 0 && page.encoding))
    throw contradiction("a page without its number of values or encoding");
  const { num_values: count, encoding, num_nulls: missing, is_compressed: isCompressed } = page;
  const levelBytes = page.definition_levels_byte_length + page.repetition_levels_byte_length;
  const unpackedBytes = header.uncompressed_page_size - levelBytes;
  if (!(levelBytes >= 0 && levelBytes <= bytes.length && unpackedBytes >= 0)) throw damagedParquet();
  const stored = bytes.subarray(levelBytes);
  const isPacked = isCompressed !== false && stored.length > 0;
  const plain = isPacked ? unpack(stored, unpackedBytes) : stored;
  const levels =
    isOptional && missing !== 0
      ? () => new HybridReader(bytes.subarray(0, levelBytes), page.repetition_levels_byte_length, 1)
      : null;
  return { bytes: plain, at: 0, levels, encoding, count };
}

const COUNTED_AT_ONCE = 4096;

function countPresent(levels: HybridReader, count: number): number {
  const block = new Uint8Array(COUNTED_AT_ONCE);
  let present = 0;
  for (let left = count; left > 0; left -= COUNTED_AT_ONCE) {
    const rows = Math.min(left, COUNTED_AT_ONCE);
    levels.take(block, rows);
    for (let k = 0; k < rows; k++) present += block[k]!;
  }
  return present;
}

function plainTexts(values: StoredValues, { toTexts }: ParquetColumn): TakeTexts {
  return (out, count) => toTexts(values.take(count), out);
}

function codedTexts(bytes: Buffer, at: number, dictionary: readonly string[]): TakeTexts {
  const bits = bytes[at];
  if (bits === undefined) throw contradiction("a page has fewer values than it says");
  const reader = new HybridReader(bytes, at + 1, bits);
  let codes = new Uint32Array(0);
  return (out, count) => {
    if (codes.length < count) codes = new Uint32Array(count);
    reader.take(codes, count);
    for (let k = 0; k < count; k++) {
      const text = dictionary[codes[k]!];
      if (text === undefined) throw contradiction(`a value is number ${codes[k]} of ${dictionary.length}`);
      out[k] = text;
    }
  };
}

class LeveledPage implements Page {
  left: number;
  private takeTexts: TakeTexts | null = null;
  private readonly present: string[] = [];
  private flags = new Uint8Array(0);

  constructor(private readonly source: { left: number; levels: HybridReader | null; open: () => TakeTexts }) {
    this.left = source.left;
  }

  take(out: string[], at: number, count: number): void {
    const { levels } = this.source;
    this.left -= count;
    if (!levels) {
      this.texts(this.present, count);
      for (let k = 0; k < count; k++) out[at + k] = this.present[k]!;
      return;
    }
    if (this.flags.length < count) this.flags = new Uint8Array(count);
    levels.take(this.flags, count);
    let present = 0;
    for (let k = 0; k < count; k++) present += this.flags[k]!;
    this.texts(this.present, present);
    for (let k = 0, value = 0; k < count; k++) out[at + k] = this.flags[k] ? this.present[value++]! : "";
  }

  private texts(out: string[], count: number): void {
    if (count === 0) return;
    this.takeTexts ??= this.source.open();
    this.takeTexts(out, count);
  }
}
