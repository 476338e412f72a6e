/**
 * A real server that is made to fail: started through another program (strace, faketime, unshare), on a folder that
 * outlives it. What it wrote to stderr is kept, for a failure must say why.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export const SERVER = resolve(import.meta.dir, "../../server.ts");
const START_MS = 30_000;

export interface VictimOptions {
  folder: string;
  /** The program and its words before our own command. */
  through?: string[];
  settings?: Record<string, string>;
}

export class Victim {
  url = "";
  private constructor(
    readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    private readonly told: { text: string },
  ) {}

  /** Serves, or has ended already: `url` is empty then. */
  static async start({ folder, through = [], settings = {} }: VictimOptions): Promise<Victim> {
    const child = Bun.spawn([...through, process.execPath, SERVER], {
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

  /** What it said, its log and its last words. */
  get words(): string {
    return this.told.text;
  }

  ask(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.url), init);
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

  /** The program around it lets go: from now on nothing is harmed. */
  letGo(): void {
    const tracer = /TracerPid:\t(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))?.[1];
    if (tracer && tracer !== "0") process.kill(Number(tracer), "SIGTERM");
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
