/**
 * Measures how accurate our models are on unseen rows, beside other libraries. For every CSV in the folder
 * BENCH_DATA (and some that are made here) the whole pipeline runs on five splits; scikit-learn's linear model and
 * HistGradientBoosting learn from and are judged by precisely the same rows. Then, for the sets of the AutoML
 * benchmark that are among them, by its protocol: ten folds, of which some are run, a minute on two cores each. Says
 * how far we get from LightGBM's figure to AutoGluon's. Last, how often the interval that a run tells holds the figure
 * of the same model on rows that were kept from the run.
 *
 *   bun run bench accuracy [seconds a run, 15] [splits, 5] [only files whose name holds this] [folds of the minute, 2]
 *   [splits a set for the intervals, 40]
 */
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { RunOptions } from "../../core/trainer/contract.ts";
import { stratifiedFolds } from "../../core/trainer/race/folds.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import { threadsUpTo } from "../../core/training/folds/fold-pool.ts";
import { createWork, STAGES, type Work } from "../../core/training/stages/index.ts";
import type { StageReport } from "../../core/training/stages/stage.ts";
import { type AccuracyCase, type Anchor, readCases, shareOfWay } from "./accuracy-data.ts";

export interface Peer {
  ask(request: Record<string, unknown>): Promise<Record<string, Record<string, number>>>;
  end(): void;
}

/** One split of one file: our score, and the peer's if there is one. */
interface Scores {
  ours: number;
  linear: number;
  hgb: number;
  seconds: number;
}

const KEYS = { binary: "roc_auc", multiclass: "f1_macro", regression: "r2" } as const;
const CORES = 2;

export async function run(args: string[]): Promise<void> {
  const [seconds = "15", splits = "5", only = "", folds = "2", coverage = "40"] = args;
  const folder = process.env.BENCH_DATA ?? "../shared/datasets";
  const cases = await readCases(folder, makeFiles(), only);
  if (Number(splits) > 0) await benchBesidePeer(cases, { seconds: Number(seconds), splits: Number(splits) });
  await benchAnchors(cases, Number(folds));
  const { benchCoverage } = await import("./accuracy-coverage.ts");
  if (Number(coverage) > 0) await benchCoverage(cases, Number(coverage));
}

async function benchBesidePeer(
  cases: AccuracyCase[],
  options: { seconds: number; splits: number },
): Promise<void> {
  const peer = startPeer();
  if (!peer)
    say("python3 with scikit-learn and pandas is missing (pip install scikit-learn pandas): ours alone.");
  say(`${"file".padEnd(24)} ${"metric".padEnd(9)}   ours  linear     hgb    gain  s a run`);
  const gains: number[] = [];
  for (const given of cases) {
    const gain = await benchFile(given, { ...options, peer });
    if (gain !== null) gains.push(gain);
  }
  peer?.end();
  if (gains.length === 0) return;
  const mean = gains.reduce((a, b) => a + b) / gains.length;
  say(
    `mean gain over the better of the two ${mean.toFixed(4)}, least ${Math.min(...gains).toFixed(4)} (at least -0.005)`,
  );
}

const MINUTE = 60;

/** Ten folds, of which this many are run. */
async function benchAnchors(cases: AccuracyCase[], folds: number): Promise<void> {
  const known = cases.filter(({ anchor }) => anchor !== null);
  if (known.length === 0 || folds < 1) return;
  const peer = startPeer();
  const shares: number[] = [];
  const paired: number[] = [];
  say(
    `${"benchmark set".padEnd(14)} ${"metric".padEnd(9)}    ours, LightGBM here | LightGBM, AutoGluon there: share, paired`,
  );
  for (const given of known) {
    const anchor = given.anchor!;
    let [ours, beside] = [0, 0];
    for (let fold = 0; fold < folds; fold++) {
      const scores = await benchFold(given, { anchor, fold, peer });
      ours += scores.ours / folds;
      beside += scores.lightgbm / folds;
    }
    shares.push(shareOfWay(ours, anchor));
    // Some folds are harder than others for every tool: this is our lead on the same rows.
    paired.push((ours - beside) / (anchor.autogluon - anchor.lightgbm));
    const shown = [ours, beside, anchor.lightgbm, anchor.autogluon].map((v) => v.toPrecision(4).padStart(8));
    const told = [shares, paired].map((of) => of.at(-1)!.toFixed(2).padStart(6));
    say(`${anchor.name.padEnd(14)} ${anchor.metric.padEnd(9)} ${shown.join(" ")}   ${told.join(" ")}`);
  }
  peer?.end();
  const told = `over ${shares.length} sets, ${folds} of ten folds (at least 0.67)`;
  say(`median share ${median(shares).toFixed(2)}, paired ${median(paired).toFixed(2)} ${told}`);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function benchFold(
  given: AccuracyCase,
  { anchor, fold, peer }: { anchor: Anchor; fold: number; peer: Peer | null },
): Promise<{ ours: number; lightgbm: number }> {
  const { metric, task } = anchor;
  const options = { budgetSeconds: MINUTE, task, metric: task === "regression" ? "r2" : metric };
  const { work } = await runOurs(given, options, {
    onStage: (position, { parts, loaded }) => {
      if (position !== 1 || !parts || !loaded) return;
      const rows = Int32Array.from({ length: parts.table.rows }, (_, row) => row);
      const dealt = stratifiedFolds(rows, loaded.target, {
        folds: 10,
        random: seededRandom(7),
        groups: null,
      });
      Object.assign(parts, { train: dealt[fold].train, test: dealt[fold].valid, groups: null });
    },
  });
  const answer = await peer?.ask({ ...requestOf(given, work, []), models: ["lightgbm"] });
  return { ours: work.evaluated!.metrics[metric], lightgbm: answer?.lightgbm?.[metric] ?? Number.NaN };
}

async function benchFile(
  given: AccuracyCase,
  options: { seconds: number; splits: number; peer: Peer | null },
): Promise<number | null> {
  const scores: Scores[] = [];
  for (let seed = 0; seed < options.splits; seed++)
    scores.push(await benchSplit(given, { ...options, seed }));
  const mean = (key: keyof Scores) => scores.reduce((sum, score) => sum + score[key], 0) / scores.length;
  const gain = mean("ours") - Math.max(mean("linear"), mean("hgb"));
  const shown = [mean("ours"), mean("linear"), mean("hgb"), gain].map((value) =>
    value.toFixed(4).padStart(7),
  );
  const key = KEYS[given.task];
  say(
    `${basename(given.path).padEnd(24)} ${key.padEnd(9)} ${shown.join(" ")} ${mean("seconds").toFixed(1).padStart(8)}`,
  );
  return Number.isFinite(gain) ? gain : null;
}

async function benchSplit(
  given: AccuracyCase,
  options: { seconds: number; seed: number; peer: Peer | null },
): Promise<Scores> {
  const { seed, peer } = options;
  const leaks = await leaksOf(given);
  const beganAt = performance.now();
  const { work } = await runOurs(given, { seed, budgetSeconds: options.seconds, exclude: leaks });
  const key = KEYS[given.task];
  const seconds = (performance.now() - beganAt) / 1000;
  const ours = work.evaluated!.metrics[key];
  const answer = await peer?.ask(requestOf(given, work, leaks));
  return { ours, linear: answer?.linear[key] ?? Number.NaN, hgb: answer?.hgb[key] ?? Number.NaN, seconds };
}

/** The same rows and columns for the peer. */
export function requestOf({ path, profile, target, task }: AccuracyCase, work: Work, leaks: string[]) {
  const { train, test } = work.parts!;
  const words = profile.columns
    .filter(({ type, name }) => ["id", "text", "date"].includes(type) && name !== target)
    .map(({ name }) => name);
  return { path, target, task, drop: [...leaks, ...words], train: [...train], test: [...test] };
}

/** Columns that the first stage says must be excluded: sums that are the target. */
export async function leaksOf(given: AccuracyCase): Promise<string[]> {
  const { findings } = await runOurs(given, { budgetSeconds: 60 }, { stages: 1 });
  return findings.flatMap((finding) => (finding.code === "target_sum" ? (finding.fix?.exclude ?? []) : []));
}

export async function runOurs(
  { path, profile, target, task }: AccuracyCase,
  given: Partial<RunOptions>,
  {
    stages = STAGES.length,
    onStage,
  }: { stages?: number; onStage?: (position: number, work: Work) => void } = {},
) {
  const work = createWork(threadsUpTo(CORES));
  const files = new Map<string, Uint8Array>();
  const findings: Extract<StageReport, { type: "finding" }>["finding"][] = [];
  const beganAt = performance.now();
  const { signal } = new AbortController();
  for (const [position, stage] of STAGES.slice(0, stages).entries()) {
    await stage.run({
      options: { ...OPTIONS, target, task, ...given },
      dataset: {
        path,
        name: path,
        plan: profile.plan,
        rows: profile.rows,
        sizeBytes: statSync(path).size,
        columns: profile.columns,
      },
      work,
      report: (report) => {
        if (report.type === "finding") findings.push(report.finding);
      },
      cancel: signal,
      stop: signal,
      elapsedMs: () => performance.now() - beganAt,
      artifacts: memory(files),
    });
    onStage?.(position, work);
  }
  return { work, findings, files };
}

const OPTIONS: RunOptions = {
  target: "",
  task: null,
  features: null,
  exclude: [],
  budgetSeconds: 60,
  budgetRounds: null,
  split: "random",
  splitColumn: null,
  seed: 0,
  metric: null,
  positiveClass: null,
  costs: null,
};

function memory(files: Map<string, Uint8Array>) {
  return {
    save: async (name: string, bytes: Uint8Array) => {
      files.set(name, bytes);
    },
    load: async (name: string) => files.get(name) ?? null,
  };
}

export function startPeer(script = "accuracy_peer.py", needs = "sklearn, pandas"): Peer | null {
  const probe = Bun.spawnSync(["python3", "-c", `import ${needs}`], { stderr: "ignore" });
  if (probe.exitCode !== 0) return null;
  const child = Bun.spawn(["python3", join(import.meta.dir, script)], {
    stdin: "pipe",
    stdout: "pipe",
    // Its threads wait for each other by spinning: on a busy machine one is quicker.
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  });
  const lines = readLines(child.stdout);
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      child.stdin.flush();
      const { value, done } = await lines.next();
      if (done) throw new Error("The peer ended; its error stands above.");
      return JSON.parse(value) as Record<string, Record<string, number>>;
    },
    end: () => child.kill(),
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

/** Files of kinds that a folder of public data may lack: an interaction, many classes, noise alone. */
export function makeFiles(): string[] {
  const folder = mkdtempSync(join(tmpdir(), "accuracy-"));
  const random = seededRandom(1);
  const friedman = ["a,b,c,d,e,f,target"];
  const classes = ["u,v,w,target_class"];
  for (let row = 0; row < 3000; row++) {
    const x = Array.from({ length: 6 }, random);
    const noise = random() + random() + random() - 1.5;
    const y =
      10 * Math.sin(Math.PI * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + 2 * noise;
    friedman.push([...x, y].map((value) => value.toFixed(4)).join(","));
    const label = Math.floor(3 * x[0] + 2 * x[1] * x[2] + noise / 2);
    classes.push(
      [...x.slice(0, 3).map((value) => value.toFixed(4)), `k${Math.max(0, Math.min(4, label))}`].join(","),
    );
  }
  return Object.entries({ friedman, classes }).map(([name, lines]) => {
    const path = join(folder, `made-${name}.csv`);
    writeFileSync(path, `${lines.join("\n")}\n`);
    return path;
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
