/** A MariaDB of the tests' own: Debian's programs, in a folder of its own on a free port. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./deadline.ts";

const SERVER = "/usr/sbin/mariadbd";

export async function startMariaDb(password: string) {
  if (!existsSync(SERVER)) throw new Error("MariaDB is missing: apt-get install mariadb-server");
  const folder = mkdtempSync(join(tmpdir(), "signalbox-mariadb-"));
  Bun.spawnSync(["chown", "mysql", folder]);
  const data = join(folder, "data");
  const options = ["--no-defaults", "--user=mysql", `--datadir=${data}`];
  const install = [
    "mariadb-install-db",
    ...options,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ];
  if (Bun.spawnSync(install).exitCode !== 0) throw new Error("MariaDB could not be set up");
  const port = await freePort();
  const socket = join(folder, "socket");
  const server = Bun.spawn(
    [
      SERVER,
      ...options,
      `--port=${port}`,
      `--socket=${socket}`,
      "--bind-address=127.0.0.1",
      "--skip-log-bin",
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  await until(() => existsSync(socket), 30_000);
  const statements = [
    "create database shop",
    ...["127.0.0.1", "localhost"].flatMap((host) => [
      `create user reader@'${host}' identified by '${password}'`,
      `grant all on shop.* to reader@'${host}'`,
    ]),
  ];
  const asked = Bun.spawnSync(["mariadb", "-uroot", `--socket=${socket}`, "-e", statements.join("; ")]);
  if (asked.exitCode !== 0) throw new Error(`MariaDB: ${asked.stderr}`);
  return {
    login: {
      host: "127.0.0.1",
      hostname: "127.0.0.1",
      port,
      username: "reader",
      password,
      database: "shop",
      max: 1,
    },
    stop: () => {
      server.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
