/**
 * Writes a Parquet file while its rows arrive. Rows are collected into groups, and each group is sent as soon as it is
 * full.
 */
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Cell } from "../table-file.ts";
import { type CellWriter, momentOf, numberOf, type OutputColumn } from "./output.ts";

const GROUP_CELLS = 1_000_000;
const MOST_GROUP_ROWS = 50_000;

export class ParquetTableWriter implements CellWriter {
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private held: (readonly Cell[])[] = [];
  private readonly groupRows: number;

  constructor(private readonly columns: readonly OutputColumn[]) {
    this.groupRows = Math.min(MOST_GROUP_ROWS, Math.ceil(GROUP_CELLS / columns.length));
    const schema: SchemaElement[] = [
      { name: "root", num_children: columns.length },
      ...columns.map(elementOf),
    ];
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: "signalbox" });
  }

  readonly rows = (rows: readonly (readonly Cell[])[]): Uint8Array<ArrayBuffer> => {
    this.held.push(...rows);
    if (this.held.length >= this.groupRows) this.writeGroup();
    return this.taken();
  };

  readonly end = (): Uint8Array<ArrayBuffer> => {
    if (this.held.length > 0) this.writeGroup();
    void this.writer.finish();
    return this.taken();
  };

  private writeGroup(): void {
    const rows = this.held;
    this.held = [];
    const columnData = this.columns.map(({ name, kind }, k) => ({
      name,
      data: rows.map((row) => parquetValue(row[k], kind)),
    }));
    void this.writer.write({ columnData, rowGroupSize: rows.length });
  }

  /** Continues counting positions in the file. */
  private taken(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.bytes.getBuffer());
    this.bytes.index = 0;
    return bytes;
  }
}

function elementOf({ name, kind }: OutputColumn): SchemaElement {
  const base = { name, repetition_type: "OPTIONAL" } as const;
  if (kind === "number") return { ...base, type: "DOUBLE" };
  if (kind === "integer") return { ...base, type: "INT64" };
  if (kind === "boolean") return { ...base, type: "BOOLEAN" };
  if (kind === "date") {
    const logical = { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } as const;
    return { ...base, type: "INT64", logical_type: logical };
  }
  return { ...base, type: "BYTE_ARRAY", converted_type: "UTF8" };
}

function parquetValue(cell: Cell, kind: OutputColumn["kind"]): unknown {
  if (cell === null || cell === undefined || cell === "") return null;
  if (kind === "number") return numberOf(cell);
  if (kind === "integer") return integerOf(cell);
  if (kind === "boolean") return /^(?:true|false)$/i.test(String(cell)) ? /^true$/i.test(String(cell)) : null;
  if (kind === "date") {
    const moment = momentOf(cell);
    return moment === null ? null : BigInt(Math.round(moment * 1000));
  }
  return String(cell);
}

function integerOf(cell: Cell): bigint | null {
  return /^-?\d{1,19}$/.test(String(cell)) ? BigInt.asIntN(64, BigInt(String(cell))) : null;
}
