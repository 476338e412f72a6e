/**
 * `bun run chaos [RIG …] [--short] [--all] [--soak]`: harms a real server in every way that we know and prints what
 * happened. Exits with 1 if anything was lost. Ten minutes for all rigs; `--all` and `--soak` take as long as they
 * need.
 */
import { parseArgs } from "node:util";
import { BACKUPS_RIG } from "./backups.ts";
import { CANCELS } from "./cancels.ts";
import { CHILDREN } from "./children.ts";
import { CLOCK } from "./clock.ts";
import { CLUSTER } from "./cluster/index.ts";
import { DATABASES } from "./database.ts";
import { FAIL } from "./fail.ts";
import { FULL_DISK } from "./full-disk.ts";
import { KILL } from "./kill.ts";
import { LOAD } from "./load.ts";
import { OUTBOUND } from "./outbound.ts";
import { REQUESTS } from "./requests.ts";
import { type Rig, type RigOptions, Table } from "./rig.ts";
import { SCRIPTS_RIG } from "./scripts.ts";
import { SECRETS } from "./secrets.ts";
import { UPGRADE } from "./upgrade.ts";

/** Only on request, or in its short form: it takes longer than all others together. */
const ALONE = new Set([CLUSTER.name]);

/** The two that may use all time come last: what the others leave is theirs. */
const RIGS: Rig[] = [
  FULL_DISK,
  DATABASES,
  CHILDREN,
  CANCELS,
  CLOCK,
  LOAD,
  UPGRADE,
  BACKUPS_RIG,
  REQUESTS,
  SCRIPTS_RIG,
  SECRETS,
  OUTBOUND,
  CLUSTER,
  KILL,
  FAIL,
];

const TOTAL_MS = 10 * 60_000;
const AT_ONCE = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ short: { type: "boolean" }, all: { type: "boolean" }, soak: { type: "boolean" } },
    ...{ faults: { type: "string" }, viewers: { type: "string" } },
  },
});
const unknown = positionals.find((name) => !RIGS.some((rig) => rig.name === name));
if (unknown) {
  process.stderr.write(`There is no rig ${unknown}; there are ${RIGS.map(({ name }) => name).join(" ")}\n`);
  process.exit(2);
}
const isWanted = (name: string) =>
  positionals.length > 0 ? positionals.includes(name) : values.short || values.all || !ALONE.has(name);
const rigs = RIGS.filter(({ name }) => isWanted(name));
// A short form has few points, and tries every one.
const isUnbounded = values.all || values.soak || values.short || positionals.includes(CLUSTER.name);
const total = isUnbounded ? Number.POSITIVE_INFINITY : TOTAL_MS;
const until = performance.now() + total;
const defects: string[] = [];
const missing: string[] = [];
for (const [place, rig] of rigs.entries()) {
  const lacks = rig.needs.filter((program) => !Bun.which(program));
  if (lacks.length > 0) {
    missing.push(`${rig.name}: needs ${lacks.join(", ")} (Debian: apt install ${lacks.join(" ")})`);
    continue;
  }
  const waiting = rigs.slice(place).reduce((sum, { weight }) => sum + weight, 0);
  const share = ((until - performance.now()) * rig.weight) / waiting;
  defects.push(...(await runRig(rig, performance.now() + share)));
}
for (const line of missing) console.log(`\nnot run: ${line}`);
console.log(`\n${rigs.length - missing.length} rigs, ${missing.length} not run, ${defects.length} defects`);
process.exit(defects.length > 0 ? 1 : 0);

async function runRig(rig: Rig, end: number): Promise<string[]> {
  const began = performance.now();
  const table = new Table();
  const left = () => Math.max(0, end - performance.now());
  const options: RigOptions = {
    isShort: values.short ?? false,
    isAll: values.all ?? false,
    isSoak: values.soak ?? false,
    faults: values.faults === undefined ? null : Number(values.faults),
    viewers: values.viewers === undefined ? null : Number(values.viewers),
    left,
    each: (points, work) => eachWithin(points, work, left),
  };
  // The other rigs are worth their tables, too.
  await rig.run(options, table).catch((error: Error) => {
    table.row("the rig itself").add("LOST", String(error.stack));
  });
  table.print(rig, (performance.now() - began) / 1000);
  return table.defects;
}

async function eachWithin<T>(
  points: readonly T[],
  work: (point: T) => Promise<void>,
  left: () => number,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < points.length && left() > 0) await work(points[next++]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (next < points.length)
    console.log(
      `  (${points.length - next} of ${points.length} points left out: no time; with --all none is)`,
    );
}
