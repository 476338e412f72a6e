/**
 * Measures the bounds of our answers, beside MAPIE's on the same splits: how many test rows an interval or a set holds,
 * and how wide it is. Files and splits are those of `bench accuracy`.
 *
 *   bun run bench intervals [level, 0.9] [seconds a run, 8] [splits, 2] [only files whose name holds this]
 */
import { basename } from "node:path";
import { boundRows } from "../../core/trainer/model/bounds.ts";
import { predict } from "../../core/trainer/model/model.ts";
import type { Work } from "../../core/training/stages/index.ts";
import { selectRows } from "../../core/training/stages/work/rows/table.ts";
import { leaksOf, makeFiles, type Peer, requestOf, runOurs, startPeer } from "./accuracy.ts";
import { type AccuracyCase, readCases } from "./accuracy-data.ts";

interface Measured {
  coverage: number;
  /** Of intervals; for classes the mean size of the sets. */
  width: number;
}

/** All stages but the last: what is served later learns from the test rows too. */
const TESTED_STAGES = 7;

export async function run(args: string[]): Promise<void> {
  const [level = "0.9", seconds = "8", splits = "2", only = ""] = args;
  const cases = await readCases(process.env.BENCH_DATA ?? "../shared/datasets", makeFiles(), only);
  const peer = startPeer("intervals_peer.py", "sklearn, pandas, mapie");
  if (!peer) say("python3 with mapie is missing (pip install mapie): ours alone.");
  say(
    `${"file".padEnd(24)} ${"task".padEnd(10)} rows   cover  in 99 %   width    peer: cover   width   ratio`,
  );
  const covers: number[] = [];
  const ratios: number[] = [];
  let outside = 0;
  for (const given of cases) {
    const told = await benchCase(given, {
      level: Number(level),
      seconds: Number(seconds),
      splits: Number(splits),
      peer,
    });
    covers.push(told.ours.coverage);
    if (Number.isFinite(told.ratio)) ratios.push(told.ratio);
    outside += Number(!told.isWithin);
  }
  peer?.end();
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  say(
    `mean coverage ${(100 * mean(covers)).toFixed(1)} % of ${100 * Number(level)} % asked; outside its 99 % range: ${outside} of ${covers.length}; ` +
      `width beside the narrower peer ${ratios.length ? Math.exp(mean(ratios.map(Math.log))).toFixed(2) : "-"} (at most 1)`,
  );
}

async function benchCase(
  given: AccuracyCase,
  options: { level: number; seconds: number; splits: number; peer: Peer | null },
): Promise<{ ours: Measured; isWithin: boolean; ratio: number }> {
  const { level, seconds, splits, peer } = options;
  const leaks = await leaksOf(given);
  const all: { ours: Measured; theirs: Measured | null; rows: number; covered: number }[] = [];
  for (let seed = 0; seed < splits; seed++) {
    const { work } = await runOurs(
      given,
      { seed, budgetSeconds: seconds, exclude: leaks, refit: false },
      { stages: TESTED_STAGES },
    );
    const ours = measureOurs(work, level);
    const answer = await peer?.ask({ ...requestOf(given, work, leaks), level });
    const rows = work.parts!.test.length;
    all.push({ ours, theirs: narrower(answer, level), rows, covered: ours.coverage * rows });
  }
  const mean = (of: (entry: (typeof all)[number]) => number) =>
    all.reduce((sum, entry) => sum + of(entry), 0) / all.length;
  const rows = all.reduce((sum, entry) => sum + entry.rows, 0);
  const ours = {
    coverage: all.reduce((sum, { covered }) => sum + covered, 0) / rows,
    width: mean((e) => e.ours.width),
  };
  const [low, high] = binomialRange(rows / splits, level);
  const isWithin = all.every(({ ours: { coverage } }) => coverage >= low && coverage <= high);
  const theirs = {
    coverage: mean((e) => e.theirs?.coverage ?? Number.NaN),
    width: mean((e) => e.theirs?.width ?? Number.NaN),
  };
  const ratio = ours.width / theirs.width;
  const share = (value: number) => (100 * value).toFixed(1).padStart(6);
  say(
    `${basename(given.path).padEnd(24)} ${given.task.padEnd(10)} ${String(rows).padStart(5)} ${share(ours.coverage)}  ${isWithin ? "  yes  " : "  NO   "} ${ours.width.toPrecision(4).padStart(8)}  ${share(theirs.coverage)} ${theirs.width.toPrecision(4).padStart(9)} ${ratio.toFixed(2).padStart(6)}`,
  );
  return { ours, isWithin, ratio };
}

function measureOurs(work: Work, level: number): Measured {
  const { table, test } = work.parts!;
  const model = work.model!;
  const tested = selectRows(table, test);
  const { values: answers, probabilities } = predict(model, tested);
  const bounds = boundRows(model.bounds!, { table: tested, answers, probabilities, level });
  const truth = Array.from(test, (row) => work.loaded!.target.values[row]);
  if (bounds.kind === "classes") {
    const right = bounds.sets.filter((set, row) => set.includes(truth[row])).length;
    return {
      coverage: right / truth.length,
      width: bounds.sets.reduce((sum, { length }) => sum + length, 0) / truth.length,
    };
  }
  const { low, high } = bounds;
  const right = truth.filter((value, row) => value >= low[row] && value <= high[row]).length;
  const width = low.reduce((sum, value, row) => sum + high[row] - value, 0) / truth.length;
  return { coverage: right / truth.length, width };
}

/** Of the peer's predictions with enough coverage, the narrowest; if there is none, the one with the most coverage. */
function narrower(
  answer: Record<string, Record<string, number>> | undefined,
  level: number,
): Measured | null {
  const all = Object.values(answer ?? {}).filter(({ width }) =>
    Number.isFinite(width),
  ) as unknown as Measured[];
  const enough = all.filter(({ coverage }) => coverage >= level - 0.02);
  if (enough.length) return enough.reduce((a, b) => (b.width < a.width ? b : a));
  return all.length ? all.reduce((a, b) => (b.coverage > a.coverage ? b : a)) : null;
}

/**
 * The range of shares for 99 of 100 samples of this many rows, by the normal approximation with continuity correction.
 */
function binomialRange(rows: number, level: number): [number, number] {
  const reach = 2.576 * Math.sqrt((level * (1 - level)) / rows) + 0.5 / rows;
  return [level - reach, level + reach];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
