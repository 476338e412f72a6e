/**
 * Caches the typed columns of a file beside it, one file per column, so that it is parsed once: the next training on it
 * reads them back. The cache is tied to one file, one reading plan and one version of Signalbox; a column that is
 * missing, damaged or does not match is parsed again.
 */
import { readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { VERSION } from "../../platform/version.ts";
import type { ColumnPlan, ReadingPlan, Table } from "../types.ts";
import { type CachedColumn, COLUMN_FILE, readColumn, writeColumn } from "./column-file.ts";
import { type LoadOptions, loadTable } from "./load.ts";

/** The share of free disk space that kept columns may take. */
const ROOM_SHARE = 0.1;

/** As loadTable, with the same result; a sampled table is never kept. */
export async function loadCachedTable(
  path: string,
  plan: ReadingPlan,
  options: LoadOptions = {},
): Promise<Table> {
  if (options.maxRows !== undefined) return loadTable(path, plan, options);
  const places = await placesOf(path, plan);
  const wanted = plan.columns.filter(({ name }) => !options.columns || options.columns.includes(name));
  const kept = await readKept(wanted.map(places.of));
  const missing = wanted.filter((_, k) => kept[k] === null).map(({ name }) => name);
  if (missing.length === 0) return tableOf(kept as CachedColumn[]);
  const startedAt = performance.now();
  const table = await loadTable(path, plan, { ...options, columns: missing });
  const readMs = (performance.now() - startedAt) / missing.length;
  const read = new Map(table.columns.map((column) => [column.name, { column, readMs }]));
  const isWhole = !options.enough?.aborted;
  if (isWhole)
    await keep(
      path,
      places,
      wanted.flatMap((column) => {
        const kept = read.get(column.name);
        return kept ? [{ ...kept, place: places.of(column) }] : [];
      }),
    );
  const columns = wanted.map(({ name }, k) => kept[k] ?? read.get(name)!);
  return tableOf(isWhole ? columns : columns.map((one) => firstRows(one, table.rows)));
}

/** Columns of different lengths mean that the file changed while it was read: a bug. */
function tableOf(columns: CachedColumn[]): Table {
  const rows = columns.map(({ column }) => ("values" in column ? column.values : column.codes).length);
  if (rows.some((count) => count !== rows[0])) throw new Error("kept columns differ in their number of rows");
  return {
    rows: rows[0] ?? 0,
    columns: columns.map(({ column }) => column),
    readMs: columns.reduce((sum, { readMs }) => sum + readMs, 0),
  };
}

function firstRows({ column, readMs }: CachedColumn, rows: number): CachedColumn {
  return "values" in column
    ? { column: { ...column, values: column.values.slice(0, rows) }, readMs }
    : { column: { ...column, codes: column.codes.slice(0, rows) }, readMs };
}

/** Where the columns of a file are kept. */
interface Places {
  /** Prefix of their names: one file, one reading plan, one version of Signalbox. */
  prefix: string;
  of: (plan: ColumnPlan) => string;
}

async function placesOf(path: string, { dialect, columns }: ReadingPlan): Promise<Places> {
  const { size, mtimeMs } = await stat(path);
  const prefix = `${path}.${keyOf([VERSION, size, mtimeMs, dialect])}.`;
  const at = new Map(columns.map(({ name }, k) => [name, k]));
  return {
    prefix,
    of: (plan) => `${prefix}${keyOf({ ...plan, index: plan.index ?? at.get(plan.name) })}${COLUMN_FILE}`,
  };
}

function keyOf(about: object): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(about)).digest("hex").slice(0, 24);
}

function readKept(places: string[]): Promise<(CachedColumn | null)[]> {
  return Promise.all(
    places.map(async (place) => {
      const file = Bun.file(place);
      return (await file.exists()) ? readColumn(new Uint8Array(await file.arrayBuffer())) : null;
    }),
  );
}

/** Caching columns only saves time: if the disk refuses, nothing is cached and nothing is lost. */
async function keep(
  path: string,
  { prefix }: Places,
  columns: (CachedColumn & { place: string })[],
): Promise<void> {
  try {
    await removeColumns(path, (place) => !place.startsWith(prefix));
    for (const { place, ...kept } of columns) {
      const bytes = writeColumn(kept);
      if (bytes.length > ROOM_SHARE * (await freeBytes(path))) return;
      await writeAside(place, bytes);
    }
    // The file was deleted meanwhile, so its columns must go too.
    if (!(await Bun.file(path).exists())) await removeColumns(path, () => true);
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
  }
}

async function writeAside(place: string, bytes: Uint8Array): Promise<void> {
  const part = `${place}.${process.pid}.part`;
  try {
    await Bun.write(part, bytes, { mode: 0o600 });
    await rename(part, place);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Deletes columns of another reading plan or another version of Signalbox: nothing reads them any more. */
async function removeColumns(path: string, isOut: (place: string) => boolean): Promise<void> {
  for (const file of await readdir(dirname(path))) {
    const place = join(dirname(path), file);
    const isKept = place.startsWith(`${path}.`) && file.endsWith(COLUMN_FILE);
    if (isKept && isOut(place)) await rm(place, { force: true });
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}
