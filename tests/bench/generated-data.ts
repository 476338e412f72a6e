/**
 * Generates the data of the training and prediction benches from a seed, the same on every machine. Written as raw
 * columns (f64, little endian, codes for categories, NaN for missing) so that every peer reads the same bits.
 */
import { mkdir } from "node:fs/promises";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Feature, Random, Samples, Target } from "../../core/trainer/samples.ts";

export interface BenchData {
  name: string;
  samples: Samples;
  target: Target;
  /** The first rows train, the rest test. */
  trainCount: number;
}

interface Meta {
  name: string;
  rows: number;
  trainCount: number;
  task: Target["task"];
  classes: string[];
  columns: { name: string; labels: string[] | null }[];
}

export const BENCH_DATA: Record<string, () => BenchData> = {
  small: () => mixed("small", 1_250, 11),
  adult: () => mixed("adult", 32_561, 12),
  classes7: () => sevenClasses(125_000),
  regression: () => friedman(240_000),
  million: () => numeric("million", 1_250_000),
};

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A number that is zero for most, else one of `steps` values: like capital gains. */
function mostlyZero(random: Random, share: number, steps: number): number {
  return random() < share ? 100 * (1 + Math.floor(steps * random() ** 2)) : 0;
}

function skewed(random: Random, values: number, power: number): number {
  return Math.floor(values * random() ** power);
}

/** Fourteen columns, numbers and categories, some missing, two classes: the shape of the Adult census. */
function mixed(name: string, rows: number, seed: number): BenchData {
  const random = seededRandom(seed);
  const columns: number[][] = Array.from({ length: 14 }, () => []);
  const y: number[] = [];
  const cut: [number, number][] = [
    [9, 1.5],
    [16, 1.3],
    [7, 1.4],
    [15, 1],
    [6, 1.2],
    [5, 4],
    [2, 0.6],
    [42, 9],
  ];
  const effects = cut.map(([values]) => Array.from({ length: values }, () => normal(random)));
  for (let i = 0; i < rows; i++) {
    const age = 17 + Math.floor(60 * random() ** 1.4);
    const education = 1 + Math.floor(16 * random() ** 0.7);
    const hours = Math.max(1, Math.min(99, Math.round(40 + 12 * normal(random))));
    const [gain, loss] = [mostlyZero(random, 0.08, 118), mostlyZero(random, 0.05, 90)];
    const codes = cut.map(([values, power]) => skewed(random, values, power));
    const weight = Math.round(12_285 + 180_000 * Math.exp(0.5 * normal(random)));
    let score = -2.4 + 1.1 * Math.sin((age - 25) / 22) + 0.22 * (education - 9) + 0.035 * (hours - 40);
    score += gain > 4000 ? 3.5 : gain / 9000 - (loss > 0 ? 0.6 : 0);
    score += codes.reduce((sum, code, k) => sum + (k === 7 ? 0.25 : 0.55) * effects[k][code], 0);
    if (codes[4] === 0 && age > 35) score += 1.2;
    y.push(random() < 1 / (1 + Math.exp(-1.6 * score)) ? 1 : 0);
    const row = [age, weight, education, gain, loss, hours, ...codes];
    row.forEach((value, k) => {
      columns[k].push([6, 9, 13].includes(k) && random() < 0.05 ? Number.NaN : value);
    });
  }
  const names = ["age", "weight", "education_years", "gain", "loss", "hours"];
  const features = columns.map((values, k): Feature => {
    if (k < 6) return { name: names[k], kind: "number", values: Float64Array.from(values) };
    const codes = Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : value));
    const labels = Array.from({ length: cut[k - 6][0] }, (_, code) => `c${code}`);
    return { name: `category_${k - 5}`, kind: "category", codes, labels };
  });
  const target: Target = { task: "binary", values: Float64Array.from(y), classes: ["no", "yes"] };
  return { name, samples: { rows, features }, target, trainCount: Math.floor(rows * 0.8) };
}

function numberColumns(rows: number, count: number, draw: (column: number) => number): Float64Array[] {
  return Array.from({ length: count }, (_, k) => Float64Array.from({ length: rows }, () => draw(k)));
}

function numberSamples(columns: Float64Array[]): Samples {
  const features = columns.map((values, k): Feature => ({ name: `x${k}`, kind: "number", values }));
  return { rows: columns[0].length, features };
}

/** Twenty numbers, two classes with noise. */
function numeric(name: string, rows: number): BenchData {
  const random = seededRandom(13);
  const x = numberColumns(rows, 20, () => normal(random));
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const s =
      x[0][i] * x[1][i] +
      Math.sin(2 * x[2][i]) +
      0.5 * x[3][i] ** 2 -
      0.5 +
      0.7 * x[4][i] -
      0.4 * Math.abs(x[5][i]);
    values[i] = s + 0.3 * x[6][i] * x[7][i] + 1.3 * normal(random) > 0 ? 1 : 0;
  }
  const target: Target = { task: "binary", values, classes: ["no", "yes"] };
  return { name, samples: numberSamples(x), target, trainCount: Math.floor(rows * 0.8) };
}

/** Thirty numbers around blurred centres, three a class. */
function sevenClasses(rows: number): BenchData {
  const random = seededRandom(14);
  const centres = Array.from({ length: 21 }, () => Array.from({ length: 12 }, () => 1.1 * normal(random)));
  const x = numberColumns(rows, 30, () => normal(random));
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const centre = Math.floor(21 * random());
    values[i] = centre % 7;
    centres[centre].forEach((shift, k) => {
      x[k][i] = 1.2 * x[k][i] + shift;
    });
  }
  const classes = Array.from({ length: 7 }, (_, k) => `k${k}`);
  const target: Target = { task: "multiclass", values, classes };
  return { name: "classes7", samples: numberSamples(x), target, trainCount: Math.floor(rows * 0.8) };
}

/** Friedman 1991, number 1: ten numbers, five of them used. */
function friedman(rows: number): BenchData {
  const random = seededRandom(15);
  const x = numberColumns(rows, 10, () => random());
  const values = Float64Array.from({ length: rows }, (_, i) => {
    const wave = 10 * Math.sin(Math.PI * x[0][i] * x[1][i]) + 20 * (x[2][i] - 0.5) ** 2;
    return wave + 10 * x[3][i] + 5 * x[4][i] + normal(random);
  });
  const target: Target = { task: "regression", values, classes: [] };
  return { name: "regression", samples: numberSamples(x), target, trainCount: Math.floor(rows * 0.8) };
}

/** Writes NAME.json and NAME.bin (columns, then the target) unless they are there. */
export async function writeBenchData(folder: string, name: string): Promise<void> {
  if (await Bun.file(`${folder}/${name}.json`).exists()) return;
  await mkdir(folder, { recursive: true });
  const { samples, target, trainCount } = BENCH_DATA[name]();
  const columns = samples.features.map((feature) =>
    feature.kind === "number" ? feature.values : asNumbers(feature.codes),
  );
  const sink = Bun.file(`${folder}/${name}.bin`).writer();
  for (const column of [...columns, target.values]) {
    sink.write(column);
    await sink.flush();
  }
  await sink.end();
  const meta: Meta = {
    ...{ name, rows: samples.rows, trainCount, task: target.task, classes: target.classes },
    columns: samples.features.map((f) => ({ name: f.name, labels: f.kind === "category" ? f.labels : null })),
  };
  await Bun.write(`${folder}/${name}.json`, JSON.stringify(meta));
}

function asNumbers(codes: Int32Array): Float64Array {
  return Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : code));
}

export async function readBenchData(folder: string, name: string): Promise<BenchData> {
  const meta: Meta = await Bun.file(`${folder}/${name}.json`).json();
  const all = new Float64Array(await Bun.file(`${folder}/${name}.bin`).arrayBuffer());
  const column = (k: number) => all.subarray(k * meta.rows, (k + 1) * meta.rows);
  const features = meta.columns.map(({ name: title, labels }, k): Feature => {
    if (!labels) return { name: title, kind: "number", values: column(k) };
    const codes = Int32Array.from(column(k), (code) => (Number.isNaN(code) ? -1 : code));
    return { name: title, kind: "category", codes, labels };
  });
  const target: Target = { task: meta.task, values: column(meta.columns.length), classes: meta.classes };
  return { name, samples: { rows: meta.rows, features }, target, trainCount: meta.trainCount };
}
