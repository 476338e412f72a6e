/**
 * Do we answer as well as scikit-learn on unseen rows? For every CSV in the folder BENCH_DATA (and some that are made
 * here) the whole pipeline runs on five splits; scikit-learn's linear model and HistGradientBoosting learn from and are
 * judged by precisely the same rows.
 *
 *   bun run bench accuracy [seconds a run, 15] [splits, 5] [only files whose name holds this]
 */
import { mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { profileCsv } from "../../core/csv/read.ts";
import type { CsvProfile } from "../../core/csv/types.ts";
import { createWork, STAGES } from "../../core/stages/index.ts";
import type { RunOptions, StageReport } from "../../core/stages/stage.ts";
import { seededRandom } from "../../core/trainer/random.ts";

interface Peer {
  ask(request: Record<string, unknown>): Promise<Record<string, Record<string, number>>>;
  end(): void;
}

/** One split of one file: ours, and the peer's where there is one. */
interface Scores {
  ours: number;
  linear: number;
  hgb: number;
  seconds: number;
}

const KEYS = { binary: "roc_auc", multiclass: "f1_macro", regression: "r2" } as const;

export async function run(args: string[]): Promise<void> {
  const [seconds = "15", splits = "5", only = ""] = args;
  const folder = process.env.BENCH_DATA ?? "../shared/datasets";
  const given = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  const paths = [...given.map((name) => join(folder, name)), ...makeFiles()].filter((path) =>
    path.includes(only),
  );
  const peer = startPeer();
  if (!peer)
    say("python3 with scikit-learn and pandas is missing (pip install scikit-learn pandas): ours alone.");
  say(`${"file".padEnd(24)} ${"metric".padEnd(9)}   ours  linear     hgb    gain  s a run`);
  const gains: number[] = [];
  for (const path of paths) {
    const gain = await benchFile(path, { seconds: Number(seconds), splits: Number(splits), peer });
    if (gain !== null) gains.push(gain);
  }
  peer?.end();
  if (gains.length === 0) return;
  const mean = gains.reduce((a, b) => a + b) / gains.length;
  say(
    `mean gain over the better of the two ${mean.toFixed(4)}, least ${Math.min(...gains).toFixed(4)} (at least -0.005)`,
  );
}

async function benchFile(
  path: string,
  options: { seconds: number; splits: number; peer: Peer | null },
): Promise<number | null> {
  const profile = await profileCsv(path, {}, { name: path });
  const { task, target } = profile;
  if (!task || !target) return null;
  const scores: Scores[] = [];
  for (let seed = 0; seed < options.splits; seed++)
    scores.push(await benchSplit(path, profile, { ...options, seed }));
  const mean = (key: keyof Scores) => scores.reduce((sum, score) => sum + score[key], 0) / scores.length;
  const gain = mean("ours") - Math.max(mean("linear"), mean("hgb"));
  const shown = [mean("ours"), mean("linear"), mean("hgb"), gain].map((value) =>
    value.toFixed(4).padStart(7),
  );
  const name = path.split("/").pop()!;
  say(
    `${name.padEnd(24)} ${KEYS[task].padEnd(9)} ${shown.join(" ")} ${mean("seconds").toFixed(1).padStart(8)}`,
  );
  return Number.isFinite(gain) ? gain : null;
}

async function benchSplit(
  path: string,
  profile: CsvProfile,
  options: { seconds: number; seed: number; peer: Peer | null },
): Promise<Scores> {
  const { seed, peer } = options;
  const leaks = await leaksOf(path, profile);
  const beganAt = performance.now();
  const { work } = await runOurs(path, profile, { seed, budgetSeconds: options.seconds, exclude: leaks });
  const key = KEYS[profile.task!];
  const seconds = (performance.now() - beganAt) / 1000;
  const ours = work.evaluated!.metrics[key];
  const { train, test } = work.parts!;
  const words = profile.columns
    .filter(({ type }) => ["id", "text", "date"].includes(type))
    .map(({ name }) => name);
  const request = {
    path,
    target: profile.target,
    task: profile.task,
    drop: [...leaks, ...words],
    train: [...train],
    test: [...test],
  };
  const answer = await peer?.ask(request);
  return { ours, linear: answer?.linear[key] ?? Number.NaN, hgb: answer?.hgb[key] ?? Number.NaN, seconds };
}

/** What the first stage says must be excluded: sums of columns that are the target. */
async function leaksOf(path: string, profile: CsvProfile): Promise<string[]> {
  const { findings } = await runOurs(path, profile, { budgetSeconds: 60 }, 1);
  return findings.flatMap((finding) => (finding.code === "target_sum" ? (finding.fix?.exclude ?? []) : []));
}

async function runOurs(
  path: string,
  profile: CsvProfile,
  given: Partial<RunOptions>,
  stages = STAGES.length,
) {
  const work = createWork();
  const findings: Extract<StageReport, { type: "finding" }>["finding"][] = [];
  const beganAt = performance.now();
  const { signal } = new AbortController();
  for (const stage of STAGES.slice(0, stages)) {
    await stage.run({
      options: { ...OPTIONS, target: profile.target!, task: profile.task, ...given },
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
      artifacts: memory(),
    });
  }
  return { work, findings };
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
  costs: null,
};

function memory() {
  const files = new Map<string, Uint8Array>();
  return {
    save: async (name: string, bytes: Uint8Array) => {
      files.set(name, bytes);
    },
    load: async (name: string) => files.get(name) ?? null,
  };
}

function startPeer(): Peer | null {
  const probe = Bun.spawnSync(["python3", "-c", "import sklearn, pandas"], { stderr: "ignore" });
  if (probe.exitCode !== 0) return null;
  const child = Bun.spawn(["python3", join(import.meta.dir, "accuracy_peer.py")], {
    stdin: "pipe",
    stdout: "pipe",
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
function makeFiles(): string[] {
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
