/** A real server in a process of its own, that can be killed and started again on the same folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type OwnSchema, ownSchema } from "./postgres.ts";

const SERVER = resolve(import.meta.dir, "../../server.ts");

export class ServerProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "signalbox-process-"));
  private child: Bun.Subprocess<"ignore", "pipe", "inherit"> | null = null;
  private lines: string[] = [];
  private reading = Promise.resolve();
  /** With TEST_ENGINE=postgres. */
  private schema: OwnSchema | null = null;
  url = "";

  constructor(private readonly settings: Record<string, string> = {}) {}

  async start(): Promise<void> {
    const port = this.url ? new URL(this.url).port : "0";
    if (process.env.TEST_ENGINE === "postgres" && !("DATABASE_URL" in this.settings))
      this.schema ??= await ownSchema();
    const env = {
      ...process.env,
      DATA_DIR: this.folder,
      METRICS_SECONDS: "3600",
      LOG_LEVEL: "error",
      PORT: port,
    };
    const child = Bun.spawn([process.execPath, SERVER], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...env, ...(this.schema && { DATABASE_URL: this.schema.url }), ...this.settings },
    });
    this.child = child;
    const { promise: first, resolve } = Promise.withResolvers<void>();
    this.reading = this.read(child.stdout, resolve);
    await Promise.race([first, child.exited]);
    this.url = (JSON.parse(this.lines[0]!) as { url: string }).url;
  }

  private async read(stdout: ReadableStream<Uint8Array>, heard: () => void): Promise<void> {
    this.lines = [];
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stdout as unknown as AsyncIterable<Uint8Array>) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop()!;
      this.lines.push(...parts);
      if (this.lines.length) heard();
    }
  }

  get pid(): number {
    return this.child!.pid;
  }

  /** Its log since the last start, without the first line, which says where it serves. */
  logged(): Record<string, unknown>[] {
    return this.lines.slice(1).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Sends the signal and waits for the end; the exit code. */
  async end(signal: NodeJS.Signals): Promise<number> {
    this.child!.kill(signal);
    const code = await this.child!.exited;
    await this.reading;
    return code;
  }

  ask(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.url), init);
  }

  async json<T>(path: string): Promise<T> {
    return (await (await this.ask(path, { headers: { accept: "application/json" } })).json()) as T;
  }

  socket(query: string): WebSocket {
    return new WebSocket(`${this.url.replace("http", "ws")}ws?${query}`);
  }

  async remove(): Promise<void> {
    if (this.child && this.child.exitCode === null) await this.end("SIGKILL");
    await this.schema?.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The first event of that type after `since`, read from the log's own stream. */
export async function waitForEvent(
  server: ServerProcess,
  type: string,
  since: number,
): Promise<{ seq: number }> {
  const answer = await server.ask(`/api/events?follow=1&since=${since}&type=${type}`);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const line = text.split("\n").find((entry) => entry.startsWith("{") && entry.endsWith("}"));
    if (line) return JSON.parse(line) as { seq: number };
  }
  throw new Error(`the stream ended before ${type}`);
}
