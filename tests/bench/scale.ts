/**
 * Measures how time and memory grow with what there is: five sizes of each, the exponent over all of them, and the
 * steepest step. Columns times rows count as one. `scale [what, all] [largest, of rows or predictions]`.
 */
import { AXES, type Axis, type Measured, removeTrained } from "./scale-axes.ts";

/** A constant part hides an exponent: the steepest step says more. */
const GOAL = 1.1;

export async function run([what = "", largest = ""]: string[]): Promise<void> {
  const names = Object.keys(AXES).filter((name) => name.includes(what));
  const over: string[] = [];
  for (const name of names) over.push(...(await benchAxis(name, sized(AXES[name]!, Number(largest)))));
  removeTrained();
  console.log(
    over.length > 0
      ? `\nabove ${GOAL}: ${over.join(", ")}`
      : `\nno exponent above ${GOAL} in ${names.join(", ")}`,
  );
}

const sized = (axis: Axis, largest: number): Axis =>
  largest > 0
    ? { ...axis, sizes: [...axis.sizes.filter((size) => size < largest), largest].slice(-5) }
    : axis;

/** The columns whose exponent is above the goal. */
async function benchAxis(name: string, { sizes, measure }: Axis): Promise<string[]> {
  const all: { size: number; measured: Measured }[] = [];
  console.log("");
  for (const size of sizes) {
    try {
      const measured = await measure(size);
      if (all.length === 0) console.log(line(name, Object.keys(measured)));
      console.log(
        line(
          size.toLocaleString("en"),
          Object.values(measured).map((value) => value.toFixed(1)),
        ),
      );
      all.push({ size, measured });
    } catch (error) {
      console.log(`${size.toLocaleString("en")}: ${error instanceof Error ? error.message : error}`);
      break;
    }
  }
  if (all.length < 2) return [];
  const columns = Object.keys(all[0]!.measured);
  const exponents = columns.map((column) =>
    slope(all.map(({ size, measured }) => [Math.log(size), Math.log(Math.max(measured[column]!, 1e-3))])),
  );
  const steps = columns.map((column) =>
    Math.max(...all.slice(1).map((next, at) => stepOf(all[at]!, next, column))),
  );
  console.log(
    line(
      "exponent",
      exponents.map((value) => value.toFixed(2)),
    ),
  );
  console.log(
    line(
      "steepest step",
      steps.map((value) => value.toFixed(2)),
    ),
  );
  return columns.filter((_, at) => exponents[at]! > GOAL).map((column) => `${name}, ${column}`);
}

function stepOf(
  from: { size: number; measured: Measured },
  to: { size: number; measured: Measured },
  column: string,
): number {
  return Math.log(to.measured[column]! / from.measured[column]!) / Math.log(to.size / from.size);
}

/** Least squares through the points. */
function slope(points: [number, number][]): number {
  const mean = (of: (point: [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  return mean((point) => (point[0] - x) * (point[1] - y)) / mean((point) => (point[0] - x) ** 2);
}

const line = (head: string, cells: readonly string[]) =>
  head.padEnd(16) + cells.map((cell) => cell.padStart(Math.max(13, cell.length + 2))).join("");
