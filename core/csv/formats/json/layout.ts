/**
 * Recognises how one JSON document arranges its rows: as a list somewhere inside, by column, by row label, or split.
 */

/** Rows as objects, or as lists below a list of names. */
export interface Arranged {
  /** Null if the rows are objects. */
  names: string[] | null;
  rows: readonly unknown[];
}

/** The rows of a document that is a single object. */
export function arrange(document: object): Arranged {
  const fields = Object.entries(document);
  const { columns, data } = document as { columns?: unknown; data?: unknown };
  if (Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray))
    return { names: columns.map(String), rows: data };
  const lists = fields.filter(([, value]) => isListOfObjects(value)) as [string, object[]][];
  if (lists.length > 0) {
    const [, rows] = lists.reduce((longest, other) =>
      other[1].length > longest[1].length ? other : longest,
    );
    return { names: null, rows };
  }
  return byColumn(fields) ?? byLabel(fields) ?? { names: null, rows: [document] };
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Fields = [string, unknown][];

/** `{"a": [1, 2], "b": [3, 4]}`. */
function byColumn(fields: Fields): Arranged | null {
  const lists = fields.map(([, value]) => value);
  if (fields.length === 0 || !lists.every(Array.isArray)) return null;
  const length = (lists[0] as unknown[]).length;
  if (length === 0 || !lists.every((list) => (list as unknown[]).length === length)) return null;
  const rows = Array.from({ length }, (_, row) => lists.map((list) => (list as unknown[])[row]));
  return { names: fields.map(([name]) => name), rows };
}

/** `{"a": {"0": 1, "1": 2}}`: columns as pandas writes them; `{"0": {"a": 1}, "1": {"a": 2}}`: rows. */
function byLabel(fields: Fields): Arranged | null {
  if (fields.length === 0 || !fields.every(([, value]) => isObject(value))) return null;
  const parts = fields as [string, Record<string, unknown>][];
  const inner = Object.keys(parts[0][1]);
  if (inner.length > 0 && inner.every(isNumber) && parts.every(([, part]) => hasKeys(part, inner))) {
    const rows = inner.map((label) => parts.map(([, part]) => part[label]));
    return { names: parts.map(([name]) => name), rows };
  }
  const isRows = parts.length > 1 && parts.every(([label]) => isNumber(label));
  return isRows ? { names: null, rows: parts.map(([, row]) => row) } : null;
}

function hasKeys(part: object, keys: readonly string[]): boolean {
  return Object.keys(part).length === keys.length && keys.every((key) => Object.hasOwn(part, key));
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
