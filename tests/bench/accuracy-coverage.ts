/**
 * Measures whether the interval that a run tells holds what it promises. Of each set most rows are kept from the run; the
 * tested model answers them afterwards, and its figure on them lies in the interval or does not. The served model answers
 * them too, so that it shows what the refit brings. Each split is kept in a file outside of the repository, so that a
 * measurement resumes and can be run in pieces.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { goodness, METRICS, type MetricName } from "../../core/trainer/metrics/index.ts";
import { type Model, predictTable } from "../../core/trainer/model/model.ts";
import { readModel } from "../../core/trainer/model/model-file.ts";
import { outcomeOf } from "../../core/trainer/race/entry.ts";
import { stratifiedFolds } from "../../core/trainer/race/folds.ts";
import { seededRandom, spreadRows } from "../../core/trainer/random.ts";
import type { Work } from "../../core/training/stages/index.ts";
import { selectRows } from "../../core/training/stages/work/rows/table.ts";
import { leaksOf, runOurs } from "./accuracy.ts";
import type { AccuracyCase } from "./accuracy-data.ts";

interface Split {
  set: string;
  seed: number;
  version: string;
  metric: MetricName;
  interval: [number, number];
  /** On the test part; on the rows that were kept from the run: by the tested model, by the served one. */
  told: number;
  tested: number;
  served: number;
}

/** With fewer rows, those that are kept from the run mean as little as the test set. */
const LEAST_ROWS = 900;
/** Of ten parts, this many are kept from the run. */
const KEPT = 6;
const MOST_RUN_ROWS = 3000;
const MOST_KEPT_ROWS = 20_000;
const ROUNDS = 60;
/** What a set, and all together, must reach. */
const LEAST_OF_SET = 0.8;
const WANTED = [0.9, 0.99] as const;

export async function benchCoverage(cases: AccuracyCase[], splits: number): Promise<void> {
  const version = versionOf();
  const file = keptFile();
  const known = readKept(file).filter((split) => split.version === version);
  process.stdout.write(`Intervals on rows kept from the run; splits are kept in ${file}\n`);
  process.stdout.write(
    `${"file".padEnd(24)} ${"metric".padEnd(9)} splits  inside  gain by refit, on rows that neither model saw\n`,
  );
  const all: Split[] = [];
  const shares: { set: string; share: number }[] = [];
  for (const given of cases.filter(({ profile }) => profile.rows >= LEAST_ROWS)) {
    const set = basename(given.path);
    const done = known.filter((split) => split.set === set && split.seed < splits);
    const leaks = await leaksOf(given);
    for (let seed = 0; seed < splits; seed++) {
      if (done.some((split) => split.seed === seed)) continue;
      const split = { set, seed, version, ...(await measureSplit(given, seed, leaks)) };
      appendFileSync(file, `${JSON.stringify(split)}\n`);
      done.push(split);
    }
    all.push(...done);
    shares.push({ set, share: shareInside(done) });
    tell(set, done);
  }
  if (all.length === 0) return;
  tell(`all ${shares.length} sets`, all);
  const least = shares.reduce((a, b) => (b.share < a.share ? b : a));
  process.stdout.write(
    `inside ${written(shareInside(all))} of ${all.length} splits (${WANTED.map(written).join(" to ")}), least ${least.set} ${written(least.share)} (at least ${written(LEAST_OF_SET)})\n`,
  );
}

function tell(name: string, splits: readonly Split[]): void {
  const gains = splits.map(
    ({ metric, served, tested }) => goodness(metric, served) - goodness(metric, tested),
  );
  const gain = gains.reduce((sum, value) => sum + value, 0) / gains.length;
  const variance = gains.reduce((sum, value) => sum + (value - gain) ** 2, 0) / Math.max(1, gains.length - 1);
  const error = Math.sqrt(variance / gains.length);
  const metrics = [...new Set(splits.map(({ metric }) => metric))].join(" ");
  const metric = metrics.includes(" ") ? "" : metrics;
  process.stdout.write(
    `${name.padEnd(24)} ${metric.padEnd(9)} ${String(splits.length).padStart(6)} ${written(shareInside(splits)).padStart(7)}  ${gain.toFixed(4).padStart(8)} ± ${error.toFixed(4)}\n`,
  );
}

const written = (share: number) => `${(100 * share).toFixed(1)} %`;

function shareInside(splits: readonly Split[]): number {
  const inside = splits.filter(({ interval: [low, high], tested }) => low <= tested && tested <= high);
  return inside.length / splits.length;
}

async function measureSplit(
  given: AccuracyCase,
  seed: number,
  leaks: string[],
): Promise<Omit<Split, "set" | "seed" | "version">> {
  let kept: Int32Array = new Int32Array(0);
  const options = { seed, budgetRounds: ROUNDS, exclude: leaks };
  const { work, files } = await runOurs(given, options, {
    onStage: (position, work) => {
      if (position === 1) kept = keepRows(work, seed);
    },
  });
  const { metric } = work.loaded!;
  const measure = (model: Model) => figureOn(work, model, { rows: kept, metric });
  return {
    metric,
    interval: work.evaluated!.intervals[metric]!,
    told: work.evaluated!.metrics[metric]!,
    tested: await measure(work.model!),
    served: await measure(readModel(files.get("model.bin")!)),
  };
}

/** Takes rows from the run, before it learned from any; copies go together. */
function keepRows(work: Work, seed: number): Int32Array {
  const { table, groups } = work.parts!;
  const { target } = work.loaded!;
  const random = seededRandom(1000 + seed);
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
  const dealt = stratifiedFolds(rows, target, { folds: 10, random, groups }).map(({ valid }) => valid);
  const joined = (parts: Int32Array[]) => Int32Array.from(parts.flatMap((part) => [...part]));
  const run = some(joined(dealt.slice(KEPT)), MOST_RUN_ROWS).sort();
  const [sides] = stratifiedFolds(run, target, { folds: 5, random, groups, first: 1 });
  Object.assign(work.parts!, { train: sides!.train, test: sides!.valid, tested: sides!.valid });
  return some(joined(dealt.slice(0, KEPT)), MOST_KEPT_ROWS);
}

/** A file may be sorted: its first rows would be of another kind than the rest. */
function some(rows: Int32Array, most: number): Int32Array {
  return Int32Array.from(spreadRows(rows.length, most), (place) => rows[place]!);
}

async function figureOn(
  work: Work,
  model: Model,
  { rows, metric }: { rows: Int32Array; metric: MetricName },
): Promise<number> {
  const predicted = await predictTable(model, selectRows(work.parts!.table, rows), () => {});
  const response = predicted.probabilities ?? predicted.values;
  return METRICS[metric].measure({
    ...outcomeOf(work.loaded!.target, rows, response),
    values: predicted.values,
  });
}

function keptFile(): string {
  const folder = process.env.BENCH_KEPT ?? join(tmpdir(), "signalbox-bench");
  mkdirSync(folder, { recursive: true });
  return join(folder, "coverage.ndjson");
}

function readKept(file: string): Split[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Split);
}

/** What is measured: the committed state of the trainer and the stages. */
export function versionOf(): string {
  const named = ["HEAD:core/trainer", "HEAD:core/training/stages"];
  const { stdout } = Bun.spawnSync(["git", "rev-parse", ...named], { cwd: import.meta.dir });
  return stdout
    .toString()
    .trim()
    .split("\n")
    .map((hash) => hash.slice(0, 10))
    .join("-");
}
