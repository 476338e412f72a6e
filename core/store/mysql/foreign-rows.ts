/**
 * Reads the rows of a statement from a MySQL or MariaDB server that is not ours, as they come: the server is not read
 * further while a batch is taken, so memory stays flat however many there are. In a read-only transaction, prepared, so
 * that the server itself refuses a second statement.
 */
import type { ConnectionOptions, FieldPacket } from "mysql2";

export interface ForeignServer {
  hostname: string;
  port: number;
  username: string;
  password: string;
  database: string;
  /** Null: without encryption. */
  tls: { rejectUnauthorized: boolean; serverName?: string; ca?: string[] } | null;
}

export interface ForeignQuery {
  statement: string;
  /** More rows than these are not read. */
  limit: number;
  timeLimitMs: number;
  /** Rows of a batch. */
  together: number;
}

export interface ForeignBatch {
  /** `type`: MySQL's number for it. */
  columns: { name: string; type: number }[];
  rows: unknown[][];
}

const CONNECT_MS = 20_000;

/** At least one batch, so that the columns are known. Throws what the server says. */
export async function* readMySql(
  server: ForeignServer,
  { statement, limit, timeLimitMs, together }: ForeignQuery,
): AsyncGenerator<ForeignBatch> {
  const { createConnection } = await import("mysql2");
  const connection = createConnection(optionsOf(server));
  // What ends a connection is the error of the statement that it was opened for.
  connection.on("error", () => {});
  const run = (sql: string) => connection.promise().query(sql);
  try {
    await run("start transaction read only");
    await run(`set sql_select_limit = ${Math.ceil(limit)}`);
    // MariaDB counts seconds, MySQL milliseconds, each under its own name.
    await run(`set max_statement_time = ${Math.ceil(timeLimitMs / 1000)}`).catch(() =>
      run(`set max_execution_time = ${Math.ceil(timeLimitMs)}`),
    );
    const stream = connection
      .execute({ sql: statement, rowsAsArray: true })
      .stream({ highWaterMark: together });
    let columns: ForeignBatch["columns"] = [];
    stream.on("fields", (fields: FieldPacket[]) => {
      columns = fields.map(({ name, columnType }) => ({ name, type: columnType ?? 0 }));
    });
    let rows: unknown[][] = [];
    for await (const row of stream) {
      if (rows.push(row as unknown[]) < together) continue;
      yield { columns, rows };
      rows = [];
    }
    yield { columns, rows };
  } finally {
    connection.destroy();
  }
}

function optionsOf({ hostname, port, username, password, database, tls }: ForeignServer): ConnectionOptions {
  return {
    ...{ host: hostname, port, user: username, password, database, connectTimeout: CONNECT_MS },
    // Times are kept as they are written, and whole numbers beyond a double's 53 bits keep their digits.
    ...{ timezone: "Z", supportBigNumbers: true, multipleStatements: false },
    ...(tls && {
      ssl: {
        rejectUnauthorized: tls.rejectUnauthorized,
        ...(tls.serverName && { servername: tls.serverName }),
        ...(tls.ca && { ca: tls.ca }),
      },
    }),
  };
}
