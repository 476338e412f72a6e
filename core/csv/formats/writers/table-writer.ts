/** Writes rows in the format that a client wants, chunk by chunk; numbers, dates and booleans keep their type. */
import type { Cell } from "../table-file.ts";
import type { CellWriter, OutputColumn, OutputForm, OutputRow, TableWriter } from "./output.ts";

/** A writer; its first chunk contains the header. */
export async function openWriter(form: OutputForm, columns: readonly OutputColumn[]): Promise<TableWriter> {
  if (form === "xlsx") return ofWhole(new (await import("./xlsx-writer.ts")).XlsxWriter(columns));
  if (form === "parquet")
    return ofWhole(new (await import("./parquet-writer.ts")).ParquetTableWriter(columns));
  if (form === "ndjson") return ndjsonWriter(columns);
  return csvWriter(columns);
}

function ofWhole(writer: CellWriter): TableWriter {
  const wholeOf = ({ given, added }: OutputRow) => [...given, ...added];
  return { rows: (rows) => writer.rows(rows.map(wholeOf)), end: () => writer.end() };
}

async function csvWriter(columns: readonly OutputColumn[]): Promise<TableWriter> {
  const { writeRow } = await import("../../write.ts");
  let start = writeRow(columns.map(({ name }) => name));
  return {
    rows: (rows) => {
      let lines = start;
      for (const { given, added, line } of rows)
        lines += line === null ? writeRow([...given, ...added]) : `${line},${writeRow(added)}`;
      start = "";
      return lines;
    },
    end: () => start,
  };
}

function ndjsonWriter(columns: readonly OutputColumn[]): TableWriter {
  const keys = columns.map(({ name }) => JSON.stringify(name));
  const line = ({ given, added }: OutputRow) => {
    const cells = [...given, ...added];
    return `{${keys.map((key, k) => `${key}:${jsonCell(cells[k], columns[k]!)}`).join(",")}}\n`;
  };
  return { rows: (rows) => rows.map(line).join(""), end: () => "" };
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** The digits as they came: an integer may be longer than a double can hold. */
function jsonCell(cell: Cell, { kind }: OutputColumn): string {
  if (cell === null || cell === undefined || cell === "") return "null";
  if (typeof cell !== "string") return typeof cell === "number" ? JSON.stringify(cell) : String(cell);
  if ((kind === "number" || kind === "integer") && JSON_NUMBER.test(cell)) return cell;
  if (kind === "boolean" && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase();
  return JSON.stringify(cell);
}
