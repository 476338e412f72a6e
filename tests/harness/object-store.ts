/**
 * An S3 server of the tests' own: versitygw over a folder, on a free port. It is installed from the Go module proxy into
 * the user's cache where it is missing; S3_SERVER names another program of it.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
const START_MS = 20_000;
const KEYS = { AWS_ACCESS_KEY_ID: "signalbox", AWS_SECRET_ACCESS_KEY: "a-secret-of-the-tests" };

export interface S3Server {
  url: string;
  /** Where its objects are, as files. */
  folder: string;
  /** Settings of a server whose files are in a new, empty bucket. */
  settings: (bucket?: string) => Record<string, string>;
  kill: () => Promise<void>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** The program; null where it is not installed and cannot be. */
export function s3Program(): string {
  const known = [process.env.S3_SERVER ?? "", "/usr/local/bin/versitygw", join(cache(), "versitygw")];
  const found = known.find((path) => path && existsSync(path));
  if (found) return found;
  const go = ["/usr/local/go/bin/go", "/usr/bin/go"].find(existsSync);
  if (!go) throw new Error("No S3 server for the tests: apt-get install golang, or name one in S3_SERVER");
  mkdirSync(cache(), { recursive: true });
  const env = { ...process.env, GOBIN: cache() };
  const { exitCode, stderr } = Bun.spawnSync([go, "install", MODULE], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (exitCode !== 0) throw new Error(`versitygw could not be installed: ${stderr}`);
  return join(cache(), "versitygw");
}

const cache = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "signalbox-tests");

export async function startS3(): Promise<S3Server> {
  const program = s3Program();
  const root = mkdtempSync(join(tmpdir(), "signalbox-s3-"));
  const folder = join(root, "objects");
  mkdirSync(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: Bun.Subprocess | null = null;
  const start = async () => {
    const env = {
      ...process.env,
      ROOT_ACCESS_KEY: KEYS.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: KEYS.AWS_SECRET_ACCESS_KEY,
    };
    const words = [program, "--port", `127.0.0.1:${port}`, "posix", "--sidecar", join(root, "meta"), folder];
    mkdirSync(join(root, "meta"), { recursive: true });
    child = Bun.spawn(words, { env, stdio: ["ignore", "ignore", "ignore"] });
    const end = performance.now() + START_MS;
    while (!(await fetch(url).catch(() => null))) {
      if (performance.now() > end || child.exitCode !== null) throw new Error("the S3 server does not start");
      await Bun.sleep(50);
    }
  };
  const kill = async () => {
    child?.kill("SIGKILL");
    await child?.exited;
  };
  await start();
  return {
    url,
    folder,
    start,
    kill,
    settings: (bucket = `bucket-${crypto.randomUUID()}`) => {
      mkdirSync(join(folder, bucket), { recursive: true });
      return { STORAGE_URL: `s3://${bucket}/files`, AWS_ENDPOINT_URL: url, ...KEYS };
    },
    stop: async () => {
      await kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
