/**
 * The handle for a transaction's body. It reaches only the open transaction, and is invalid once the body has ended, or
 * while a transaction nested in it is open.
 */
import type { Database } from "bun:sqlite";
import type { Handle, Parameters, Value } from "../database.ts";
import { HandleState } from "../handle-state.ts";
import { allRows, changeRows, getRow } from "./statements.ts";

export class SqliteTransaction implements Handle {
  private readonly state = new HandleState();

  constructor(
    private readonly database: Database,
    private readonly depth = 0,
  ) {}

  async get<Row>(sql: string, parameters: Parameters = {}): Promise<Row | null> {
    this.state.check();
    return getRow(this.database, sql, parameters);
  }

  async all<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    this.state.check();
    return allRows(this.database, sql, parameters);
  }

  async run(sql: string, parameters: Parameters | Value[] = {}): Promise<number> {
    this.state.check();
    return changeRows(this.database, sql, parameters);
  }

  returning<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    return this.all(sql, parameters);
  }

  async transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    this.state.nest();
    const savepoint = `nested_${this.depth + 1}`;
    this.database.exec(`SAVEPOINT ${savepoint}`);
    const nested = new SqliteTransaction(this.database, this.depth + 1);
    try {
      return await body(nested);
    } catch (error) {
      // A full disk may have ended the whole transaction already.
      if (this.database.inTransaction) this.database.exec(`ROLLBACK TO ${savepoint}`);
      throw error;
    } finally {
      nested.end();
      if (this.database.inTransaction) this.database.exec(`RELEASE ${savepoint}`);
      this.state.unnest();
    }
  }

  end(): void {
    this.state.end();
  }
}
