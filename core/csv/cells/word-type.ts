/**
 * Decides whether a column of words holds labels, IDs or text. Judged by how often they repeat, how they look, and
 * what the column is called.
 */
import type { ColumnType } from "../types.ts";

/** `values` are distinct ones, `distinct` and `count` of the whole column. */
export function settleWordType(column: {
  name: string;
  values: readonly string[];
  count: number;
  distinct: number;
}): ColumnType {
  const { name, values, count } = column;
  if (count === 0 || values.length === 0) return "category";
  const ratio = column.distinct / count;
  const words = mean(values, (value) => value.split(/\s+/).length);
  const length = mean(values, (value) => value.length);
  const isProse = words >= 2.5 || length > 40;
  if (ratio > 0.98 && count >= 8 && !isProse && (values.every(isToken) || isIdName(name))) return "id";
  return ratio > 0.5 && isProse && column.distinct > 20 ? "text" : "category";
}

function isToken(value: string): boolean {
  return /^[\w./:@#{}-]+$/.test(value);
}

/** Names that ids go by, whatever is in them. */
const ID_NAME = /(?:^|[\s_.-])(?:id|ids|uuid|guid|pid|key|rowid)$/i;
const CAMEL_ID = /[a-z](?:Id|ID|Key|No|Nr)$/;
/** Names of ids, but also of what is measured: a price index, a number of rooms. */
const COUNTER_NAME = /(?:^|[\s_.-])(?:index|idx|row|no|nr|num|number|order|instant|serial|sn)$/i;

/** Names that ids go by. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name) || CAMEL_ID.test(name) || COUNTER_NAME.test(name);
}

/** Whole numbers that never repeat are ids where their name says so and their values do not look measured. */
export function isNumberId(name: string, values: { isSequence: boolean; min: number; max: number }): boolean {
  if (ID_NAME.test(name) || CAMEL_ID.test(name)) return true;
  if (!COUNTER_NAME.test(name)) return false;
  // Numbers of one length, and a long one, are given out, not measured.
  const isFixed = values.min >= 1e5 && String(values.min).length === String(values.max).length;
  return values.isSequence || isFixed;
}

function mean(values: readonly string[], size: (value: string) => number): number {
  return values.reduce((sum, value) => sum + size(value), 0) / values.length;
}
