/**
 * The handle for a transaction's body. It reaches only the open transaction, and is invalid once the body has ended, or
 * while a transaction nested in it is open.
 */
import type { Handle, Parameters, Value } from "../database.ts";
import { HandleState } from "../handle-state.ts";
import { ask, type Preparing, type Queryable } from "./statements.ts";

export class PostgresTransaction implements Handle {
  private readonly state = new HandleState();

  constructor(
    private readonly connection: Queryable,
    private readonly preparing: Preparing,
    private readonly depth = 0,
  ) {}

  async get<Row>(sql: string, parameters: Parameters = {}): Promise<Row | null> {
    return (await this.all<Row>(sql, parameters))[0] ?? null;
  }

  async all<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    this.state.check();
    return (await ask<Row>(this.connection, this.preparing, sql, parameters)).rows;
  }

  async run(sql: string, parameters: Parameters | Value[] = {}): Promise<number> {
    this.state.check();
    return (await ask(this.connection, this.preparing, sql, parameters)).changes;
  }

  returning<Row>(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    return this.all(sql, parameters);
  }

  async transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    this.state.nest();
    const savepoint = `nested_${this.depth + 1}`;
    const nested = new PostgresTransaction(this.connection, this.preparing, this.depth + 1);
    try {
      await this.connection.query(`SAVEPOINT ${savepoint}`);
      const result = await body(nested);
      await this.connection.query(`RELEASE ${savepoint}`);
      return result;
    } catch (error) {
      // If the connection is lost, everything is undone already.
      await this.connection.query(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`).catch(() => {});
      throw error;
    } finally {
      nested.end();
      this.state.unnest();
    }
  }

  end(): void {
    this.state.end();
  }
}
