/**
 * Measures whether a time limit is kept, whatever the file, and whether Stop gives a model at once. Runs in the
 * child process that the server trains in; a run's time is counted from the child's start to its result, as a
 * user's clock does.
 *
 *   bun run bench budget [seconds, 20] [only files whose name holds this] [stops: shares of the budget, 0.1,0.3,0.6]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { profileCsv } from "../../core/csv/read.ts";
import { startChild } from "../../core/platform/child.ts";
import { type RunResult, STAGE_NAMES } from "../../core/trainer/contract.ts";
import { settleOptions } from "../../core/training/options/run-options.ts";
import type { RunReport } from "../../core/training/run.ts";
import type { Spent } from "../../core/training/stages/work/time-plan.ts";
import { BUDGET_FILES, writeBudgetFile } from "./budget-files.ts";

const MEMORY_BYTES = 8e9;
const CHILD = { name: "budget-child", module: new URL("./budget-child.ts", import.meta.url) };

export async function run(args: string[]): Promise<void> {
  const [seconds = "20", only = "", stops = "0.1,0.3,0.6"] = args;
  const folder = mkdtempSync(join(tmpdir(), "budget-"));
  say(`${"file".padEnd(12)} budget    used  overshoot (at most 2)  stages`);
  try {
    for (const [name, file] of Object.entries(BUDGET_FILES)) {
      if (!name.includes(only)) continue;
      const path = join(folder, `${name}.csv`);
      await writeBudgetFile(path, file);
      await benchFile(path, { name, target: file.target, seconds: Number(seconds), stops: stops.split(",") });
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchFile(
  path: string,
  given: { name: string; target: string; seconds: number; stops: string[] },
): Promise<void> {
  const { name, target, seconds, stops } = given;
  const profile = await profileCsv(path, {}, { name });
  const options = settleOptions({ datasetId: name, target, budgetSeconds: seconds }, profile, seconds);
  const input = { options, dataset: { ...profile, path, name, sizeBytes: Bun.file(path).size } };
  const full = await timeRun(input, Number.POSITIVE_INFINITY);
  const { metric, metrics, best } = full.result;
  say(
    `${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} ${full.seconds.toFixed(1).padStart(7)} ${(full.seconds - seconds).toFixed(1).padStart(10)}${" ".repeat(13)}${full.stages.map((stage) => stage.toFixed(1)).join(" ")}  ${best}: ${metric} ${metrics[metric]?.toPrecision(4)}`,
  );
  tellAccount(full.account);
  for (const share of stops.filter(Boolean)) {
    const stopAt = Number(share) * seconds;
    const stopped = await timeRun(input, stopAt);
    if (stopped.seconds < stopAt) continue;
    const after = (stopped.seconds - stopAt).toFixed(1);
    say(
      `${" ".repeat(12)} stopped at ${stopAt.toFixed(1)} s in ${stopped.during}: done ${after} s later (${stopped.result.best})  ${stopped.stages.map((stage) => stage.toFixed(1)).join(" ")}`,
    );
  }
}

/** By piece: expected when the race was over, and when it began; and what it took. */
export function tellAccount(account: Spent[]): void {
  const pieces = account.map(
    ({ piece, afterRaceMs, expectedMs, tookMs }) =>
      `${piece} ${[afterRaceMs, expectedMs, tookMs].map((ms) => (ms / 1000).toFixed(2)).join("→")}`,
  );
  say(`${" ".repeat(12)} ${pieces.join(", ")}`);
}

async function timeRun(input: object, stopSeconds: number) {
  const folder = mkdtempSync(join(tmpdir(), "budget-run-"));
  const beganAt = performance.now();
  const stages: number[] = [];
  let [stage, during] = ["", ""];
  let account: Spent[] = [];
  const child = startChild(CHILD, {
    input: { ...input, folder },
    memoryBytes: MEMORY_BYTES,
    onReport: (raw) => {
      if (!Array.isArray(raw)) {
        ({ account } = raw as { account: Spent[] });
        return;
      }
      for (const report of raw as RunReport[]) {
        if (report.type === "started") stage = STAGE_NAMES[report.position];
        if (report.type === "finished") stages.push(report.durationMs / 1000);
      }
    },
  });
  const timer = setTimeout(
    () => {
      during = stage;
      child.send({ kind: "stop" });
    },
    Math.min(1000 * stopSeconds, 2 ** 30),
  );
  try {
    const result = (await child.result) as RunResult;
    return { seconds: (performance.now() - beganAt) / 1000, stages, during, result, account };
  } finally {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
