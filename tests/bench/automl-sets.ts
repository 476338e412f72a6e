/**
 * Makes the sets of `bench automl` whose best possible predictions are known, because we drew the outcomes ourselves:
 * one for each kind of table that is considered hard.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeRow } from "../../core/csv/write.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Random, Task } from "../../core/trainer/samples.ts";

/** The best possible prediction, knowing how the outcome is drawn: a number, or the probability of each class. */
export type BestAnswer = number | number[];

export interface MadeSet {
  path: string;
  target: string;
  task: Task;
  /** By row of the file. */
  best: BestAnswer[];
  /** Classes, in the order of the probabilities; empty for numbers. */
  classes: string[];
}

interface Row {
  cells: (string | number)[];
  outcome: string | number;
  best: BestAnswer;
}

interface Kind {
  task: Task;
  rows: number;
  names: string[];
  classes?: string[];
  /** What holds for all rows is drawn first. */
  draw: (random: Random) => (row: number) => Row;
}

const normal = (random: Random) => {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
};
const normals = (count: number, random: Random) => Array.from({ length: count }, () => normal(random));
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, k) => `${prefix}${k + 1}`);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function drawClass(shares: readonly number[], random: Random): number {
  let rest = random();
  for (const [k, share] of shares.entries()) {
    rest -= share;
    if (rest < 0) return k;
  }
  return shares.length - 1;
}

const WORDS = named("word", 400);
const YES_NO = ["no", "yes"];
const BANDS = named("band_", 9);
const KINDS = named("kind_", 30);
const DAY_MS = 86_400_000;

/** Two classes by a log-odds. */
function yesOrNo(cells: Row["cells"], logit: number, random: Random): Row {
  const p = logistic(logit);
  return { cells, outcome: YES_NO[random() < p ? 1 : 0]!, best: [1 - p, p] };
}

const MADE: Record<string, Kind> = {
  small: {
    task: "binary",
    rows: 600,
    names: named("x", 6),
    classes: YES_NO,
    draw: (random) => () => {
      const x = normals(6, random);
      return yesOrNo(x, 1.5 * x[0]! - x[1]! + 1.2 * x[0]! * x[2]!, random);
    },
  },
  wide: {
    task: "regression",
    rows: 400,
    names: named("x", 500),
    draw: (random) => () => {
      const x = normals(500, random);
      const best = 3 * x[0]! + 2 * x[1]! - 2 * x[2]! + x[3]! - x[4]!;
      return { cells: x, outcome: best + normal(random), best };
    },
  },
  classes: {
    task: "multiclass",
    rows: 9000,
    names: named("x", 8),
    classes: KINDS,
    draw: (random) => {
      const weights = KINDS.map(() => normals(8, random).map((w) => 1.5 * w));
      return () => {
        const x = normals(8, random);
        const best = softmax(weights.map((w) => dot(w, x)));
        return { cells: x, outcome: KINDS[drawClass(best, random)]!, best };
      };
    },
  },
  categories: {
    task: "regression",
    rows: 30_000,
    names: ["shop", "size"],
    draw: (random) => {
      const effects = normals(500, random);
      return () => {
        const shop = Math.floor(500 * random() ** 2);
        const size = normal(random);
        const best = 2 * effects[shop]! + size;
        return { cells: [`shop-${shop}`, size], outcome: best + normal(random), best };
      };
    },
  },
  text: {
    task: "binary",
    rows: 8000,
    names: ["note", "amount"],
    classes: YES_NO,
    draw: (random) => {
      const weights = WORDS.map((_, k) => (k % 10 === 0 ? 1.5 * normal(random) : 0));
      return () => {
        const said = Array.from({ length: 12 }, () => Math.floor(WORDS.length * random()));
        const amount = normal(random);
        const logit = said.reduce((sum, k) => sum + weights[k]!, 0) + amount;
        return yesOrNo([said.map((k) => WORDS[k]).join(" "), amount], logit, random);
      };
    },
  },
  seasons: {
    task: "regression",
    rows: 5000,
    names: ["day", "promotion"],
    draw: (random) => () => {
      const day = Math.floor(1460 * random());
      const promotion = random() < 0.3 ? 1 : 0;
      const date = new Date(Date.UTC(2021, 0, 1) + day * DAY_MS);
      const weekend = date.getUTCDay() % 6 === 0 ? 4 : 0;
      const best = 20 + 8 * Math.sin((2 * Math.PI * day) / 365.25) + weekend + 3 * promotion;
      return { cells: [date.toISOString().slice(0, 10), promotion], outcome: best + normal(random), best };
    },
  },
  imbalanced: {
    task: "binary",
    rows: 80_000,
    names: named("x", 5),
    classes: YES_NO,
    draw: (random) => () => {
      const x = normals(5, random);
      return yesOrNo(x, 1.5 * x[0]! + x[1]! - 8.5, random);
    },
  },
  skewed: {
    task: "regression",
    rows: 8000,
    names: named("x", 4),
    draw: (random) => () => {
      const x = normals(4, random);
      const signal = x[0]! + 0.5 * x[1]! * x[2]!;
      const spread = 0.4;
      return {
        cells: x,
        outcome: Math.exp(signal + spread * normal(random)),
        best: Math.exp(signal + spread ** 2 / 2),
      };
    },
  },
  ordered: {
    task: "multiclass",
    rows: 9000,
    names: named("x", 5),
    classes: BANDS,
    draw: (random) => () => {
      const x = normals(5, random);
      const latent = 2 * x[0]! + x[1]! - x[2]!;
      const below = BANDS.map((_, k) => (k === BANDS.length - 1 ? 1 : logistic(1.5 * (k - 3.5) - latent)));
      const best = below.map((share, k) => share - (below[k - 1] ?? 0));
      return { cells: x, outcome: BANDS[drawClass(best, random)]!, best };
    },
  },
};

/** Writes the sets into the folder: the same bytes each time. */
export function makeSets(folder: string): MadeSet[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(MADE).map(([name, { task, rows, names, classes = [], draw }], k) => {
    const path = join(folder, `made-${name}.csv`);
    const drawRow = draw(seededRandom(100 + k));
    const drawn = Array.from({ length: rows }, (_, row) => drawRow(row));
    const lines = [[...names, "target"], ...drawn.map(({ cells, outcome }) => [...cells, outcome])];
    writeFileSync(path, lines.map((cells) => writeRow(cells)).join(""));
    return { path, target: "target", task, best: drawn.map(({ best }) => best), classes };
  });
}
