/** PgBouncer in transaction mode before a PostgreSQL of the tests: a pooler that loses LISTEN without a word. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { freePort } from "./postgres.ts";
import { ready } from "./ready.ts";

export class Pooler {
  private child: Bun.Subprocess | null = null;

  private constructor(
    private readonly config: string,
    readonly port: number,
  ) {}

  /** Before a database on this machine. */
  static async start(databasePort: number): Promise<Pooler> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "signalbox-pgbouncer-"));
    const config = join(folder, "pgbouncer.ini");
    writeFileSync(
      config,
      `[databases]
* = host=127.0.0.1 port=${databasePort} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 30
max_client_conn = 500
server_login_retry = 1
ignore_startup_parameters = extra_float_digits,options
`,
    );
    Bun.spawnSync(["chmod", "-R", "a+rX", folder]);
    const pooler = new Pooler(config, port);
    await pooler.restart();
    return pooler;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async restart(): Promise<void> {
    await this.stop();
    const words = ["/usr/sbin/pgbouncer", "-q", this.config];
    // It refuses to run as root.
    const asUser =
      process.getuid?.() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
    this.child = Bun.spawn([...asUser, ...words], { stdio: ["ignore", "ignore", "ignore"] });
    await ready(async () => {
      const client = new pg.Client({ connectionString: this.url });
      await client.connect();
      await client.end();
    }, "PgBouncer");
  }

  async stop(): Promise<void> {
    this.child?.kill("SIGKILL");
    await this.child?.exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(dirname(this.config), { recursive: true, force: true });
  }
}
