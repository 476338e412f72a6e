/**
 * Copies all rows of one database into another, of the same engine or not, and compares them afterwards. It can be
 * interrupted anywhere: the target records the progress, cannot be used until the end, and the next copy continues.
 */
import { AppError } from "../../platform/errors.ts";
import { type Handle, knownValue, type Store } from "../database.ts";
import { COPIED_TABLES, COUNTED, type CopiedTable, type LastNumbers, NO_DATA } from "./tables.ts";

/** In the target's `meta` while it is being filled. */
const UNFINISHED = "moving";

type Row = Record<string, string | number | null>;
/** Column values of the last row that was copied, in the key's order. */
type Place = (string | number)[];

interface Progress {
  /** Tables that are whole, by name. */
  done: string[];
  /** The table that is being copied, and how far. */
  table: string | null;
  after: Place | null;
}

export interface CopySource {
  /** All reads see one moment: a snapshot, or a database that nobody else has open. */
  from: Handle;
  lastNumbers: LastNumbers;
}

export interface CopyTarget {
  to: Store;
  setLastNumbers: (tx: Handle, numbers: LastNumbers) => Promise<void>;
}

/** Hears of each batch: rows of a table that are copied, and of how many. */
export type CopyListener = (table: string, copied: number, rows: number) => void;

/** Whether a copy into this database was started and not finished. */
export async function isUnfinished(store: Handle): Promise<boolean> {
  return (await knownValue(store, UNFINISHED)) !== null;
}

/** Throws AppError `conflict` if a copy into this database was started and not finished. */
export async function refuseUnfinished(store: Handle): Promise<void> {
  if (!(await isUnfinished(store))) return;
  throw new AppError("conflict", "A move or a restore into this database has not ended", {
    fix: "Run the same command again: it continues where it stopped.",
  });
}

/** Throws AppError `conflict` if the target has data of its own that must not be lost. */
export async function beginCopy(
  { to }: Pick<CopyTarget, "to">,
  onData: "refuse" | "replace",
): Promise<"begun" | "continued"> {
  if (await isUnfinished(to)) return "continued";
  for (const { name } of onData === "refuse" ? COPIED_TABLES : []) {
    if (NO_DATA.has(name) || !(await to.get(`SELECT 1 FROM ${name} LIMIT 1`))) continue;
    throw new AppError("conflict", `The target database holds data already (${name})`, {
      fix: "Nothing was changed there: name an empty database.",
    });
  }
  await startOver(to);
  return "begun";
}

/** Empties the target. */
async function startOver(to: Store): Promise<void> {
  await to.transaction(async (tx) => {
    for (const { name } of COPIED_TABLES.toReversed()) await tx.run(`DELETE FROM ${name}`);
    await keepProgress(tx, { done: [], table: null, after: null });
  });
}

/** Copies what is missing, and compares everything. Throws AppError `conflict` if the copy differs. */
export async function copyRows(
  { from }: Pick<CopySource, "from">,
  { to }: Pick<CopyTarget, "to">,
  heard: CopyListener,
): Promise<void> {
  for (const table of COPIED_TABLES) {
    await copyTable(table, { from, to, heard });
    if (await isSame(table, from, to)) continue;
    // The source may have changed since an interrupted copy: this table, and its children, are copied again.
    await emptyFrom(table, to);
    await copyTable(table, { from, to, heard });
    if (!(await isSame(table, from, to)))
      throw new AppError("conflict", `The copy of ${table.name} differs from its source`, {
        fix: "Nothing was changed at the source. Run the command again.",
      });
  }
}

/** The target is a database like any other from now on. */
export async function finishCopy(
  { from, lastNumbers }: CopySource,
  { to, setLastNumbers }: CopyTarget,
): Promise<void> {
  const meta = await from.all<{ key: string; value: string }>("SELECT key, value FROM meta");
  await to.transaction(async (tx) => {
    await tx.run("DELETE FROM meta");
    for (const row of meta) await tx.run("INSERT INTO meta (key, value) VALUES ($key, $value)", row);
    await setLastNumbers(tx, lastNumbers);
  });
}

interface Copying {
  from: Handle;
  to: Store;
  heard: CopyListener;
}

async function copyTable(table: CopiedTable, { from, to, heard }: Copying): Promise<void> {
  const progress = await readProgress(to);
  if (progress.done.includes(table.name)) return;
  const rows = await countRows(table, from);
  const begun = progress.table === table.name ? progress.after : null;
  let copied = begun ? await countRows(table, to) : 0;
  for await (const page of pagesOf(table, from, begun)) {
    const after = placeOf(table, page.at(-1)!);
    await to.transaction(async (tx) => {
      await insertRows(tx, table, page);
      await keepProgress(tx, { ...progress, table: table.name, after });
    });
    copied += page.length;
    heard(table.name, copied, rows);
  }
  await keepProgress(to, { done: [...progress.done, table.name], table: null, after: null });
  heard(table.name, rows, rows);
}

/** Rows in the order of the key, a page at a time. */
async function* pagesOf(table: CopiedTable, from: Handle, begin: Place | null): AsyncGenerator<Row[]> {
  const { name, key, rowsAtOnce } = table;
  const columns = key.join(", ");
  const places = key.map((_, i) => `$k${i}`).join(", ");
  for (let after = begin; ; ) {
    const where = after ? `WHERE (${columns}) > (${places})` : "";
    const parameters = Object.fromEntries((after ?? []).map((value, i) => [`k${i}`, value]));
    const page = await from.all<Row>(
      `SELECT * FROM ${name} ${where} ORDER BY ${columns} LIMIT ${rowsAtOnce}`,
      parameters,
    );
    if (page.length) yield page;
    if (page.length < rowsAtOnce) return;
    after = placeOf(table, page.at(-1)!);
  }
}

const placeOf = ({ key }: CopiedTable, row: Row): Place =>
  key.map((column) => row[column] as string | number);

async function insertRows(tx: Handle, { name }: CopiedTable, rows: Row[]): Promise<void> {
  const columns = Object.keys(rows[0]!);
  const row = `(${columns.map(() => "?").join(", ")})`;
  await tx.run(
    `INSERT INTO ${name} (${columns.join(", ")}) VALUES ${rows.map(() => row).join(", ")}`,
    rows.flatMap((entry) => columns.map((column) => entry[column] ?? null)),
  );
}

async function countRows({ name }: CopiedTable, of: Handle): Promise<number> {
  return (await of.get<{ n: number }>(`SELECT count(*) AS n FROM ${name}`))!.n;
}

/** Row by row, so that a table of any size takes little memory. */
async function isSame(table: CopiedTable, from: Handle, to: Handle): Promise<boolean> {
  return (await digestOf(table, from)) === (await digestOf(table, to));
}

async function digestOf(table: CopiedTable, of: Handle): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const page of pagesOf(table, of, null))
    for (const row of page) {
      // PostgreSQL keeps no NUL in a text.
      const values = Object.entries(row)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => [name, typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value]);
      hash.update(`${JSON.stringify(values)}\n`);
    }
  return hash.digest("hex");
}

/** The table and all that come after it: children go with their parents. */
async function emptyFrom(table: CopiedTable, to: Store): Promise<void> {
  const first = COPIED_TABLES.indexOf(table);
  const done = COPIED_TABLES.slice(0, first).map(({ name }) => name);
  await to.transaction(async (tx) => {
    for (const { name } of COPIED_TABLES.slice(first).toReversed()) await tx.run(`DELETE FROM ${name}`);
    await keepProgress(tx, { done, table: null, after: null });
  });
}

async function readProgress(to: Handle): Promise<Progress> {
  return JSON.parse((await knownValue(to, UNFINISHED))!) as Progress;
}

async function keepProgress(tx: Handle, progress: Progress): Promise<void> {
  await tx.run(
    `INSERT INTO meta (key, value) VALUES ($key, $value)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    { key: UNFINISHED, value: JSON.stringify(progress) },
  );
}

/** The largest number of each counted column, if the engine does not record more. */
export async function largestNumbers(of: Handle): Promise<LastNumbers> {
  const entries = Object.entries(COUNTED).map(async ([table, column]) => {
    const row = await of.get<{ n: number | null }>(`SELECT max(${column}) AS n FROM ${table}`);
    return [table, row?.n ?? 0] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as LastNumbers;
}
