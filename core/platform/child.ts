/**
 * Runs untrusted or heavy work in a child process, with a memory limit and checked messages. A child that dies takes
 * nothing with it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import * as z from "zod";
import { diskFailure } from "./disk.ts";
import { AppError, type ErrorRecord, errorRecord } from "./errors.ts";
import { lazily } from "./zod-setup.ts";

/** What a child runs: its subcommand in the one-file build, otherwise the module beside the caller's. */
export interface ChildEntry {
  name: string;
  module: URL;
}

/** What a child may send; anything else ends it. */
const MESSAGE = lazily(() =>
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("ready") }),
    z.object({ kind: z.literal("report"), report: z.unknown() }),
    z.object({ kind: z.literal("done"), result: z.unknown() }),
    z.object({
      kind: z.literal("failed"),
      error: z.object({
        code: z.string(),
        message: z.string(),
        row: z.number().optional(),
        column: z.string().optional(),
        near: z.string().optional(),
        fix: z.string().optional(),
        example: z.string().optional(),
      }),
    }),
  ]),
);

export interface ChildOptions {
  input: unknown;
  memoryBytes: number;
  /** An error that it throws, or rejects with, ends the child. */
  onReport: (report: unknown) => void | Promise<void>;
  /** Joins two reports that wait while an earlier one is handled; absent: each is handled by itself. */
  merge?: (earlier: unknown, later: unknown) => unknown;
}

export interface Child {
  pid: number;
  send: (message: { kind: "stop" }) => void;
  /** Ends the child at once; `result` then rejects. */
  kill: () => void;
  /** The child's result. Rejects with AppError if the input is to blame or memory ran out. */
  result: Promise<unknown>;
}

const running = new Set<number>();

/** The children that run now: their use counts as our own work. */
export function childPids(): ReadonlySet<number> {
  return running;
}

const CHILD_NICENESS = 10;
/** Of its stderr the last characters are kept, up to this many. */
const LAST_WORDS = 2000;
/**
 * A child sends about twenty messages a second; one that floods is broken. This many at once, and this many per second
 * in addition.
 */
const MOST_AT_ONCE = 2000;
const MOST_A_SECOND = 200;
/** How long it may take to end after its result. */
const LINGER_MS = 2000;

/** Starts a child; the one-file build starts itself, with the child's name as subcommand. */
export function startChild(entry: ChildEntry, options: ChildOptions): Child {
  return spawnChild(entry.name, childCommand(entry), options);
}

/** `command` speaks the protocol of `serveParent`. */
export function spawnChild(name: string, command: string[], options: ChildOptions): Child {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const flood = new Flood();
  const process = Bun.spawn(command, {
    stdio: ["ignore", "ignore", "pipe"],
    serialization: "json",
    env: childEnvironment(),
    ipc: (raw) => {
      const message = MESSAGE().safeParse(raw);
      if (!message.success) return end(new ChildDied(`The ${name} process sent an invalid message`));
      if (flood.isTooMuch())
        return end(new ChildDied(`The ${name} process sent too many messages and was ended`));
      if (message.data.kind === "ready") send({ kind: "start", input: options.input });
      else if (message.data.kind === "report") take((message.data as { report: unknown }).report);
      else if (message.data.kind === "done") {
        const { result } = message.data;
        void reported.then(() => resolve(result));
        setTimeout(() => process.kill("SIGKILL"), LINGER_MS).unref();
      } else end(revive(message.data.error as ErrorRecord));
    },
  });
  running.add(process.pid);
  const send = (message: unknown) => {
    if (process.exitCode === null && process.signalCode === null) process.send(message);
  };
  const end = (error: Error) => {
    reject(error);
    process.kill("SIGKILL");
  };
  let reported: Promise<void> = Promise.resolve();
  let waiting: { report: unknown } | null = null;
  /** Handled in order: the result comes after all of them. */
  const take = (report: unknown) => {
    if (waiting && options.merge) {
      waiting.report = options.merge(waiting.report, report);
      return;
    }
    const own = { report };
    waiting = own;
    reported = reported
      .then(() => {
        if (waiting === own) waiting = null;
        return options.onReport(own.report);
      })
      .catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))));
  };
  const unwatch = watchChild({
    pid: process.pid,
    memoryBytes: options.memoryBytes,
    heardAt: () => flood.heardAt,
    failed: (how) =>
      end(
        how === "memory"
          ? outOfMemory(options.memoryBytes)
          : new ChildDied(`The ${name} process was unresponsive and was ended`),
      ),
  });
  const words = lastWords(process.stderr);
  process.exited.then((exitCode) => {
    running.delete(process.pid);
    unwatch();
    const how = process.signalCode ? killedBy(process.signalCode) : `ended with code ${exitCode}`;
    // The child may end before its reports are written: its result, if any, comes after them.
    void reported.then(() => reject(new ChildDied(`The ${name} process ${how}`, { cause: words().trim() })));
  });
  return { pid: process.pid, send, kill: () => process.kill("SIGKILL"), result: promise };
}

function killedBy(signal: string | number): string {
  const cause = signal === "SIGKILL" ? ": the machine probably ran out of memory" : "";
  return `was killed by ${signal}${cause}`;
}

/** Counts a child's messages by its sending rate, not by how fast we read. */
class Flood {
  heardAt = performance.now();
  private readonly since = performance.now();
  private count = 0;

  isTooMuch(): boolean {
    this.heardAt = performance.now();
    this.count += 1;
    return this.count > MOST_AT_ONCE + (MOST_A_SECOND * (this.heardAt - this.since)) / 1000;
  }
}

/** Reads everything, keeps the end. */
function lastWords(stream: ReadableStream<Uint8Array>): () => string {
  let words = "";
  const decoder = new TextDecoder();
  const gather = async () => {
    for await (const bytes of stream)
      words = (words + decoder.decode(bytes, { stream: true })).slice(-LAST_WORDS);
  };
  gather().catch(() => {
    // The pipe broke with the child: what was received is kept.
  });
  return () => words;
}

/** The child ended without a result: a defect, a kill from outside, or the machine out of memory. */
export class ChildDied extends Error {}

/** Whether this is the one-file build, in which a module has no path of its own. */
export const IS_ONE_FILE = import.meta.url.includes("$bunfs") || import.meta.url.includes("~BUN");

export function childCommand({ name, module }: ChildEntry): string[] {
  return IS_ONE_FILE ? [process.execPath, name] : [process.execPath, module.pathname];
}

/** A child that reads strangers' data needs no secret of ours. */
export function childEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "", TMPDIR = "", TZ = "" } = process.env;
  return { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...(TZ && { TZ }) };
}

function revive(record: ErrorRecord): Error {
  const { code, message, ...place } = record;
  return code === "internal" ? new Error(message) : new AppError(code, message, place);
}

function outOfMemory(bytes: number): AppError {
  return new AppError(
    "invalid",
    `The work needed more than ${Math.round(bytes / 1e6)} MB of memory and was ended`,
    {
      fix: "Exclude columns, train on fewer rows, or raise TRAIN_MEMORY_MB.",
    },
  );
}

/** The child's side: waits for its input, does the work, sends the result, exits. Never returns. */
export async function serveParent(
  work: (input: unknown, port: { report: (report: unknown) => void; stop: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  stepBack();
  const stop = new AbortController();
  const { promise: input, resolve } = Promise.withResolvers<unknown>();
  process.on("message", (message: { kind: string; input?: unknown }) => {
    if (message.kind === "start") resolve(message.input);
    else if (message.kind === "stop") stop.abort();
  });
  process.on("disconnect", () => process.exit(1));
  say({ kind: "ready" });
  const answer = await work(await input, {
    report: (report) => say({ kind: "report", report }),
    stop: stop.signal,
  }).then(
    (result) => ({ kind: "done", result }),
    (error: unknown) => ({ kind: "failed", error: failureRecord(error) }),
  );
  process.send!(answer, undefined, undefined, () => process.exit(0));
}

function say(message: unknown): void {
  process.send!(message);
}

function failureRecord(error: unknown): ErrorRecord {
  const record = errorRecord(diskFailure(error) ?? memoryFailure(error) ?? error);
  const stack = error instanceof Error ? error.stack : undefined;
  return record.code === "internal" ? { ...record, message: stack ?? record.message } : record;
}

/** The machine, or the container's limit, had no more memory; null if something else failed. */
function memoryFailure(error: unknown): AppError | null {
  if (!/out of memory|not enough memory|ENOMEM|cannot allocate|spawn worker thread/i.test(String(error)))
    return null;
  return new AppError("invalid", "The work needed more memory than this machine has", {
    fix: "Exclude columns, train on fewer rows, or free memory.",
  });
}

/** The server has priority: when memory runs out the kernel ends this child, and its work yields to responses. */
function stepBack(): void {
  try {
    setPriority(CHILD_NICENESS);
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Only Linux has it; elsewhere the parent's own cap has to do.
  }
}

const POLL_MS = 250;
/** Without work or a message for this long, it hangs. */
const SILENT_MS = 3500;

export interface WatchedChild {
  pid: number;
  memoryBytes: number;
  /** When its last message arrived, as `performance.now()`. */
  heardAt: () => number;
  /** Called once; watching ends then. */
  failed: (how: "memory" | "silence") => void;
}

/** Watches until the returned function is called. */
function watchChild({ pid, memoryBytes, heardAt, failed }: WatchedChild): () => void {
  let processorTicks = -1;
  let activeAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const found = processorOf(pid);
    // Waiting for the disk, or for a processor on a busy machine, is not hanging.
    const isActive = !found || found.ticks !== processorTicks || "DR".includes(found.state);
    processorTicks = found?.ticks ?? -1;
    if (isActive) activeAt = now;
    if (residentBytes(pid) > memoryBytes) end("memory");
    else if (now - Math.max(activeAt, heardAt()) > SILENT_MS) end("silence");
  }, POLL_MS);
  const end = (how: "memory" | "silence") => {
    clearInterval(timer);
    failed(how);
  };
  return () => clearInterval(timer);
}

/** Fields 3, 14 and 15 of /proc/PID/stat (proc(5)): state, ticks in user and in system mode of all its threads. */
function processorOf(pid: number): { state: string; ticks: number } | null {
  const text = readProc(pid, "stat");
  const [state = "", ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return text === "" ? null : { state, ticks: Number(fields[10]) + Number(fields[11]) };
}

function residentBytes(pid: number): number {
  return Number(readProc(pid, "statm").split(" ")[1] ?? 0) * 4096;
}

/** "" if the child has just ended, or the system has no /proc: then only the kernel's own limits apply. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
