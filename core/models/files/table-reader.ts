/**
 * Reads the rows of one file as a model's table, column by column. Gives the same values and warnings as `answerRows`
 * for the same rows; repeated values are looked up, and a plain number is parsed from its digits.
 */
import { readDigits } from "../../csv/cells/numbers/numbers.ts";
import type { ColumnPlan, Table } from "../../csv/types.ts";
import type { Model } from "../../trainer/model/model.ts";
import { columnOf, readersOf } from "../predict-rows.ts";
import { type CellReader, type ColumnStyle, newStyle, type Value } from "../rows/cell-reader.ts";
import { ColumnNames } from "../rows/columns.ts";
import { MOST_WARNINGS, type Warning, type WarningCode } from "../rows/warnings.ts";

/** Per column. */
const MOST_REMEMBERED = 2000;
const REMEMBERED_LENGTH = 40;

interface Said {
  code: WarningCode;
  message: string;
}

interface FileColumn {
  reader: CellReader;
  /** The file's name for it. */
  name: string;
  /** Its index in a row of the file; -1: the file has none. */
  at: number;
  style: ColumnStyle;
  /** The value of a plain number is its digits, whatever else is in the column; "": the format needs more rules. */
  decimal: "." | "," | "";
  known: Map<string, { value: Value; said: Said[] }>;
}

export class TableReader {
  /** One warning about columns that the model does not know. */
  readonly strangers: string[];
  private readonly columns: FileColumn[];

  /** `names`: the columns of the file, each once; at least one is the model's. */
  constructor(model: Model, names: readonly string[]) {
    const known = new ColumnNames(model);
    const places = sourcesOf(names, known);
    this.columns = readersOf(model).map((reader, place) => {
      const at = places.get(place) ?? -1;
      const decimal = plainDecimal(reader.plan);
      return { reader, name: names[at] ?? "", at, style: newStyle(), decimal, known: new Map() };
    });
    const used = new Set(this.columns.map(({ at }) => at));
    this.strangers = names
      .filter((name, at) => !used.has(at) && !known.isUnused(name))
      .map((name) => `${name}: ${known.unknownMessage(name)}`);
  }

  /** Learns how the columns are written; a later contradiction is missing. */
  settle(rows: readonly (readonly string[])[]): void {
    for (const { reader, at, style, decimal } of this.columns) {
      for (let row = 0; at >= 0 && row < rows.length; row++) {
        const text = rows[row]![at]!;
        // A number in the model's own style says no more than the one before it did.
        const isKnown = decimal !== "" && style.hasOwn && style.foreign === null;
        if (!isKnown || Number.isNaN(readDigits(text, decimal))) reader.read(text, style, () => {});
      }
      style.isSettled = true;
    }
  }

  /** After `settle`. */
  read(rows: readonly (readonly string[])[], warnings: Warning[]): Table {
    const columns = this.columns.map((column) => {
      const values = new Array<Value>(rows.length).fill(null);
      if (column.at >= 0) readColumn(column, { rows, values, warnings });
      return columnOf(column.reader.plan, values);
    });
    return { rows: rows.length, columns };
  }
}

/**
 * By index among the model's columns, the column of the file: by its exact name, else the last with an equivalent
 * spelling.
 */
function sourcesOf(names: readonly string[], known: ColumnNames): Map<number, number> {
  const sources = new Map<number, number>();
  for (const [at, name] of names.entries()) {
    const place = known.placeOf(name);
    if (place >= 0 && !(sources.has(place) && known.places.has(names[sources.get(place)!]!)))
      sources.set(place, at);
  }
  return sources;
}

/** A word for missing may be digits: then every cell is checked. */
function plainDecimal({ type, number, missingWords }: ColumnPlan): FileColumn["decimal"] {
  if (type !== "number" || number?.style !== undefined) return "";
  if (missingWords.some((word) => /\d/.test(word))) return "";
  const decimal = number?.decimal ?? ".";
  return decimal === "." || decimal === "," ? decimal : "";
}

function readColumn(
  column: FileColumn,
  into: { rows: readonly (readonly string[])[]; values: Value[]; warnings: Warning[] },
): void {
  const { rows, values, warnings } = into;
  const { at, name, decimal, known } = column;
  const isPlain = decimal !== "" && column.style.foreign === null;
  for (let row = 0; row < rows.length; row++) {
    const text = rows[row]![at]!;
    if (text === "") continue;
    if (isPlain) {
      const number = readDigits(text, decimal);
      if (!Number.isNaN(number)) {
        values[row] = number;
        continue;
      }
    }
    const { value, said } = known.get(text) ?? readAnew(column, text);
    values[row] = value;
    for (const { code, message } of said)
      if (warnings.length < MOST_WARNINGS) warnings.push({ row, column: name, code, message });
  }
}

/** Once a column is settled, how it is written no longer changes: the same text always means the same. */
function readAnew({ reader, style, known }: FileColumn, text: string): { value: Value; said: Said[] } {
  const said: Said[] = [];
  const value = reader.read(text, style, (code, message) => said.push({ code, message }));
  const read = { value, said };
  if (known.size < MOST_REMEMBERED && text.length <= REMEMBERED_LENGTH) known.set(text, read);
  return read;
}
