/**
 * Measures whether a run's estimates of the time left are right. Every CSV in the folder BENCH_DATA is trained as
 * the server trains it, and what the page would have said at some moments is held against what the run then took.
 *
 *   bun run bench progress [seconds a run, 15] [only files whose name holds this]
 *
 * A moment counts as right within 20 % of the truth; in a run's last second, within a fifth of a second.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { STAGE_NAMES } from "../../core/trainer/contract.ts";
import { type RunReport, runStages } from "../../core/training/run.ts";
import type { Spent } from "../../core/training/stages/work/time-plan.ts";
import { stillLeft } from "../../core/training/time-left.ts";
import { type AccuracyCase, readCases } from "./accuracy-data.ts";
import { tellAccount } from "./budget.ts";

interface Told {
  at: number;
  leftMs: number | null;
}

const RACE = STAGE_NAMES.indexOf("Model selection");
const TOLERANCE = 0.2;
const LEAST_MS = 200;
const MOMENTS = [1 / 3, 1 / 2, 2 / 3, 5 / 6];
const LOOKS = 100;

export async function run([seconds = "15", only = ""]: string[]): Promise<void> {
  const cases = await readCases(process.env.BENCH_DATA ?? "../shared/datasets", [], only);
  say(
    `${"file".padEnd(24)}  s a run   told of what was left at 1/3, 1/2, 2/3, 5/6   right from 1/3 on   cores in the race   seconds a stage`,
  );
  const shares: number[] = [];
  for (const given of cases) shares.push(await benchFile(given, Number(seconds)));
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const whole = shares.filter((share) => share === 1).length;
  say(`right in ${percent(mean)} of moments; throughout in ${whole} of ${shares.length} files`);
}

/** The share of moments that were right from the first third on. */
async function benchFile(given: AccuracyCase, budgetSeconds: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "progress-"));
  const told: Told[] = [];
  const beganAt = performance.now();
  const since = () => performance.now() - beganAt;
  const stages: number[] = [];
  let cores = 0;
  let used = process.cpuUsage();
  const report = (entry: RunReport) => {
    if (entry.type === "started" && entry.position === RACE) used = process.cpuUsage();
    if (entry.type === "finished") stages.push(entry.durationMs / 1000);
    if (entry.type === "finished" && entry.position === RACE) {
      const { user, system } = process.cpuUsage(used);
      cores = (user + system) / 1000 / Math.max(1, entry.durationMs) / availableParallelism();
    }
    if (entry.type === "stage" && entry.report.type === "progress")
      told.push({ at: since(), leftMs: entry.report.leftMs ?? null });
  };
  const { signal } = new AbortController();
  let account: Spent[] = [];
  const onAccount = (all: Spent[]) => {
    account = all;
  };
  const controls = { report, cancel: signal, stop: signal, onAccount };
  await runStages(inputOf(given, folder, budgetSeconds), controls);
  const total = since();
  rmSync(folder, { recursive: true });
  const share = MOMENTS.map((moment) => shareTold(told, moment * total, total));
  const looks = Array.from({ length: LOOKS }, (_, k) => total * (1 / 3 + (2 / 3) * (k / LOOKS)));
  const right = looks.filter((at) => isRight(told, at, total)).length / LOOKS;
  const shown = share.map((value) => (value === null ? "none" : percent(value)).padStart(6)).join(" ");
  say(
    `${basename(given.path).padEnd(24)} ${(total / 1000).toFixed(1).padStart(8)}   ${shown}   ${percent(right).padEnd(22)} ${cores.toFixed(2).padEnd(19)} ${stages.map((stage) => stage.toFixed(1)).join(" ")}`,
  );
  tellWholes(told, total);
  tellAccount(account);
  return right;
}

/** At each tenth of the run, its estimated total duration as a share of the actual one. */
function tellWholes(told: readonly Told[], total: number): void {
  const wholes = Array.from({ length: 10 }, (_, tenth) => {
    const at = (total * tenth) / 10;
    const left = leftAt(told, at);
    return left === null ? "none" : ((at + left) / total).toFixed(2);
  });
  say(`${" ".repeat(24)} said to be in all, by tenths: ${wholes.join(" ")}`);
}

function leftAt(told: readonly Told[], at: number): number | null {
  return stillLeft(told.findLast((entry) => entry.at <= at) ?? null, at);
}

function shareTold(told: readonly Told[], at: number, total: number): number | null {
  const left = leftAt(told, at);
  return left === null ? null : left / (total - at);
}

function isRight(told: readonly Told[], at: number, total: number): boolean {
  const [left, truth] = [leftAt(told, at), total - at];
  return left !== null && Math.abs(left - truth) <= Math.max(LEAST_MS, TOLERANCE * truth);
}

function inputOf({ path, profile, target, task }: AccuracyCase, folder: string, budgetSeconds: number) {
  const { plan, rows, columns } = profile;
  return {
    folder,
    dataset: { path, name: path, plan, rows, sizeBytes: statSync(path).size, columns },
    options: {
      ...{ target, task, features: null, exclude: [], budgetSeconds, budgetRounds: null },
      ...{
        split: "random" as const,
        splitColumn: null,
        seed: 0,
        metric: null,
        positiveClass: null,
        costs: null,
      },
    },
  };
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
