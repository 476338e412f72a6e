/**
 * Opens and migrates the PostgreSQL database that several servers share. Transactions are serialised over all of them:
 * each holds the log's head from its first statement to its commit. One server's writes run in the order of their
 * requests.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { AppError } from "../../platform/errors.ts";
import { type Handle, keptValue, newEpoch, type Parameters, type Store, type Value } from "../database.ts";
import { TurnQueue } from "../queue.ts";
import { databaseFailure, isLost } from "./failures.ts";
import { MIGRATIONS } from "./migrations.ts";
import { ask, inTurn, type Preparing, type Queryable, TYPES } from "./statements.ts";
import { PostgresTransaction } from "./transaction.ts";
import { Wake } from "./wake.ts";

const CONNECT_MS = 5000;
/** Longer than any of our statements takes: the connection is lost without notice. */
const STATEMENT_MS = 20_000;
const CONNECTIONS = 10;
/** How long a server that was suspended in the middle of a transaction blocks all others. */
const STALLED_MS = 5000;
/** The lock's number: held while migrations run. */
const MIGRATION_LOCK = 0x516e_a1b0;

export interface PostgresOptions {
  url: string;
  /** A direct connection for LISTEN, if `url` goes through a pooler; "": `url` is direct. */
  listenUrl: string;
  /** An idle listener makes every NOTIFY more expensive: a worker has none. */
  listens: "always" | "never";
  warn: (about: Record<string, unknown>, message: string) => void;
}

/** The schema's version that this program writes. */
const SCHEMA = MIGRATIONS.length;

/**
 * Throws AppError: `conflict` if its schema is newer, `syntax` if it cannot be used like this; StoreUnavailable while
 * it does not respond.
 */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const preparing: Preparing = options.listenUrl ? "unnamed" : "named";
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: "signalbox",
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
    // Neither ends a running query, nor makes the next request wait for a connection.
    idleTimeoutMillis: 0,
    types: TYPES,
  });
  pool.on("error", (error) => options.warn({ reason: error.message }, "a database connection was lost"));
  try {
    await migrate(pool);
    const store = new PostgresStore(pool, preparing);
    store.epoch = await keptValue(store, "epoch", newEpoch);
    store.wake = await Wake.open({
      url: options.listenUrl || options.url,
      listens: options.listens,
      channel: `signalbox_${store.epoch.replace(/\W/g, "")}`,
      tell: async (channel, payload) => {
        await ask(pool, preparing, "SELECT pg_notify($channel, $payload)", { channel, payload });
      },
      warn: options.warn,
    });
    return store;
  } catch (error) {
    await pool.end();
    throw startFailure(error);
  }
}

class PostgresStore implements Store {
  epoch = "";
  wake: Wake | null = null;
  readonly isShared = true;
  /** Deleted rows leave nothing that can be read outside the database. */
  readonly holdsDeleted = false;
  private readonly queue = new TurnQueue();
  /** The transaction whose body is running. */
  private readonly body = new AsyncLocalStorage<{ isOpen: boolean }>();

  constructor(
    private readonly pool: pg.Pool,
    private readonly preparing: Preparing,
  ) {}

  async get<Row>(sql: string, parameters: Parameters = {}): Promise<Row | null> {
    return (await this.all<Row>(sql, parameters))[0] ?? null;
  }

  async all<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    this.refuseInBody();
    return (await ask<Row>(this.pool, this.preparing, sql, parameters)).rows;
  }

  run(sql: string, parameters: Parameters | Value[] = {}): Promise<number> {
    return this.write(async () => (await ask(this.pool, this.preparing, sql, parameters)).changes);
  }

  returning<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    return this.write(async () => (await ask<Row>(this.pool, this.preparing, sql, parameters)).rows);
  }

  async transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    this.refuseInBody();
    await this.queue.take();
    try {
      const client = await this.begin();
      return await this.runBody(client, body);
    } finally {
      this.queue.pass();
    }
  }

  /** A connection with an open transaction; one that was lost while idle is retried once. */
  private async begin(isRetry = false): Promise<pg.PoolClient> {
    let client: pg.PoolClient | null = null;
    try {
      client = await this.pool.connect();
      await client.query(
        `BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${STALLED_MS}; SELECT seq FROM log_head FOR UPDATE`,
      );
      return client;
    } catch (error) {
      client?.release(true);
      if (client && !isRetry && isLost(error)) return this.begin(true);
      throw databaseFailure(error);
    }
  }

  private async runBody<T>(client: pg.PoolClient, body: (tx: Handle) => Promise<T>): Promise<T> {
    const connection: Queryable = inTurn(client);
    const tx = new PostgresTransaction(connection, this.preparing);
    const mark = { isOpen: true };
    let failure: unknown = null;
    try {
      const result = await this.body.run(mark, () => body(tx));
      await connection.query("COMMIT");
      return result;
    } catch (error) {
      failure = databaseFailure(error);
      // If that fails too, the connection is closed, and the database undoes it.
      if (!isLost(failure))
        await connection.query("ROLLBACK").catch((lost: unknown) => (failure = databaseFailure(lost)));
      throw failure;
    } finally {
      mark.isOpen = false;
      tx.end();
      client.release(isLost(failure));
    }
  }

  announce(seq: number): void {
    this.wake?.announce(seq);
  }

  follow(heard: (seq: number) => void): () => void {
    return this.wake!.follow(heard);
  }

  /** Checks that it responds; its files are checked by its own tools. */
  async faults(): Promise<string[]> {
    await this.all("SELECT 1");
    return [];
  }

  async purgeLog(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    if (this.pool.ending) return;
    await this.queue.take();
    await this.wake?.close();
    await this.pool.end();
    this.queue.pass();
  }

  private async write<T>(statement: () => Promise<T>): Promise<T> {
    this.refuseInBody();
    if (!this.queue.tryTake()) await this.queue.take();
    try {
      return await statement();
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

/** One server migrates, the others wait for it: all in one transaction, so that half a schema is never seen. */
async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await client.query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
    const { rows } = await client.query<{ version: number }>("SELECT version FROM schema_version");
    const version = rows[0]?.version ?? 0;
    if (version > SCHEMA)
      throw new AppError("conflict", `The database was written by a newer Signalbox (schema ${version})`, {
        fix: "Start that version, or name another DATABASE_URL.",
      });
    for (const step of MIGRATIONS.slice(version)) await client.query(step);
    if (version < SCHEMA) {
      await client.query("DELETE FROM schema_version");
      await client.query("INSERT INTO schema_version VALUES ($1)", [SCHEMA]);
    }
    await client.query("COMMIT");
  } finally {
    // An open transaction ends with its connection.
    client.release(true);
  }
}

/** What an operator set wrongly: a password, a database or a right that does not exist. */
function startFailure(error: unknown): unknown {
  const failure = databaseFailure(error);
  const { code, message } = failure as { code?: unknown; message: string };
  if (typeof code !== "string" || !/^(?:28|3D|3F|42501|42P06|0A|22|54)/.test(code)) return failure;
  return new AppError("syntax", `The database refuses access: ${message}`, {
    fix: "Check user, password, database and rights in DATABASE_URL.",
  });
}
