/**
 * Reads a file and trains on it, with a budget of rounds, so that the clock decides nothing; prints both durations, and
 * the memory.
 */
import { statSync } from "node:fs";
import { profileCsv } from "../../core/csv/read.ts";
import { serveParent } from "../../core/platform/child.ts";
import { settleOptions } from "../../core/training/options/run-options.ts";
import { runStages } from "../../core/training/run.ts";

export interface ScaleInput {
  path: string;
  folder: string;
  target: string;
  rounds: number;
}

export interface ScaleTaken {
  readMs: number;
  trainMs: number;
  peakBytes: number;
}

await serveParent(async (raw): Promise<ScaleTaken> => {
  const { path, folder, target, rounds } = raw as ScaleInput;
  const beganAt = performance.now();
  const profile = await profileCsv(path, {}, { name: path });
  const readMs = performance.now() - beganAt;
  const request = { datasetId: "scale", target, budgetRounds: rounds, refit: false };
  const options = settleOptions(request, profile, 3600);
  const { signal } = new AbortController();
  const dataset = { ...profile, path, name: path, sizeBytes: statSync(path).size };
  await runStages({ options, dataset, folder }, { report: () => {}, cancel: signal, stop: signal });
  const trainMs = performance.now() - beganAt - readMs;
  return { readMs, trainMs, peakBytes: process.resourceUsage().maxRSS * 1024 };
});
