/**
 * Measures our trainings beside other AutoML tools and boosting libraries, on the same rows, seconds and threads, in turn:
 * AutoGluon (medium_quality, good_quality), FLAML, PerpetualBooster, CatBoost and LightGBM, as far as Python has them. Every
 * CSV in the folder and the sets of automl-sets.ts are split three times; each participant learns from the file of training
 * rows and answers the file of test rows; automl_score.py scores all of them. Results and answers are kept by set, split,
 * seconds, participant and version, so that a measurement resumes and can be run in pieces.
 *
 *   bun run bench automl [seconds a run, 30] [folder, BENCH_DATA] [--quick: eight sets, one split] [--only: sets, participants …]
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { profileCsv } from "../../core/csv/read.ts";
import { readRows } from "../../core/csv/read-rows.ts";
import { writeRow } from "../../core/csv/write.ts";
import { TableReader } from "../../core/models/files/table-reader.ts";
import { startChild } from "../../core/platform/child.ts";
import type { RunResult } from "../../core/trainer/contract.ts";
import { predictTable } from "../../core/trainer/model/model.ts";
import { readModel } from "../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Task } from "../../core/trainer/samples.ts";
import { settleOptions } from "../../core/training/options/run-options.ts";
import { RUN_CHILD } from "../../core/training/runs.ts";
import { versionOf } from "./accuracy-coverage.ts";
import { readCases } from "./accuracy-data.ts";
import { type BestAnswer, makeSets } from "./automl-sets.ts";

interface DataSet {
  name: string;
  path: string;
  target: string;
  task: Task;
  best: BestAnswer[] | null;
  classes: string[];
}

interface Split {
  set: DataSet;
  seed: number;
  train: string;
  test: string;
  /** The outcomes of the test rows, and the best possible predictions if they are known. */
  outcomes: string[];
  best: BestAnswer[] | null;
}

/** The result of a participant; predictions are numbers, or probabilities of `classes`. */
interface Given {
  answers: BestAnswer[];
  classes: string[];
  seconds: number;
  bytes: number;
  /** Per row, answered all at once. */
  microseconds: number;
}

interface Participant {
  name: string;
  version: string;
  /** Null: it failed, and has printed the reason. */
  run: (split: Split, seconds: number) => Promise<Given | null>;
}

const SPLITS = 3;
const QUICK_SETS = 8;
const TEST_SHARE = 0.2;
const MOST_TEST_ROWS = 20_000;
const MEMORY_BYTES = 8e9;
const PYTHON = process.env.BENCH_PYTHON ?? "python3";
const PEER = join(import.meta.dir, "automl_peer.py");

export async function run(args: string[]): Promise<void> {
  const isQuick = args.includes("--quick");
  const onlyAt = args.indexOf("--only");
  const only = onlyAt < 0 ? [] : args.slice(onlyAt + 1);
  const [seconds = "30", folder = process.env.BENCH_DATA ?? "../shared/datasets"] = args
    .slice(0, onlyAt < 0 ? undefined : onlyAt)
    .filter((arg) => !arg.startsWith("--"));
  const kept = join(process.env.BENCH_KEPT ?? join(tmpdir(), "signalbox-bench"), "automl");
  mkdirSync(kept, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), "automl-"));
  try {
    const wants = (name: string) => only.length === 0 || only.some((part) => name.includes(part));
    const all = await readSets(folder, scratch);
    const named = all.filter(({ name }) => wants(name));
    const asked = named.length ? named : all;
    const every = Math.ceil(asked.length / QUICK_SETS);
    const sets = isQuick ? asked.filter((_, k) => k % every === 0) : asked;
    const participants = await findParticipants();
    const joining = participants.filter(({ name }) => wants(name));
    say(`Results are kept in ${kept}; taking part: ${participants.map(({ name }) => name).join(", ")}`);
    const options = { seconds: Number(seconds), kept, participants: joining.length ? joining : participants };
    for (const set of sets)
      for (let seed = 0; seed < (isQuick ? 1 : SPLITS); seed++)
        await benchSplit(set, { ...options, seed, scratch });
    score(kept, Number(seconds), versionOf());
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function readSets(folder: string, scratch: string): Promise<DataSet[]> {
  const found = await readCases(folder, [], "");
  const made = makeSets(join(scratch, "made"));
  return [
    ...found.map(({ path, target, task }) => ({ path, target, task, best: null, classes: [] })),
    ...made,
  ].map((set) => ({ ...set, name: basename(set.path) }));
}

async function benchSplit(
  set: DataSet,
  about: { seed: number; seconds: number; kept: string; scratch: string; participants: Participant[] },
): Promise<void> {
  const { seed, seconds, kept, scratch, participants } = about;
  const results = join(kept, "results.ndjson");
  const known = existsSync(results) ? readFileSync(results, "utf8") : "";
  const keyOf = ({ name, version }: Pick<Participant, "name" | "version">) =>
    JSON.stringify([set.name, seed, name === "best" ? 0 : seconds, name, version]);
  const all = [...participants, ...(set.best ? [BEST] : [])];
  const waiting = all.filter((one) => !known.includes(keyOf(one)));
  if (waiting.length === 0) return;
  const split = await writeSplit(set, seed, scratch);
  for (const participant of waiting) {
    const run = await participant.run(split, seconds);
    if (run === null) continue;
    const { answers, ...given } = run;
    const file = `${set.name}-${seed}-${seconds}-${participant.name}-${participant.version}.json`;
    writeFileSync(join(kept, file), JSON.stringify({ answers, outcomes: split.outcomes }));
    const line = { key: keyOf(participant), set: set.name, task: set.task, seed, file, ...given };
    const told = { limit: seconds, participant: participant.name, version: participant.version };
    appendFileSync(results, `${JSON.stringify({ ...line, ...told })}\n`);
    say(`${set.name} split ${seed} ${participant.name}: ${given.seconds.toFixed(1)} s`);
  }
}

/** The same rows each time; of each class the same share is kept for the test. */
async function writeSplit(set: DataSet, seed: number, scratch: string): Promise<Split> {
  const rows: string[][] = [];
  for await (const batch of readRows(set.path)) rows.push(...batch);
  const [header, ...data] = rows as [string[], ...string[][]];
  const at = header.indexOf(set.target);
  const numbers = [...data.keys()].filter((row) => (data[row]![at] ?? "").trim() !== "");
  const random = seededRandom(1000 + seed);
  const shuffled = numbers.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
  const byClass =
    set.task === "regression"
      ? [shuffled]
      : [...Map.groupBy(shuffled, ({ row }) => data[row]![at]!).values()];
  const share = Math.min(TEST_SHARE, MOST_TEST_ROWS / numbers.length);
  const test = new Set(
    byClass.flatMap((of) => of.slice(0, Math.round(share * of.length)).map(({ row }) => row)),
  );
  const write = (name: string, chosen: number[]) => {
    const path = join(scratch, `${name}.csv`);
    writeFileSync(
      path,
      [header, ...chosen.map((row) => data[row]!)].map((cells) => writeRow(cells)).join(""),
    );
    return path;
  };
  const tested = numbers.filter((row) => test.has(row));
  return {
    set,
    seed,
    train: write(
      "train",
      numbers.filter((row) => !test.has(row)),
    ),
    test: write("test", tested),
    outcomes: tested.map((row) => data[row]![at]!),
    best: set.best && tested.map((row) => set.best![row]!),
  };
}

const BEST: Participant = {
  name: "best",
  version: "known",
  run: async ({ best, set }) => ({
    answers: best!,
    classes: set.classes,
    seconds: 0,
    bytes: 0,
    microseconds: 0,
  }),
};

async function findParticipants(): Promise<Participant[]> {
  const ours = { name: "signalbox", version: versionOf(), run: runOurs };
  const { stdout, exitCode } = Bun.spawnSync([PYTHON, PEER, "names"], { stderr: "ignore" });
  if (exitCode !== 0) {
    say(
      "python3 with pandas is missing (pip install pandas scikit-learn lightgbm catboost flaml perpetual): ours alone.",
    );
    return [ours];
  }
  const peers = JSON.parse(stdout.toString()) as Record<string, string>;
  return [ours, ...Object.entries(peers).map(([name, version]) => ({ name, version, run: runPeer(name) }))];
}

async function runOurs({ set, seed, train, test }: Split, seconds: number): Promise<Given> {
  const folder = mkdtempSync(join(tmpdir(), "automl-run-"));
  try {
    const beganAt = performance.now();
    const profile = await profileCsv(train, {}, { name: set.name });
    const request = { datasetId: set.name, target: set.target, task: set.task, seed, budgetSeconds: seconds };
    const options = settleOptions(request, profile, seconds);
    const { plan, rows, columns } = profile;
    const dataset = { path: train, name: set.name, plan, rows, columns, sizeBytes: Bun.file(train).size };
    const input = { options, dataset, folder };
    const child = startChild(RUN_CHILD, { input, memoryBytes: MEMORY_BYTES, onReport: () => {} });
    (await child.result) as RunResult;
    const taken = (performance.now() - beganAt) / 1000;
    const bytes = readFileSync(join(folder, "model.bin"));
    const model = readModel(bytes);
    const asked: string[][] = [];
    for await (const batch of readRows(test)) asked.push(...batch);
    const [names, ...cells] = asked as [string[], ...string[][]];
    const askedAt = performance.now();
    const reader = new TableReader(model, names);
    reader.settle(cells);
    const predicted = await predictTable(model, reader.read(cells, []), () => {});
    const microseconds = (1000 * (performance.now() - askedAt)) / cells.length;
    const { classes } = model;
    const { values, probabilities } = predicted;
    const answers = cells.map((_, row) =>
      probabilities
        ? [...probabilities.subarray(row * classes.length, (row + 1) * classes.length)]
        : values[row]!,
    );
    return { answers, classes, seconds: taken, bytes: bytes.length, microseconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPeer(name: string): Participant["run"] {
  return async ({ set, seed, train, test }, seconds) => {
    const threads = Math.min(2, availableParallelism());
    const asked = { peer: name, train, test, target: set.target, task: set.task, seed, seconds, threads };
    const child = Bun.spawn([PYTHON, PEER, JSON.stringify(asked)], { stdout: "pipe", stderr: "inherit" });
    const lines = (await new Response(child.stdout).text()).trim().split("\n");
    if ((await child.exited) === 0) return JSON.parse(lines.at(-1)!) as Given;
    say(`${set.name} split ${seed} ${name}: failed; its error stands above.`);
    return null;
  };
}

function score(kept: string, seconds: number, version: string): void {
  const scorer = join(import.meta.dir, "automl_score.py");
  const { stdout, stderr } = Bun.spawnSync([PYTHON, scorer, kept, String(seconds), version]);
  say(stdout.toString().trimEnd());
  if (stderr.length) process.stderr.write(stderr);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
