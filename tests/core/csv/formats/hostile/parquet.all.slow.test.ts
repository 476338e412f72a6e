/** Checks that Parquet files that lie are refused in plain words or read right, with little memory. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type Hostile, testHostile } from "./child.ts";
import {
  dataPage,
  dataPageV2,
  dictionaryPage,
  footerFile,
  ints,
  type MadeFile,
  type MadePage,
  parquetFile,
  schemaFile,
} from "./parquet-files.ts";

const READ = [["v"], ["1"], ["2"], ["3"]];
const zeros = Buffer.alloc(200 * 1024 * 1024);
const FEWER = /fewer values/;
const DAMAGED = /Parquet file is damaged/;

const file =
  (made: MadeFile = {}) =>
  () =>
    parquetFile(made);
/** One page of a column. */
const page =
  (made: MadePage, more: MadeFile = {}) =>
  () =>
    parquetFile({ pages: [dataPage(made)], ...more });
const columnOf = (element: NonNullable<MadeFile["element"]>) => page({}, { element });
const rows = (count: bigint): MadeFile => ({
  chunk: { num_values: count },
  group: { num_rows: count },
  metadata: { num_rows: count },
});
const BYTES = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const OPTIONAL = { repetition_type: "OPTIONAL" } as const;
/** A length of four bytes, then the levels. */
const leveled = (levels: number[], values: Uint8Array = ints(1, 2, 3)) =>
  Buffer.concat([ints(levels.length), Buffer.from(levels), values]);
/** An unsigned number in groups of seven bits. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const run = (count: number, value: number) => [...varint(2 * count), value];
/** Differences: blocks of 128 values in 4 parts, how many, the first, the least difference, no bits. */
const delta = (count: number, first: number, step: number) =>
  Buffer.from([
    ...[...varint(128), ...varint(4), ...varint(count), ...varint(2 * first)],
    ...Array.from({ length: Math.ceil(count / 128) }, () => [...varint(2 * step), 0, 0, 0, 0]).flat(),
  ]);

/** A column v of 32-bit integers. */
const LEAF = { field_1: 1, field_3: 0, field_4: "v" };

const FOOTERS: Hostile[] = [
  ["made as it should be", file(), READ],
  ["more rows than the row groups have", file({ metadata: { num_rows: 9n } }), /says 9 rows and has 3/],
  ["fewer rows than the row groups have", file({ metadata: { num_rows: 1n } }), /says 1 rows and has 3/],
  ["a row group of minus five rows", file({ group: { num_rows: -5n } }), DAMAGED],
  [
    "a row group of 2⁶² rows",
    file({ group: { num_rows: 2n ** 62n } }),
    /3 values for 4611686018427388000 rows/,
  ],
  ["a column with other values than rows", file({ chunk: { num_values: 4n } }), /4 values for 3 rows/],
  ["rows that no page has", file(rows(1000n)), FEWER],
  ["2⁶² rows that no page has", file(rows(2n ** 62n)), FEWER],
  ["a page with more values than rows", file(rows(2n)), /more values than/],
  [
    "a column beyond the end of the file",
    file({ chunk: { data_page_offset: 9_000_000n } }),
    /not inside the file/,
  ],
  [
    "a column before the start of the file",
    file({ chunk: { data_page_offset: -9n } }),
    /not inside the file/,
  ],
  ["a column of 2⁶⁰ bytes", file({ chunk: { total_compressed_size: 2n ** 60n } }), /not inside the file/],
  ["a column of minus one byte", file({ chunk: { total_compressed_size: -1n } }), /not inside the file/],
  ["a dictionary beyond the file", file({ chunk: { dictionary_page_offset: 2n ** 61n } }), READ],
  ["a column that is in another file", file({ column: { file_path: "/etc/passwd" } }), /in other files/],
  ["a column without its description", file({ column: { meta_data: undefined } }), DAMAGED],
  ["a column of two types", file({ chunk: { type: "DOUBLE" } }), /two different types/],
  ["a schema with children that do not exist", () => schemaFile([{ field_4: "r", field_5: 9 }]), DAMAGED],
  [
    "a schema of two billion children",
    () => schemaFile([{ field_4: "r", field_5: 0x7fffffff }, LEAF]),
    DAMAGED,
  ],
  [
    "a schema of minus nine children",
    () => schemaFile([{ field_4: "r", field_5: -9 }, LEAF]),
    /no column of single values/,
  ],
  ["a schema without elements", () => schemaFile([]), DAMAGED],
  [
    "a schema a hundred thousand levels deep",
    () => schemaFile([...Array.from({ length: 100_000 }, () => ({ field_4: "r", field_5: 1 })), LEAF]),
    /more than 100 levels/,
  ],
  [
    "more columns than any table has",
    () => schemaFile([{ field_4: "r", field_5: 30_000 }, ...Array.from({ length: 30_000 }, () => LEAF)]),
    /30000 columns; 20000 can be read/,
  ],
  ["structs in structs without end", () => footerFile(Buffer.alloc(1_000_000, 0x1c)), DAMAGED],
  ["lists in lists without end", () => footerFile(Buffer.alloc(1_000_000, 0x19)), DAMAGED],
  [
    "a list of two billion flags",
    () => footerFile(Buffer.from([0x19, 0xf1, ...varint(0x7fffffff), 0])),
    DAMAGED,
  ],
  ["a number that does not end", () => footerFile(Buffer.alloc(300_000, 0xff)), DAMAGED],
  ["a text of four billion bytes", () => footerFile(Buffer.from([0x18, ...varint(0xffffffff), 0])), DAMAGED],
  ["nothing but its marks", () => footerFile(new Uint8Array(0)), DAMAGED],
  [
    "a footer longer than the file",
    () => Buffer.concat([Buffer.from("PAR1\x15abc"), ints(-300), Buffer.from("PAR1")]),
    DAMAGED,
  ],
  ["half a file", () => parquetFile().subarray(0, 60), /ends too early/],
  [
    "dates stored as text",
    columnOf({ type: "BYTE_ARRAY", converted_type: "DATE" }),
    /DATE stored as BYTE_ARRAY/,
  ],
  [
    "timestamps in 32 bits",
    columnOf({ converted_type: "TIMESTAMP_MICROS" }),
    /TIMESTAMP_MICROS stored as INT32/,
  ],
  [
    "decimals stored as doubles",
    columnOf({ type: "DOUBLE", converted_type: "DECIMAL" }),
    /DECIMAL stored as DOUBLE/,
  ],
  ["a decimal of a billion digits", columnOf({ converted_type: "DECIMAL", scale: 1e9 }), /scale/],
  [
    "UUIDs of four bytes",
    columnOf({ type: "FIXED_LEN_BYTE_ARRAY", type_length: 4, logical_type: { type: "UUID" } }),
    /UUID stored as/,
  ],
  [
    "values of minus eight bytes",
    columnOf({ type: "FIXED_LEN_BYTE_ARRAY", type_length: -8, converted_type: "DECIMAL" }),
    /without a length/,
  ],
];

const PAGES: Hostile[] = [
  ["a page of two billion values", page({ values: 0x7fffffff }, rows(0x7fffffffn)), FEWER],
  ["a page of minus one value", page({ values: -1 }), DAMAGED],
  ["a page longer than its column", page({ packed: 5000 }), DAMAGED],
  ["a page of minus one byte", page({ packed: -1 }), DAMAGED],
  ["a page that unpacks to two gigabytes", page({ unpacked: 0x7fffffff }), /unpacks to more/],
  ["a page of another length than it says", page({ unpacked: 13 }), DAMAGED],
  ["an encoding that does not exist", page({ encoding: 99 }), /encoding/],
  ["an encoding that the type cannot have", page({ encoding: 6 }), /DELTA_LENGTH_BYTE_ARRAY for INT32/],
  ["a codec that the bytes are not in", page({}, { chunk: { codec: "SNAPPY" } }), DAMAGED],
  ["a codec that nobody reads", page({}, { chunk: { codec: "LZO" } }), DAMAGED],
  ["statistics of 20 MB in a page's header", page({ statistics: { field_1: "x".repeat(20_000_000) } }), READ],
  [
    "a gzip bomb in a page",
    page({ body: gzipSync(zeros), unpacked: 12 }, { chunk: { codec: "GZIP" } }),
    DAMAGED,
  ],
  [
    "a zstd bomb in a page",
    page({ body: zstdCompressSync(zeros), unpacked: 12 }, { chunk: { codec: "ZSTD" } }),
    DAMAGED,
  ],
  [
    "a brotli bomb in a page",
    page({ body: brotliCompressSync(zeros.subarray(0, 5e7)), unpacked: 12 }, { chunk: { codec: "BROTLI" } }),
    DAMAGED,
  ],
  [
    "codes beyond the dictionary",
    file({ pages: [dictionaryPage(), dataPage({ encoding: 8, body: Buffer.from([3, ...run(3, 7)]) })] }),
    /number 7 of 2/,
  ],
  [
    "codes without a dictionary",
    page({ encoding: 8, body: Buffer.from([1, ...run(3, 0)]) }),
    /dictionary is missing/,
  ],
  [
    "a dictionary of two billion entries",
    file({ pages: [dictionaryPage({ values: 0x7fffffff }), dataPage()] }),
    /dictionary is too short/,
  ],
  [
    "a dictionary of nothing, packed, for missing values only",
    file({
      element: OPTIONAL,
      chunk: { codec: "LZ4_RAW" },
      pages: [
        dictionaryPage({ body: Buffer.from([0]), unpacked: 0, values: 0 }),
        // Six bytes as they are: the length of the levels, and a run of three zeros.
        dataPage({ encoding: 8, body: Buffer.from([0x60, 2, 0, 0, 0, 6, 0]), unpacked: 6 }),
      ],
    }),
    [["v"], [""], [""], [""]],
  ],
  [
    "a run of two billion codes for three rows",
    file({
      pages: [dictionaryPage(), dataPage({ encoding: 8, body: Buffer.from([1, ...run(0x7fffffff, 1)]) })],
    }),
    [["v"], ["8"], ["8"], ["8"]],
  ],
  [
    "codes of 255 bits",
    file({ pages: [dictionaryPage(), dataPage({ encoding: 8, body: Buffer.from([255, 2, 0]) })] }),
    /255 bits/,
  ],
  [
    "codes that end too early",
    file({ pages: [dictionaryPage(), dataPage({ encoding: 8, body: Buffer.from([8, 3, 1]) })] }),
    FEWER,
  ],
  [
    "two billion levels for three rows",
    page({ body: leveled(run(0x7fffffff, 1)) }, { element: OPTIONAL }),
    READ,
  ],
  ["levels longer than the page", page({ body: ints(5_000_000, 1) }, { element: OPTIONAL }), FEWER],
  [
    "sixty million missing values in ten bytes",
    page(
      { body: leveled(run(60_000_000, 0)), values: 60_000_000 },
      { element: OPTIONAL, ...rows(60_000_000n) },
    ),
    /expands/,
  ],
  ["a text of four gigabytes", page({ body: ints(-1, 1, 1), values: 3 }, { element: BYTES }), FEWER],
  [
    "16 million differences and more in no bytes",
    page({ encoding: 5, body: delta(20_000_000, 1, 1), values: 20_000_000 }, rows(20_000_000n)),
    /unpacks to more/,
  ],
  ["differences that end too early", page({ encoding: 5, body: delta(3, 1, 1).subarray(0, 4) }), DAMAGED],
  [
    "texts that each repeat the one before, and grow",
    page(
      {
        encoding: 7,
        body: Buffer.concat([delta(60_000, 0, 1), delta(60_000, 1, 0), Buffer.alloc(60_000, 97)]),
        values: 60_000,
      },
      { element: BYTES, ...rows(60_000n) },
    ),
    /unpacks to more/,
  ],
  [
    "a text that repeats more than there is",
    page(
      { encoding: 7, body: Buffer.concat([delta(3, 9, 0), delta(3, 1, 0), Buffer.from("abc")]) },
      { element: BYTES },
    ),
    FEWER,
  ],
  ["split bytes that end too early", page({ encoding: 9, values: 900 }, rows(900n)), FEWER],
  [
    "levels of minus eight bytes in the second form",
    file({ pages: [dataPageV2({ levelBytes: -8 })] }),
    DAMAGED,
  ],
  [
    "levels longer than the page in the second form",
    file({ pages: [dataPageV2({ levelBytes: 900 })] }),
    DAMAGED,
  ],
  ["the second form as it should be", file({ pages: [dataPageV2()] }), READ],
  [
    "pages of a kind that does not exist",
    file({ pages: [new Uint8Array([0x15, 0x7e, 0x15, 0, 0x15, 0, 0]), dataPage()] }),
    READ,
  ],
  [
    "a column called __proto__, and two of one name",
    () =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: "__proto__", data: [1, 2], type: "INT32" },
            { name: "a", data: ["x,1", 'say "y"'], type: "STRING" },
            { name: "constructor", data: ["=1+1", "\n"], type: "STRING" },
          ],
        }),
      ),
    [
      ["__proto__", "a", "constructor"],
      ["1", "x,1", "=1+1"],
      ["2", 'say "y"', "\n"],
    ],
  ],
];

testHostile([...FOOTERS, ...PAGES]);
