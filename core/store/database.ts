/**
 * Opens and migrates the database, and keeps it to one process. The only file that knows the driver. It never deletes
 * or overwrites a database that it cannot read.
 */
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../platform/errors.ts";
import { timed } from "../platform/timing.ts";
import { MIGRATIONS } from "./migrations.ts";

export const DATABASE = "signalbox.sqlite";
/** The schema's version that this program writes. */
export const SCHEMA = MIGRATIONS.length;

type Value = string | number | null;
export type Parameters = Record<string, Value>;

export class Store {
  /** Changes when a backup is restored: positions in the old log mean nothing then. */
  readonly epoch: string;
  /** How often something was written: what was read is still so while it is the same. */
  writes = 0;
  private constructor(
    private readonly database: Database,
    readonly folder: string,
  ) {
    this.epoch = this.meta("epoch", newEpoch);
  }

  /** Writes a consistent copy of the database in `folder` while others write to it. */
  static copy(folder: string, path: string): void {
    const database = new Database(join(folder, DATABASE), { readonly: true, strict: true });
    try {
      database.exec("PRAGMA busy_timeout = 5000");
      database.query("VACUUM INTO $path").run({ path });
    } finally {
      database.close();
    }
  }

  /** Opens (or makes) the database in `folder`. Throws AppError where its schema is newer or it is not a database. */
  static open(folder: string): Store {
    mkdirSync(folder, { recursive: true });
    refuseOrphans(folder);
    const database = new Database(join(folder, DATABASE), { create: true, strict: true });
    try {
      database.exec("PRAGMA busy_timeout = 5000");
      // Before anything in the file is set: a newer one is left as it is.
      const version = schemaOf(database);
      configure(database);
      migrate(database, version);
    } catch (error) {
      database.close();
      throw error instanceof AppError ? error : unreadable(error);
    }
    return new Store(database, folder);
  }

  get<Row>(sql: string, parameters: Parameters = {}): Row | null {
    return timed("db", () => this.database.query<Row, [Parameters]>(sql).get(parameters));
  }

  all<Row>(sql: string, parameters: Parameters = {}): Row[] {
    return timed("db", () => this.database.query<Row, [Parameters]>(sql).all(parameters));
  }

  /** `parameters`: by name, or in the order of the question marks. */
  run(sql: string, parameters: Parameters | Value[] = {}): { changes: number; lastInsertRowid: number } {
    this.writes += 1;
    const bound = Array.isArray(parameters) ? parameters : [parameters];
    const { changes, lastInsertRowid } = timed("db", () => this.database.query(sql).run(...bound));
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }

  /** All or nothing; on disk before it returns, so that what is acknowledged survives a power cut. */
  transaction<T>(body: () => T): T {
    if (this.database.inTransaction) return body();
    return this.database.transaction(body).immediate();
  }

  /** A value that is made once and then kept. */
  meta(key: string, make: () => string): string {
    const known = this.knownMeta(key);
    if (known !== null) return known;
    const value = make();
    this.run("INSERT INTO meta (key, value) VALUES ($key, $value)", { key, value });
    return value;
  }

  /** A value that was kept; null: none was. */
  knownMeta(key: string): string | null {
    return this.get<{ value: string }>("SELECT value FROM meta WHERE key = $key", { key })?.value ?? null;
  }

  /** What SQLite finds wrong in the file; empty where nothing is. */
  faults(): string[] {
    const rows = this.all<{ integrity_check: string }>("PRAGMA integrity_check");
    return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  }

  /** Positions in the log that anybody has seen mean nothing from now on. Known after the next opening. */
  beginEpoch(): void {
    this.run("UPDATE meta SET value = $value WHERE key = 'epoch'", { value: newEpoch() });
  }

  /**
   * Empties the write-ahead log, which still holds what was deleted. Until a reader lets go of its snapshot it cannot
   * be: false then.
   */
  purgeLog(): boolean {
    const row = this.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)");
    return row?.busy === 0;
  }

  close(): void {
    this.database.close();
  }
}

/**
 * Keeps a file, made where it is not there, from other processes; the function that lets it go, or null where another
 * one has it. The kernel lets go when the process ends, however it ends, and the lock holds between containers, where a
 * process's number says nothing.
 */
export function lockFile(path: string): (() => void) | null {
  const database = new Database(path, { create: true });
  try {
    // Nothing is ever written: the file stays empty.
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return null;
    throw error;
  }
}

function newEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Files of datasets or models beside no database, or an empty one: it was lost, and a new one would lose them too. */
function refuseOrphans(folder: string): void {
  const path = join(folder, DATABASE);
  if (existsSync(path) && statSync(path).size > 0) return;
  const files = ["datasets", "models"].flatMap((kind) =>
    existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)) : [],
  );
  if (files.length === 0) return;
  throw new AppError(
    "conflict",
    `The database is gone, but ${files.length} files that belong to it are there`,
    {
      fix: "Nothing was touched: restore a backup, or name another DATA_DIR.",
    },
  );
}

function configure(database: Database): void {
  // WAL: readers and the writer do not wait for each other. FULL: SQLite's WAL default may lose the last commits in a
  // power cut. Foreign keys are off by default for historical reasons.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
  database.exec("PRAGMA cache_size = -8000");
  // What was deleted is overwritten: nobody finds it in the file later.
  database.exec("PRAGMA secure_delete = ON");
}

/** Throws AppError `conflict` where it is a later one than this program knows. */
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
  MIGRATIONS.slice(version).forEach((step, index) => {
    database.transaction(() => {
      database.exec(step);
      database.exec(`PRAGMA user_version = ${version + index + 1}`);
    })();
  });
}

function unreadable(error: unknown): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError("conflict", `The database cannot be opened: ${reason}`, {
    fix: "The file is left as it is: restore a backup, or name another DATA_DIR.",
  });
}
