/** Chooses the columns of a Parquet file that become cells. */
import type { SchemaElement, SchemaTree } from "hyparquet";
import type { StoredKind } from "../../types.ts";
import { type ToTexts, textsOf } from "./texts.ts";

export interface ParquetColumn {
  name: string;
  /** Its index among the column chunks of a row group. */
  chunk: number;
  element: SchemaElement;
  kind: StoredKind | null;
  toTexts: ToTexts;
}

export interface Columns {
  read: ParquetColumn[];
  /** Columns that do not hold single values, with what they hold. */
  leftOut: { name: string; what: string }[];
}

/** pandas writes its row labels as columns with this name. */
const INDEX = /^__index_level_\d+__$/;

/** Throws AppError `invalid` for a type that the stored values cannot have. */
export function columnsOf(root: SchemaTree): Columns {
  const columns: Columns = { read: [], leftOut: [] };
  let chunk = 0;
  for (const child of root.children) {
    const { element } = child;
    const what = whatElse(child);
    if (what) columns.leftOut.push({ name: element.name, what });
    else
      columns.read.push({
        name: element.name,
        chunk,
        element,
        kind: kindOf(element),
        toTexts: textsOf(element),
      });
    chunk += leavesBelow(child);
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

function kindOf({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): StoredKind | null {
  const meaning = converted ?? logical?.type ?? "";
  if (converted === "DECIMAL" || logical?.type === "DECIMAL" || logical?.type === "FLOAT16") return "number";
  if (/^TIME_/.test(meaning) || meaning === "TIME") return null;
  if (type === "BOOLEAN") return "boolean";
  if (type === "INT96" || /^(?:DATE|TIMESTAMP)/.test(meaning)) return "date";
  if (type === "BYTE_ARRAY" || logical?.type === "UUID") return "words";
  return /^INT/.test(type ?? "") ? "integer" : "number";
}
