/**
 * Opens and migrates the SQLite database. Reads have a connection of their own; writes run one after the other on
 * another. It never deletes or overwrites a database that it cannot read.
 */

import { Database } from "bun:sqlite";
import { AsyncLocalStorage } from "node:async_hooks";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../platform/errors.ts";
import { type Handle, keptValue, newEpoch, type Parameters, type Store, type Value } from "../database.ts";
import { TurnQueue } from "../queue.ts";
import { MIGRATIONS } from "./migrations.ts";
import { allRows, changeRows, forgetDeleted, getRow, holdsDeleted, markDeleted } from "./statements.ts";
import { SqliteTransaction } from "./transaction.ts";
import { DatabaseFile } from "./unallocated.ts";

/** How long a statement waits for another process. */
const BUSY_MS = 5000;

export const DATABASE = "signalbox.sqlite";
/** The schema's version that this program writes. */
export const SCHEMA = MIGRATIONS.length;

/** Opens (or creates) the database in `folder`. Throws AppError if its schema is newer or it is not a database. */
export async function openSqlite(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true });
  refuseOrphans(folder);
  const path = join(folder, DATABASE);
  // A killed process may have deleted something without emptying its log.
  const wasKilled = existsSync(`${path}-wal`);
  const writer = new Database(path, { create: true, strict: true });
  try {
    writer.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // Before anything in the file is set: a newer one is left unchanged.
    const version = schemaOf(writer);
    configure(writer);
    migrate(writer, version);
    const reader = new Database(path, { readwrite: true, strict: true });
    configureReader(reader);
    if (wasKilled) markDeleted(writer);
    const store = new SqliteStore({ writer, reader, path });
    store.epoch = await keptValue(store, "epoch", newEpoch);
    return store;
  } catch (error) {
    writer.close();
    throw error instanceof AppError ? error : unreadable(error);
  }
}

class SqliteStore implements Store {
  epoch = "";
  readonly isShared = false;
  private readonly queue = new TurnQueue();
  /** The transaction whose body is running. */
  private readonly body = new AsyncLocalStorage<{ isOpen: boolean }>();

  private readonly writer: Database;
  private readonly reader: Database;
  private readonly file: DatabaseFile;
  private readonly logPath: string;

  constructor({ writer, reader, path }: { writer: Database; reader: Database; path: string }) {
    this.writer = writer;
    this.reader = reader;
    this.file = new DatabaseFile(path);
    this.logPath = `${path}-wal`;
  }

  async get<Row>(sql: string, parameters: Parameters = {}): Promise<Row | null> {
    this.refuseInBody();
    return getRow(this.reader, sql, parameters);
  }

  async all<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    this.refuseInBody();
    return allRows(this.reader, sql, parameters);
  }

  run(sql: string, parameters: Parameters | Value[] = {}): Promise<number> {
    return this.write(() => changeRows(this.writer, sql, parameters));
  }

  returning<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    return this.write(() => allRows<Row>(this.writer, sql, parameters));
  }

  async transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    this.refuseInBody();
    await this.queue.take();
    const tx = new SqliteTransaction(this.writer);
    const mark = { isOpen: true };
    try {
      // By hand: the driver's own would commit an asynchronous body at its first await.
      this.writer.exec("BEGIN IMMEDIATE");
      const result = await this.body.run(mark, () => body(tx));
      this.writer.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have ended it already.
      if (this.writer.inTransaction) this.writer.exec("ROLLBACK");
      throw error;
    } finally {
      mark.isOpen = false;
      tx.end();
      this.queue.pass();
    }
  }

  announce(): void {
    // Nobody else is on it.
  }

  follow(): () => void {
    return () => {};
  }

  async faults(): Promise<string[]> {
    const rows = await this.all<{ integrity_check: string }>("PRAGMA integrity_check");
    return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  }

  get holdsDeleted(): boolean {
    return holdsDeleted(this.writer);
  }

  /** It cannot be emptied until readers release their snapshots. Writers wait meanwhile, readers do not. */
  async purgeLog(): Promise<boolean> {
    this.refuseInBody();
    await this.queue.take();
    try {
      return this.emptyLog() && (await this.clearFile());
    } finally {
      this.queue.pass();
    }
  }

  private emptyLog(): boolean {
    // A caller that will retry later does not wait: everything would stand still meanwhile.
    this.writer.exec("PRAGMA busy_timeout = 0");
    const [row] = allRows<{ busy: number }>(this.writer, "PRAGMA wal_checkpoint(TRUNCATE)", {});
    this.writer.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    return row?.busy === 0;
  }

  /** False: another process wrote since the log was emptied. */
  private async clearFile(): Promise<boolean> {
    this.writer.exec("BEGIN IMMEDIATE");
    try {
      if (existsSync(this.logPath) && statSync(this.logPath).size > 0) return false;
      await this.file.clearUnallocated();
    } finally {
      this.writer.exec("ROLLBACK");
      // Cached pages still have what was overwritten in the file, and would bring it back.
      this.writer.exec("PRAGMA shrink_memory");
    }
    forgetDeleted(this.writer);
    return true;
  }

  async close(): Promise<void> {
    await this.queue.take();
    this.reader.close();
    this.writer.close();
    this.file.close();
    this.queue.pass();
  }

  /** Immediately if nobody else writes. */
  private async write<T>(statement: () => T): Promise<T> {
    this.refuseInBody();
    if (!this.queue.tryTake()) await this.queue.take();
    try {
      return statement();
    } finally {
      this.queue.pass();
    }
  }

  /** It would wait for itself, or miss what was just written. */
  private refuseInBody(): void {
    if (this.body.getStore()?.isOpen)
      throw new Error("inside a transaction only its own handle may be used, not the store");
  }
}

/** Writes a consistent copy of the database in `folder` while others write to it. */
export function copySqlite(folder: string, path: string): void {
  const database = new Database(join(folder, DATABASE), { readonly: true, strict: true });
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.query("VACUUM INTO $path").run({ path });
  } finally {
    database.close();
  }
}

/**
 * Files of datasets or models without a database, or with an empty one: it was lost, and a new one would lose them too.
 */
function refuseOrphans(folder: string): void {
  const path = join(folder, DATABASE);
  if (existsSync(path) && statSync(path).size > 0) return;
  const files = ["datasets", "models"].flatMap((kind) =>
    existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)) : [],
  );
  if (files.length === 0) return;
  throw new AppError(
    "conflict",
    `The database is missing, but ${files.length} files that belong to it exist`,
    {
      fix: "Nothing was changed: restore a backup, or name another DATA_DIR.",
    },
  );
}

function configure(database: Database): void {
  // WAL: readers and the writer do not wait for each other. FULL: SQLite's WAL default may lose the last commits in a
  // power cut. Foreign keys are off by default for historical reasons.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
  database.exec("PRAGMA cache_size = -2000");
  // Deleted data is overwritten in the file.
  database.exec("PRAGMA secure_delete = ON");
}

function configureReader(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  database.exec("PRAGMA cache_size = -6000");
  // Not `readonly`, because that could not recover a log that a crash left.
  database.exec("PRAGMA query_only = ON");
}

/** Throws AppError `conflict` if it is later than this program's. */
function schemaOf(database: Database): number {
  const { user_version: version } = database
    .query<{ user_version: number }, []>("PRAGMA user_version")
    .get()!;
  if (version > MIGRATIONS.length) {
    throw new AppError("conflict", `The database was written by a newer Signalbox (schema ${version})`, {
      fix: "Start that version, or name another DATA_DIR.",
    });
  }
  return version;
}

function migrate(database: Database, version: number): void {
  if (version === MIGRATIONS.length) return;
  // All in one: each transaction waits for the disk.
  database.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  })();
}

function unreadable(error: unknown): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError("conflict", `The database cannot be opened: ${reason}`, {
    fix: "The file is left unchanged: restore a backup, or name another DATA_DIR.",
  });
}
