/**
 * Measures how long the model alone takes, for one row and for many. 100 trees of 31 leaves on the Adult-like data,
 * one thread, beside the same from Python; then one row through HTTP (http.ts).
 */
import { predictBoosting, trainBoosting } from "../../core/trainer/learners/trees/boosting.ts";
import { readColumn, rowPredictor } from "../../core/trainer/learners/trees/predictor.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import { readBenchData, writeBenchData } from "./generated-data.ts";
import { run as runHttp } from "./http.ts";
import { BENCH_FOLDER, installedPeers, median, PEERS, printTable, runJson } from "./train-peers.ts";

interface Timing {
  rowUs: number;
  batchNs: number;
}

const NAME = "adult";
const TREES = 100;
const SINGLE = 20_000;
const BATCHES = 7;

export async function run(): Promise<void> {
  await writeBenchData(BENCH_FOLDER, NAME);
  const peers = await installedPeers();
  const own = await timeOwn();
  const rows = [["", "one row p50 us", "ours/it", "batch ns a row and tree", "ours/it"]];
  rows.push(["signalbox", own.rowUs.toFixed(1), "", own.batchNs.toFixed(1), ""]);
  const script = new URL("predict-peers.py", import.meta.url).pathname;
  for (const peer of peers) {
    const { rowUs, batchNs } = await runJson<Timing>(["python3", script, peer, BENCH_FOLDER, NAME]);
    const ratios = [(own.rowUs / rowUs).toFixed(3), (own.batchNs / batchNs).toFixed(2)];
    rows.push([PEERS[peer], rowUs.toFixed(1), ratios[0], batchNs.toFixed(1), ratios[1]]);
  }
  printTable(rows);
  console.log("");
  await runHttp();
}

async function timeOwn(): Promise<Timing> {
  const { samples, target } = await readBenchData(BENCH_FOLDER, NAME);
  const all = Int32Array.from({ length: samples.rows }, (_, i) => i);
  const options = { params: { maxRounds: TREES }, validRows: null, random: seededRandom(1), checkpoint() {} };
  const model = await trainBoosting(samples, target, { ...options, trainRows: all });
  const columns = model.features.map((feature) => readColumn(feature, samples));
  const values = new Float64Array(columns.length);
  const out = new Float64Array(model.outputs);
  const predict = rowPredictor(model);
  const single = Array.from({ length: SINGLE }, (_, row) => {
    for (let f = 0; f < columns.length; f++) values[f] = columns[f](row);
    return elapsed(() => predict(values, out));
  });
  const batch = Array.from({ length: BATCHES }, () => elapsed(() => predictBoosting(model, samples, all)));
  return { rowUs: median(single) * 1000, batchNs: (median(batch) * 1e6) / all.length / TREES };
}

function elapsed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
