/** Reads a PostgreSQL database as it is at one moment, while others write to it. */
import pg from "pg";
import type { Handle } from "../database.ts";
import { databaseFailure } from "./failures.ts";
import { inTurn, TYPES } from "./statements.ts";
import { PostgresTransaction } from "./transaction.ts";

const CONNECT_MS = 5000;

/** All reads of the body see the same moment, and block nobody. Throws StoreUnavailable. */
export async function readSnapshot<T>(url: string, body: (tx: Handle) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "signalbox copy",
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: TYPES,
  });
  client.on("error", () => {
    // The statement that waits for it fails too.
  });
  try {
    await client.connect();
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const tx = new PostgresTransaction(inTurn(client), "unnamed");
    const result = await body(tx);
    tx.end();
    return result;
  } catch (error) {
    throw databaseFailure(error);
  } finally {
    await client.end().catch(() => {});
  }
}
