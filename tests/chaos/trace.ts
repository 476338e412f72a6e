/** Which writes does a journey make, and how does one of them go wrong? strace counts them, kills at one or fails it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newLedger, travel } from "./journey.ts";
import { type RigOptions, sampled } from "./rig.ts";
import { Victim } from "./victim.ts";

/** System calls by what they do. */
export const CALLS = {
  fsync: "fsync,fdatasync,ftruncate",
  rename: "rename,renameat,renameat2",
  unlink: "unlink,unlinkat",
  write: "write,pwrite64,writev,pwritev",
} as const;
export type Kind = keyof typeof CALLS;
/** Of the writes so many are tried where not all are. */
const WRITE_SAMPLE = 200;

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "signalbox-chaos-"));
}

/** strace as the server's grandchild, so that signals reach the server itself. */
export function straced(words: string[]): string[] {
  // -I 1: it ends when it is told to.
  return ["strace", "-f", "-D", "-qq", "-I", "1", ...words];
}

/** `when`-th call of the kind, counted in each thread: SIGKILL before it happens, or an error instead of it. */
export function injecting(
  kind: Kind,
  when: number,
  fault: "signal=KILL" | "error=ENOSPC" | "error=EIO",
): string[] {
  const set = CALLS[kind];
  return straced(["-o", "/dev/null", "-e", `trace=${set}`, "-e", `inject=${set}:${fault}:when=${when}`]);
}

/** Which calls of each kind to harm: all, or of the writes a sample; few where it is short. */
export async function pointsOf(options: RigOptions): Promise<{ kind: Kind; of: number; points: number[] }[]> {
  const counts = await countCalls();
  return (Object.keys(CALLS) as Kind[]).map((kind) => {
    const of = counts[kind];
    const most = options.isAll || kind !== "write" ? of : WRITE_SAMPLE;
    return { kind, of, points: sampled(of, options.isShort ? 2 : most) };
  });
}

/** The most calls of each kind that one thread makes in a journey, from an empty folder to a tidy end. */
async function countCalls(): Promise<Record<Kind, number>> {
  const folder = newFolder();
  const trace = `${folder}.trace`;
  const through = straced(["-o", trace, "-e", `trace=${Object.values(CALLS).join(",")}`]);
  const victim = await Victim.start({ folder, through });
  await travel(victim, newLedger(), 1);
  await victim.end();
  const lines = readFileSync(trace, "utf8").split("\n");
  rmSync(trace);
  rmSync(folder, { recursive: true });
  const most = (kind: Kind) => {
    const byThread = new Map<string, number>();
    for (const line of lines) {
      const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
      if (thread && call && CALLS[kind].split(",").includes(call))
        byThread.set(thread, (byThread.get(thread) ?? 0) + 1);
    }
    return Math.max(0, ...byThread.values());
  };
  return { fsync: most("fsync"), rename: most("rename"), unlink: most("unlink"), write: most("write") };
}
