/** Generates files that strain a time limit from a seed: long, wide, wordy, many classes, tiny. */
import { seededRandom } from "../../core/trainer/random.ts";

interface StrainingFile {
  target: string;
  /** Header, then rows. */
  lines: () => Generator<string>;
}

const number = (value: number) => value.toFixed(4);

/** Columns of numbers; the target is decided by the first three. */
function* numbers(
  rows: number,
  columns: number,
  target: (x: number[]) => string | number,
): Generator<string> {
  const random = seededRandom(rows + columns);
  yield [...Array.from({ length: columns }, (_, i) => `x${i}`), "target"].join(",");
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: columns }, random);
    yield [...x.map(number), target([...x, random()])].join(",");
  }
}

/** Sentences of thirty words out of twenty thousand; some words are commoner in one class. */
function* sentences(rows: number): Generator<string> {
  const random = seededRandom(7);
  yield "id,message,label";
  for (let row = 0; row < rows; row++) {
    const isSpam = random() < 0.3;
    const words = Array.from({ length: 30 }, () => {
      const rank = Math.floor(20_000 * random() ** 3);
      return random() < 0.03 && isSpam ? `offer${rank % 50}` : `word${rank}`;
    });
    yield `m${row},${words.join(" ")},${isSpam ? "spam" : "ham"}`;
  }
}

/** Categories with thousands of labels beside two numbers. */
function* labels(rows: number): Generator<string> {
  const random = seededRandom(8);
  yield "shop,product,price,amount,target";
  for (let row = 0; row < rows; row++) {
    const [shop, product] = [Math.floor(9000 * random() ** 2), Math.floor(4000 * random())];
    const [price, amount] = [100 * random(), Math.floor(20 * random())];
    const paid = price * amount * (1 + (shop % 7) / 10) + (product % 13) * 20 * random();
    yield [`s${shop}`, `p${product}`, number(price), amount, number(paid)].join(",");
  }
}

const binary = ([a, b, c]: number[]) => (a * b + Math.sin(6 * c) / 3 > 0.3 ? "yes" : "no");

export const BUDGET_FILES: Record<string, StrainingFile> = {
  tiny: { target: "target", lines: () => numbers(40, 4, binary) },
  small: { target: "target", lines: () => numbers(1500, 8, ([a, b, c]) => number(a * b + Math.sin(6 * c))) },
  classes100: {
    target: "target",
    lines: () =>
      numbers(20_000, 15, ([a, b, c]) => `k${Math.floor(10 * a) * 10 + Math.floor(5 * b + 5 * c)}`),
  },
  text50k: { target: "label", lines: () => sentences(50_000) },
  labels200k: { target: "target", lines: () => labels(200_000) },
  wide2000: { target: "target", lines: () => numbers(3000, 2000, binary) },
  million: { target: "target", lines: () => numbers(1_000_000, 10, binary) },
};

export const writeBudgetFile = (path: string, { lines }: StrainingFile) => writeLines(path, lines());

export async function writeLines(path: string, lines: Generator<string>): Promise<void> {
  const sink = Bun.file(path).writer();
  let gathered: string[] = [];
  for (const line of lines) {
    gathered.push(line);
    if (gathered.length < 2000) continue;
    sink.write(`${gathered.join("\n")}\n`);
    await sink.flush();
    gathered = [];
  }
  sink.write(`${gathered.join("\n")}\n`);
  await sink.end();
}
