/**
 * A PostgreSQL of the tests' own: Debian's programs, in a folder of its own on a free port. `bun run test` starts one for
 * all test files and names it in TEST_POSTGRES_URL; a file that runs alone starts its own, which ends with it.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const PROGRAMS = "/usr/lib/postgresql";
const START_MS = 30_000;

export interface PostgresServer {
  /** Of its first database; everybody who reaches the port is allowed. */
  url: string;
  port: number;
  /** Its data and log, and the command that stops it, for a shell. */
  folder: string;
  control: string;
  stop: () => void;
  /** Ends it at once, as a crash does; `start` brings it back with what was committed. */
  kill: () => void;
  start: () => Promise<void>;
}

/** The folder of Debian's newest programs. Throws if `postgresql` is not installed. */
export function postgresPrograms(): string {
  const versions = existsSync(PROGRAMS) ? readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a)) : [];
  if (!versions[0]) throw new Error("PostgreSQL is missing: apt-get install postgresql");
  return join(PROGRAMS, versions[0], "bin");
}

/** Makes a cluster and starts it. `settings`: more of postgresql.conf. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const bin = postgresPrograms();
  const folder = mkdtempSync(join(tmpdir(), "signalbox-postgres-"));
  if (process.getuid?.() === 0) Bun.spawnSync(["chown", "postgres", folder]);
  const data = join(folder, "data");
  const port = await freePort();
  asPostgres([
    join(bin, "initdb"),
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "-N",
  ]);
  const given = { listen_addresses: "127.0.0.1", unix_socket_directories: folder, max_connections: "300" };
  const words = Object.entries({ ...given, fsync: "off", ...settings }).map(
    ([key, value]) => `-c ${key}=${value}`,
  );
  const control = (...command: string[]) => asPostgres([join(bin, "pg_ctl"), "-D", data, ...command]);
  const start = async () => {
    const log = join(folder, "log");
    control("-o", `-p ${port} ${words.join(" ")}`, "-l", log, "-w", "-t", String(START_MS / 1000), "start");
  };
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    folder,
    control: asUser([join(bin, "pg_ctl"), "-D", data, "-m", "immediate", "-w"]).join(" "),
    start,
    kill: () => control("-m", "immediate", "-w", "stop"),
    stop: () => {
      control("-m", "immediate", "-w", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** It refuses to run as root. */
function asPostgres(command: string[]): void {
  const words = asUser(command);
  const { exitCode, stderr } = Bun.spawnSync(words, { cwd: tmpdir(), stdio: ["ignore", "ignore", "pipe"] });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr}`);
}

function asUser(command: string[]): string[] {
  return process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--", ...command] : command;
}

/** One that nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

let own: Promise<PostgresServer> | null = null;

/** The address of the tests' PostgreSQL, started if it is not running yet. */
export async function postgresUrl(): Promise<string> {
  const { TEST_POSTGRES_URL: given } = process.env;
  if (given) return given;
  own ??= startPostgres().then((server) => {
    stopWithUs(server);
    return server;
  });
  return (await own).url;
}

/**
 * `bun test` does not announce its end, and neither does a kill: a second process waits for that, and stops the
 * cluster.
 */
function stopWithUs({ folder, control }: PostgresServer): void {
  const script = `while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done; ${control} stop; rm -rf '${folder}'`;
  Bun.spawn(["setsid", "sh", "-c", script], { cwd: tmpdir(), stdio: ["ignore", "ignore", "ignore"] }).unref();
}

/**
 * What a cluster needs besides its database, with TEST_ENGINE=postgres: a backup takes files from the storage, in
 * `folder`, and credentials are stored encrypted.
 */
export function clusterSettings(folder: string): Record<string, string> {
  if (process.env.TEST_ENGINE !== "postgres") return {};
  return { STORAGE_URL: `file://${folder}`, SECRET_KEY: "the same on every server" };
}

export interface OwnSchema {
  /** A DATABASE_URL that sees a schema of its own, empty. */
  url: string;
  drop: () => Promise<void>;
}

/** Tests that run at once do not see each other. */
export async function ownSchema(): Promise<OwnSchema> {
  const url = await postgresUrl();
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await command(url, `CREATE SCHEMA ${name}`);
  return {
    url: `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`,
    drop: () => command(url, `DROP SCHEMA ${name} CASCADE`),
  };
}

async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
