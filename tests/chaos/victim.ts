/**
 * A real server that is made to fail: started through another program (strace, faketime, unshare), on a folder that
 * outlives it. What it wrote to stderr is kept, for a failure must say why.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const PROJECT = resolve(import.meta.dir, "../..");
const START_MS = 30_000;
/** Names the program to processes that a rig starts in between. */
const BUILT = "SIGNALBOX_CHAOS_PROGRAM";

/** The server as it is delivered, one file: it starts in a quarter of the time. Built at first use. */
export function program(): string {
  const known = process.env[BUILT];
  if (known) return known;
  const folder = mkdtempSync(join(tmpdir(), "signalbox-built-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const built = join(folder, "signalbox");
  const command = [process.execPath, "run", "build", "--outfile", built];
  const { success, stderr } = Bun.spawnSync(command, { cwd: PROJECT, stdio: ["ignore", "ignore", "pipe"] });
  if (!success) throw new Error(`the server could not be built: ${stderr}`);
  process.env[BUILT] = built;
  return built;
}

export interface VictimOptions {
  folder: string;
  /** The program and its words before our own command. */
  through?: string[];
  /** Instead of the one-file program: the words that start the server. */
  command?: string[];
  settings?: Record<string, string>;
}

export class Victim {
  url = "";
  /** Sent with every request. */
  readonly headers: Record<string, string> = {};
  private constructor(
    readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    private readonly told: { text: string },
  ) {}

  /** Serves, or has ended already: `url` is empty then. */
  static async start({
    folder,
    through = [],
    command = [program()],
    settings = {},
  }: VictimOptions): Promise<Victim> {
    const child = Bun.spawn([...through, ...command], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        DATA_DIR: folder,
        METRICS_SECONDS: "3600",
        LOG_LEVEL: "warn",
        PORT: "0",
        ...settings,
      },
    });
    const told = { text: "" };
    const victim = new Victim(child, told);
    void gather(child.stderr, (text) => {
      told.text += text;
      return true;
    });
    const { promise, resolve: heard } = Promise.withResolvers<void>();
    void gather(child.stdout, (text) => {
      const url = /"url":"([^"]+)"/.exec(text)?.[1];
      if (!victim.url && url) {
        victim.url = url;
        heard();
      } else told.text += text;
      return true;
    });
    const slow = AbortSignal.timeout(START_MS);
    slow.addEventListener("abort", () => heard());
    await Promise.race([promise, child.exited]);
    return victim;
  }

  get isServing(): boolean {
    return this.url !== "" && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Its output, its log and its last lines. */
  get words(): string {
    return this.told.text;
  }

  ask(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    return fetch(new URL(path, this.url), { ...init, headers: { ...this.headers, ...init?.headers } });
  }

  async json<T>(path: string): Promise<T> {
    return (await (await this.ask(path, { headers: { accept: "application/json" } })).json()) as T;
  }

  send(method: string, path: string, body: unknown): Promise<Response> {
    return this.ask(path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** The exit code; 128 and more: a signal. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    this.child.kill(signal);
    return this.child.exited;
  }
}

async function gather(stream: ReadableStream<Uint8Array>, take: (text: string) => boolean): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
}
