/** Runs statements on a connection, synchronously: promises are only the interface that both engines share. */
import type { Database } from "bun:sqlite";
import { timed } from "../../platform/timing.ts";
import type { Parameters, Value } from "../database.ts";

export function getRow<Row>(database: Database, sql: string, parameters: Parameters): Row | null {
  return timed("db", () => database.query<Row, [Parameters]>(sql).get(parameters));
}

export function allRows<Row>(database: Database, sql: string, parameters: Parameters): Row[] {
  const rows = timed("db", () => database.query<Row, [Parameters]>(sql).all(parameters));
  if (rows.length > 0 && ERASING.test(sql)) DELETED_IN.add(database);
  return rows;
}

/** Returns how many rows changed. */
export function changeRows(database: Database, sql: string, parameters: Parameters | Value[]): number {
  const bound = Array.isArray(parameters) ? parameters : [parameters];
  const { changes } = timed("db", () => database.query(sql).run(...bound));
  if (changes > 0 && ERASING.test(sql)) DELETED_IN.add(database);
  return changes;
}

/** Statements that delete rows, or replace what a person wrote: a note, a name, an address with its credentials. */
const ERASING =
  /^\s*(?:DELETE\b|UPDATE\s+(?:datasets|runs|models|renamed_models|sources|schedules|alert_routes|webhooks)\s+SET\s+(?:name|tags|note|archived_at|dataset_name|model_name|target|url|place)\b|INSERT\s+INTO\s+(?:settings|saved_filters)\b)/i;
const DELETED_IN = new WeakSet<Database>();

export function markDeleted(database: Database): void {
  DELETED_IN.add(database);
}

/** Whether something was deleted or replaced since the log was emptied. */
export function holdsDeleted(database: Database): boolean {
  return DELETED_IN.has(database);
}

/** Records that the log was emptied. */
export function forgetDeleted(database: Database): void {
  DELETED_IN.delete(database);
}
