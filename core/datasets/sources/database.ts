/**
 * Connects to the database of a source: PostgreSQL, MySQL and SQLite through Bun.SQL (rows of MySQL are streamed by `store/mysql/`), at the address that was checked.
 * Each statement is sent prepared: the database itself then refuses a second one after a semicolon, which the simple
 * protocol would run outside the read-only transaction.
 */
import { realpathSync } from "node:fs";
import { sep } from "node:path";
import { SQL } from "bun";
import { AppError } from "../../platform/errors.ts";
import type { ForeignServer } from "../../store/mysql/foreign-rows.ts";
import { checkedAddress, type Lookup, type Reach } from "./allowed-hosts.ts";
import { databaseOf, type Place } from "./place.ts";

export interface OpenDatabase {
  sql: SQL;
  adapter: "postgres" | "mysql" | "sqlite";
}

export interface ConnectOptions {
  reach: Reach;
  lookup: Lookup;
  /** PEM texts of trusted certificates; null: the default ones. */
  authorities: string[] | null;
}

/** Throws AppError as `checkedAddress` does, and `forbidden` for a file outside the listed folders. */
export async function openDatabase(
  place: Place,
  { reach, lookup, authorities, isReadOnly }: ConnectOptions & { isReadOnly: boolean },
): Promise<OpenDatabase> {
  const { adapter, filename } = databaseOf(place);
  if (adapter === "sqlite")
    return {
      adapter,
      sql: new SQL({ adapter, filename: listedFile(filename, reach), readonly: isReadOnly }),
    };
  const { tls, ...server } = await checkedServer(place, { reach, lookup, authorities });
  const bounds = { max: 1, connectionTimeout: 20 };
  return { adapter, sql: new SQL({ adapter, ...server, ...bounds, ...(tls && { tls }) }) };
}

/** How its server is reached. Throws AppError as `checkedAddress` does. */
export async function checkedServer(
  place: Place,
  { reach, lookup, authorities }: ConnectOptions,
): Promise<ForeignServer> {
  const { host, port, user, password, database, tls } = databaseOf(place);
  const hostname = await checkedAddress(host, port, { reach, lookup });
  const secure = {
    require: { rejectUnauthorized: false },
    "verify-ca": { rejectUnauthorized: true, serverName: host },
    "verify-full": { rejectUnauthorized: true, serverName: host },
    verify_identity: { rejectUnauthorized: true, serverName: host },
    required: { rejectUnauthorized: false },
  }[tls];
  const ca = authorities && { ca: authorities };
  return { hostname, port, username: user, password, database, tls: secure ? { ...secure, ...ca } : null };
}

/** Links are resolved first: what counts is where the file is. */
export function listedFile(path: string, { folders }: Reach): string {
  const file = realOf(path);
  const isListed = folders.map(realOf).some((folder) => folder !== null && file?.startsWith(folder + sep));
  if (file !== null && isListed) return file;
  throw new AppError("forbidden", "Sources may not read this file, or it does not exist", {
    column: "url",
    fix: "An admin can list its folder in SOURCE_HOSTS, for example /srv/data.",
  });
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** A text as the template that makes Bun.SQL send it prepared. */
export function prepared(text: string): TemplateStringsArray {
  const strings = [text];
  Object.defineProperty(strings, "raw", { value: [text] });
  return strings as unknown as TemplateStringsArray;
}

/** A database's error in plain words; its code gives the kind. Never contains what was sent to connect. */
export function databaseError(error: unknown, place: Place): AppError {
  if (error instanceof AppError) return error;
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const said = error instanceof Error ? error.message : String(error);
  const { password, url } = place;
  const secrets = [password, URL.parse(url)?.password].filter((text) => text);
  const isOurs = secrets.some((secret) => said.includes(secret!));
  const message = isOurs ? "the connection was refused" : said.replace(/\s+/g, " ").slice(0, 300);
  if (/failed to connect|^connect E/i.test(said)) {
    const { host, port } = databaseOf(place);
    return new AppError("unavailable", `The database at ${host}:${port} cannot be reached`, {
      fix: "Check that it is up and that its port is open to this server, then try again.",
    });
  }
  const isDown = /CONNECTION|ECONN|TIMEOUT|closed|refused/i.test(`${String(code)} ${String(errno)} ${said}`);
  const isRefused = /^28|denied|password|authenticat/i.test(`${String(errno)} ${said}`);
  return new AppError(isDown ? "unavailable" : "invalid", `The database reports: ${message}`, {
    fix: isRefused
      ? "Check the user, the password and what that user may read."
      : isDown
        ? "Check that it is up, then try again."
        : "Correct the query, or the address.",
  });
}
