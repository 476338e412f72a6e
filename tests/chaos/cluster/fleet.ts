/**
 * A whole cluster on this machine that can be harmed: PostgreSQL and an S3 store behind links that fail, PgBouncer in
 * transaction mode before the last server and worker, and nginx before the servers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startClusterProxy } from "../../harness/cluster-proxy.ts";
import { type S3Server, startS3 } from "../../harness/object-store.ts";
import { Pooler } from "../../harness/pooler.ts";
import { freePort, type PostgresServer, startPostgres } from "../../harness/postgres.ts";
import { Victim } from "../victim.ts";
import { LinkThread, type RemoteLink } from "./remote-link.ts";

/** A server or worker that is started again on the same folder and port. */
export class Member {
  victim: Victim | null = null;

  constructor(
    readonly name: string,
    private readonly how: { folder: string; port: number; words: string[]; settings: Record<string, string> },
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.how.port}/`;
  }

  get pid(): number {
    return this.victim!.child.pid;
  }

  async start(command: string[]): Promise<void> {
    const { folder, port, words, settings } = this.how;
    this.victim = await Victim.start({
      folder,
      command: [...command, ...words],
      settings: { ...settings, PORT: String(port), METRICS_SECONDS: "5", LOG_LEVEL: "error" },
    });
    if (!this.victim.isServing)
      throw new Error(`${this.name} did not start: ${this.victim.words.slice(-500)}`);
  }

  async kill(): Promise<void> {
    await this.victim?.end("SIGKILL");
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    process.kill(this.pid, signal);
  }
}

export interface Fleet {
  servers: Member[];
  workers: Member[];
  /** The address for viewers and requests: nginx, which sends each to any server. */
  url: string;
  postgres: PostgresServer;
  s3: S3Server;
  database: RemoteLink;
  listening: RemoteLink;
  storage: RemoteLink;
  /** Restarts PgBouncer. */
  restartPooler: () => Promise<void>;
  /** The newest number of the log, from the database itself. */
  head: () => Promise<number>;
  rows: <Row>(sql: string) => Promise<Row[]>;
  command: string[];
  stop: () => Promise<void>;
}

export async function startFleet(
  command: string[],
  size: { servers: number; workers: number },
): Promise<Fleet> {
  const root = mkdtempSync(join(tmpdir(), "signalbox-fleet-"));
  const postgres = await startPostgres();
  const s3 = await startS3();
  const local = (port: number) => ({ host: "127.0.0.1", port });
  const links = new LinkThread();
  const database = await links.open(local(postgres.port));
  const listening = await links.open(local(postgres.port));
  const storage = await links.open(local(Number(new URL(s3.url).port)));
  const pooler = await Pooler.start(database.port);
  const shared = {
    ...s3.settings("fleet"),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${storage.port}`,
    LISTEN_URL: urlAt(listening.port),
  };
  const members = async (role: "server" | "worker", count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const isLast = i === count - 1;
        const DATABASE_URL = urlAt(isLast ? pooler.port : database.port);
        const settings = { ...shared, DATABASE_URL, ...(role === "server" && { TRAIN_CONCURRENCY: "0" }) };
        const folder = mkdtempSync(join(root, `${role}-`));
        const words = role === "worker" ? ["worker"] : [];
        return new Member(`${role} ${i + 1}`, { folder, port: await freePort(), words, settings });
      }),
    );
  const servers = await members("server", size.servers);
  const workers = await members("worker", size.workers);
  for (const member of [...servers, ...workers]) await member.start(command);
  const proxy = await startClusterProxy(
    await freePort(),
    servers.map(({ url }) => url),
  );
  const rows = async <Row>(sql: string) => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  };
  const stop = async () => {
    for (const { victim } of [...servers, ...workers]) {
      victim?.child.kill("SIGCONT");
      await victim?.end("SIGKILL");
    }
    await proxy.stop();
    await pooler.remove();
    links.stop();
    await s3.stop();
    postgres.stop();
    rmSync(root, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  return {
    ...{ servers, workers, url: proxy.url, postgres, s3, database, listening, storage, rows, command },
    restartPooler: () => pooler.restart(),
    head: async () => Number((await rows<{ seq: string }>("SELECT seq FROM log_head"))[0]!.seq),
    stop,
  };
}

const urlAt = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`;
