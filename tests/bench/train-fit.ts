/**
 * One process, one data set, some fits: the counterpart of peers.py, so that peak memory and warm-up are honest.
 *
 * usage: bun tests/bench/train-fit.ts FOLDER NAME THREADS FITS
 */
import { linkMargins, predictBoosting, trainBoosting } from "../../core/trainer/learners/trees/boosting.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Target } from "../../core/trainer/samples.ts";
import { readBenchData } from "./generated-data.ts";

const [folder, name, threads, fits] = process.argv.slice(2);
const { samples, target, trainCount } = await readBenchData(folder, name);
const rows = Int32Array.from({ length: samples.rows }, (_, i) => i);
const [trainRows, testRows] = [rows.subarray(0, trainCount), rows.subarray(trainCount)];

const ms: number[] = [];
let model = await fit();
for (let i = 1; i < Number(fits); i++) model = await fit();
const peakMb = process.resourceUsage().maxRSS / 1024;
const predicted = linkMargins(model, predictBoosting(model, samples, testRows));
console.log(JSON.stringify({ ms, peakMb, scores: scores(target, testRows, predicted) }));

async function fit() {
  const start = performance.now();
  const options = { params: {}, trainRows, validRows: null, random: seededRandom(1), checkpoint() {} };
  const made = await trainBoosting(samples, target, { ...options, threads: Number(threads) });
  ms.push(performance.now() - start);
  return made;
}

function scores({ task, values, classes }: Target, at: Int32Array, p: Float64Array): Record<string, number> {
  const y = Float64Array.from(at, (row) => values[row]);
  if (task === "regression") return { r2: r2(y, p) };
  const k = classes.length;
  let loss = 0;
  let hits = 0;
  for (let i = 0; i < y.length; i++) {
    loss -= Math.log(p[i * k + y[i]]) / y.length;
    const own = p.subarray(i * k, (i + 1) * k);
    if (own.indexOf(Math.max(...own)) === y[i]) hits += 1 / y.length;
  }
  if (task === "binary")
    return {
      roc_auc: rocAuc(
        y,
        p.filter((_, i) => i % 2 === 1),
      ),
      log_loss: loss,
    };
  return { accuracy: hits, log_loss: loss };
}

function r2(y: Float64Array, p: Float64Array): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const residual = y.reduce((sum, value, i) => sum + (value - p[i]) ** 2, 0);
  return 1 - residual / y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

/** By ranks; ties share theirs. */
function rocAuc(y: Float64Array, p: Float64Array): number {
  const order = Int32Array.from(y.keys()).sort((a, b) => p[a] - p[b]);
  let positives = 0;
  let rankSum = 0;
  for (let i = 0, j = 0; i < order.length; i = j) {
    let tied = 0;
    for (j = i; j < order.length && p[order[j]] === p[order[i]]; j++) tied += y[order[j]];
    positives += tied;
    rankSum += tied * ((i + j + 1) / 2);
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (y.length - positives));
}
