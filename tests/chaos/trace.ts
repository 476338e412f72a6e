/** Records which disk calls a journey makes, phase by phase, and where each phase begins. */
import { cpSync, linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ledger, newLedger, PHASES } from "./journey.ts";
import { type RigOptions, sampled } from "./rig.ts";
import { Victim } from "./victim.ts";

/** Kinds of calls, as tracer.c numbers them; fsync includes fdatasync and ftruncate, write its whole family. */
export const KINDS = { fsync: 1, rename: 2, unlink: 4, write: 8 } as const;
export type Kind = keyof typeof KINDS;
/** How many of the writes are tried if not all are. */
const WRITE_SAMPLE = 200;
const SHORT_POINTS = 2;
/** Never written once it exists: a copy may share it. */
const BALLAST = "ballast";
const QUIET_MS = 150;

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "signalbox-chaos-"));
}

export interface Harm {
  kinds: Kind[];
  /** Which of these calls below the folder, counted over all threads and children from 1; 0: none, all are listed. */
  at: number;
  fault: "kill" | "ENOSPC" | "EIO";
}

/** The words before the server's own command; what was called, or harmed, is written to `logOf(folder)`. */
export function harming(folder: string, { kinds, at, fault }: Harm): string[] {
  const mask = kinds.reduce((sum, kind) => sum + KINDS[kind], 0);
  const error = { kill: 0, ENOSPC: 28, EIO: 5 }[fault];
  const words = [`${folder}/`, mask, at, error, logOf(folder)].map(String);
  return [process.execPath, join(import.meta.dir, "tracer.ts"), ...words];
}

function logOf(folder: string): string {
  return `${folder}.calls`;
}

/** Calls so far, as "kind is-a-child path". */
export function callsOf(folder: string): string[] {
  return readFileSync(logOf(folder), "utf8").split("\n").slice(0, -1);
}

export function removeFolder(folder: string): void {
  for (const path of [folder, logOf(folder)]) rmSync(path, { recursive: true, force: true });
}

/** A point in the journey where it can be started: what is on disk, and what of it was acknowledged. */
export interface Scene {
  phase: string;
  go: (victim: Victim, ledger: Ledger, seed: number) => Promise<void>;
  folder: string;
  ledger: Ledger;
  /** Of each kind, which calls of a server that begins here lie in the phase: more than `from`, up to `to`. */
  calls: Record<Kind, { from: number; to: number }>;
}

export interface Point {
  scene: Scene;
  kind: Kind;
  at: number;
}

/** A copy of the scene to harm; its ledger too. */
export function enter({ folder, ledger }: Scene): { folder: string; ledger: Ledger } {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith(`/${BALLAST}`) });
  // An empty folder has none yet.
  if (ledger.seq > 0) linkSync(join(folder, BALLAST), join(copy, BALLAST));
  return { folder: copy, ledger: structuredClone(ledger) };
}

let played: Promise<Scene[]> | null = null;

/** Start from nothing, each phase, and the end: played once, each from what the one before it left. */
export function playScenes(): Promise<Scene[]> {
  played ??= play();
  return played;
}

async function play(): Promise<Scene[]> {
  const idle = { name: "", go: async () => {} };
  const scenes: Scene[] = [];
  let before = { folder: newFolder(), ledger: newLedger() };
  for (const { name, go } of [{ ...idle, name: "start" }, ...PHASES, { ...idle, name: "end" }]) {
    const scene = { phase: name, go, ...before, calls: noCalls() };
    const { folder, ledger } = enter(scene);
    const victim = await Victim.start({
      folder,
      through: harming(folder, { kinds: ALL, at: 0, fault: "kill" }),
    });
    const served = await quiet(folder);
    await go(victim, ledger, scenes.length);
    const gone = await quiet(folder);
    ledger.seq = (await victim.json<{ seq: number }>("/api/status")).seq;
    await victim.end();
    const ended = countsOf(callsOf(folder));
    for (const kind of ALL) {
      const from = name === "start" ? 0 : name === "end" ? gone[kind] : served[kind];
      scene.calls[kind] = { from, to: name === "end" ? ended[kind] : gone[kind] };
    }
    scenes.push(scene);
    before = { folder, ledger };
  }
  process.on("exit", () => {
    for (const { folder } of [...scenes, before]) removeFolder(folder);
  });
  return scenes;
}

const ALL = Object.keys(KINDS) as Kind[];

function noCalls(): Scene["calls"] {
  const none = () => ({ from: 0, to: 0 });
  return { fsync: none(), rename: none(), unlink: none(), write: none() };
}

/** Until the call that is harmed has come, for as long as one may come late; at the end of a server none is waited for. */
export async function untilHarmed({ phase }: Scene, folder: string): Promise<void> {
  const until = performance.now() + (phase === "end" ? 0 : 2 * QUIET_MS);
  while (callsOf(folder).length === 0 && performance.now() < until) await Bun.sleep(10);
}

/** Counts once nothing is written any more. */
async function quiet(folder: string): Promise<Record<Kind, number>> {
  let calls = callsOf(folder);
  while (true) {
    await Bun.sleep(QUIET_MS);
    const now = callsOf(folder);
    if (now.length === calls.length) return countsOf(now);
    calls = now;
  }
}

function countsOf(calls: string[]): Record<Kind, number> {
  const count = (kind: Kind) => calls.filter((line) => line.startsWith(`${KINDS[kind]} `)).length;
  return { fsync: count("fsync"), rename: count("rename"), unlink: count("unlink"), write: count("write") };
}

/** By kind: every call of all scenes; of the writes a sample; few of everything in the short form. */
export function pointsOf(
  scenes: Scene[],
  options: RigOptions,
): { kind: Kind; of: number; points: Point[] }[] {
  return ALL.map((kind) => {
    const points = scenes.flatMap((scene) => {
      const { from, to } = scene.calls[kind];
      return Array.from({ length: to - from }, (_, k) => ({ scene, kind, at: from + k + 1 }));
    });
    const most = options.isShort
      ? SHORT_POINTS
      : options.isAll || kind !== "write"
        ? points.length
        : WRITE_SAMPLE;
    return { kind, of: points.length, points: sampled(points.length, most).map((n) => points[n - 1]!) };
  });
}
