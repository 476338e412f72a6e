/** Runs statements on a connection, as `sqlite/statements.ts` does: the same SQL, with numbered parameters. */
import type { CustomTypesConfig, QueryConfig, QueryResult } from "pg";
import { timed } from "../../platform/timing.ts";
import type { Parameters, Value } from "../database.ts";
import { databaseFailure } from "./failures.ts";

/** Named statements are parsed and planned once per connection; a pooler may send each statement to another one. */
export type Preparing = "named" | "unnamed";

/** A connection, or the pool of them. */
export interface Queryable {
  query(query: QueryConfig | string): Promise<QueryResult>;
}

/** One statement after the other, even if a transaction's body starts several. */
export function inTurn(client: Queryable): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (query) => {
      const answer = last.then(() => client.query(query));
      last = answer.catch(() => {});
      return answer;
    },
  };
}

interface Numbered {
  text: string;
  names: string[];
  name: string;
}

const NUMBERED = new Map<string, Numbered>();

/** `$name` -> `$1`, the same name the same number. */
function numbered(sql: string): Numbered {
  const known = NUMBERED.get(sql);
  if (known) return known;
  const names: string[] = [];
  const text = sql.replace(/\$([a-z]\w*)/gi, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  const made = { text, names, name: `s${NUMBERED.size}` };
  NUMBERED.set(sql, made);
  return made;
}

/** Rows as SQLite gives them. Throws StoreUnavailable if the database cannot be reached. */
export async function ask<Row>(
  connection: Queryable,
  preparing: Preparing,
  sql: string,
  parameters: Parameters | Value[] = {},
): Promise<{ rows: Row[]; changes: number }> {
  try {
    const result = await timed("db", () => connection.query(queryOf(preparing, sql, parameters)));
    return { rows: result.rows as Row[], changes: result.rowCount ?? 0 };
  } catch (error) {
    throw databaseFailure(error);
  }
}

function queryOf(preparing: Preparing, sql: string, parameters: Parameters | Value[]): QueryConfig {
  if (Array.isArray(parameters)) {
    let place = 0;
    return { text: sql.replace(/\?/g, () => `$${++place}`), values: parameters.map(storable) };
  }
  const { text, names, name } = numbered(sql);
  const values = names.map((key) => storable(parameters[key] ?? null));
  return preparing === "named" ? { name, text, values } : { text, values };
}

/** PostgreSQL stores no NUL in a text. */
function storable(value: Value): Value {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}

/** Of integers, fractions, counts and sums. */
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);

/** Numbers as numbers: none of ours is beyond 2^53. Everything else is text, JSON too, as SQLite gives it. */
export const TYPES: CustomTypesConfig = {
  getTypeParser: (oid: number) => (NUMBERS.has(oid) ? Number : (text: string) => text),
};
