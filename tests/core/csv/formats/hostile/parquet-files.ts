/** Parquet files made byte by byte, so that any part of them can lie. */
import type { FileMetaData, SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";

type Group = FileMetaData["row_groups"][number];
type Chunk = NonNullable<Group["columns"][number]["meta_data"]>;
type Thrift = Record<`field_${number}`, unknown>;

export interface MadeFile {
  /** Of the only column; an INT32 without missing values if left out. */
  element?: Partial<SchemaElement>;
  /** Its pages; one with 1, 2 and 3 if left out. */
  pages?: Uint8Array[];
  chunk?: Partial<Chunk>;
  column?: Partial<Group["columns"][number]>;
  group?: Partial<Group>;
  metadata?: Partial<FileMetaData>;
}

const ELEMENT: SchemaElement = { name: "v", type: "INT32", repetition_type: "REQUIRED" };
const ROWS = 3n;

export function parquetFile(made: MadeFile = {}): Uint8Array {
  const { pages = [dataPage()], chunk, column, group, metadata } = made;
  const element = { ...ELEMENT, ...made.element };
  const writer = new ByteWriter();
  writer.appendBytes(Buffer.from("PAR1"));
  for (const page of pages) writer.appendBytes(page);
  const size = BigInt(writer.offset - 4);
  const meta: Chunk = {
    type: element.type!,
    encodings: ["PLAIN"],
    path_in_schema: [element.name],
    codec: "UNCOMPRESSED",
    num_values: ROWS,
    total_uncompressed_size: size,
    total_compressed_size: size,
    data_page_offset: 4n,
    ...chunk,
  };
  const footer: FileMetaData = {
    version: 1,
    schema: [{ name: "root", num_children: 1 }, element],
    num_rows: ROWS,
    row_groups: [
      {
        columns: [{ file_offset: 4n, meta_data: meta, ...column }],
        total_byte_size: size,
        num_rows: ROWS,
        ...group,
      },
    ],
    metadata_length: 0,
    ...metadata,
  };
  writeMetadata(writer, footer);
  writer.appendBytes(Buffer.from("PAR1"));
  return writer.getBytes();
}

/** A Parquet file with these bytes as its footer. */
export function footerFile(footer: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from("PAR1"), Buffer.from([0x15]), footer, length, Buffer.from("PAR1")]);
}

/** A Parquet file without rows, with these elements of a schema, by the numbers of their fields. */
export function schemaFile(schema: Thrift[]): Uint8Array {
  const writer = new ByteWriter();
  serializeTCompactProtocol(writer, { field_1: 1, field_2: schema, field_3: 0n, field_4: [] });
  return footerFile(writer.getBytes());
}

export interface MadePage {
  body?: Uint8Array;
  /** Place of the encoding in the format's list: 0 plain, 8 codes of a dictionary. */
  encoding?: number;
  values?: number;
  /** What the header says. */
  unpacked?: number;
  packed?: number;
  statistics?: Thrift;
}

/** The 32-bit integers, little-endian. */
export function ints(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [k, value] of values.entries()) bytes.writeInt32LE(value | 0, 4 * k);
  return bytes;
}

export function dataPage(page: MadePage = {}): Uint8Array {
  const { body = ints(1, 2, 3), encoding = 0, values = 3, statistics } = page;
  const data = { field_1: values, field_2: encoding, field_3: 3, field_4: 3, field_5: statistics };
  return pageOf(0, body, page, { field_5: data });
}

export function dictionaryPage(page: MadePage = {}): Uint8Array {
  const { body = ints(7, 8), values = 2 } = page;
  return pageOf(2, body, page, { field_7: { field_1: values, field_2: 0 } });
}

export interface MadePageV2 extends MadePage {
  levelBytes?: number;
  repetitionBytes?: number;
}

export function dataPageV2(page: MadePageV2 = {}): Uint8Array {
  const { body = ints(1, 2, 3), encoding = 0, values = 3, levelBytes = 0, repetitionBytes = 0 } = page;
  const data = {
    ...{ field_1: values, field_2: 0, field_3: values, field_4: encoding },
    ...{ field_5: levelBytes, field_6: repetitionBytes },
  };
  return pageOf(3, body, page, { field_8: data });
}

function pageOf(type: number, body: Uint8Array, { unpacked, packed }: MadePage, more: Thrift): Uint8Array {
  const writer = new ByteWriter();
  const header = { field_1: type, field_2: unpacked ?? body.length, field_3: packed ?? body.length, ...more };
  serializeTCompactProtocol(writer, header);
  writer.appendBytes(body);
  return writer.getBytes();
}
