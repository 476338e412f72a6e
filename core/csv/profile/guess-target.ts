/**
 * Guesses which column a person wants to predict, and whether it is a class or a quantity. A guess from names, places
 * and values, always with its reason in a sentence; never an id, never a constant.
 */
import type { ColumnProfile } from "../types.ts";

export type Task = "binary" | "multiclass" | "regression";

export interface TargetGuess {
  target: string | null;
  targetReason: string;
  task: Task | null;
  taskReason: string;
}

/** Names that say outright that they are what is predicted, and names of things that often are; the surest first. */
const RANKS: readonly (readonly [RegExp, number])[] = [
  [/^(?:target|label|labels|y|outcome|response|survived|churn|churned|is_?fraud|diagnosis)$/i, 10],
  [
    /^(?:class|classes|species|attrition|default|defaulted|exited|sale_?price|medv|median_?house_?value|credit_?risk|spam|is_?spam|cnt)$/i,
    9,
  ],
  [
    /^(?:quality|price|charges|income|deposit|converted|conversion|clicked|purchased|approved|loan_?status|verdict)$/i,
    8,
  ],
  [/^(?:salary|result|sentiment|revenue|sales|demand|mpg|risk|rating|grade|score|profit|cost)$/i, 6],
  [/^(?:type|count|amount|total|value|category|status)$/i, 3],
];
const PARTIAL =
  /(?:^|[\s_.-])(?:target|label|class|outcome|churn|survived|fraud|default|price|species|response|y)(?:$|[\s_.-])/i;
/** A class beside many rows: more values than this are a quantity. */
const MAX_NUMERIC_CLASSES = 12;
const MAX_CLASSES = 100;

/** Beside a `z`, `y` is a place in space and no target. */
export function guessTarget(columns: readonly ColumnProfile[]): TargetGuess {
  const candidates = columns.filter(canBeTarget);
  if (candidates.length === 0) {
    const targetReason = "No column can be predicted: all are ids, texts, dates or constant.";
    return { target: null, targetReason, task: null, taskReason: "Without a target there is no task." };
  }
  const last = columns[columns.length - 1];
  const isSpace = columns.some(({ name }) => /^z$/i.test(name));
  const scored = candidates
    .filter(({ name }) => !(isSpace && /^y$/i.test(name)))
    .map((column) => ({ column, ...score(column, column === last, column === columns[0]) }));
  const best = scored.reduce((winner, other) => (other.points > winner.points ? other : winner));
  return { target: best.column.name, targetReason: best.reason, ...guessTask(best.column) };
}

function canBeTarget({ type, distinct, count, missing }: ColumnProfile): boolean {
  const filled = count - missing;
  if (type === "id" || type === "text" || type === "date" || distinct < 2 || missing > 0.5 * count)
    return false;
  return type === "number" || distinct <= Math.min(MAX_CLASSES, 0.5 * filled + 2);
}

function score(column: ColumnProfile, isLast: boolean, isFirst: boolean): { points: number; reason: string } {
  const { name, type, distinct } = column;
  const rank = RANKS.find(([pattern]) => pattern.test(name.trim()))?.[1] ?? 0;
  const partial = rank === 0 && PARTIAL.test(name) ? 4 : 0;
  let points = rank + partial;
  if (isLast) points += 3;
  else if (isFirst) points += 1;
  if (type !== "number" && distinct <= 10) points += 0.5;
  if (distinct === 2) points += 0.5;
  if (column.missing > 0) points -= 1;
  return { points, reason: reason(name, { isNamed: rank + partial > 0, isLast, distinct }) };
}

function reason(name: string, why: { isNamed: boolean; isLast: boolean; distinct: number }): string {
  if (why.isNamed && why.isLast)
    return `“${name}” is the last column, and its name is one that targets often have.`;
  if (why.isNamed) return `“${name}” has a name that targets often have.`;
  if (why.isLast) return `“${name}” is the last column, where the target usually is.`;
  return `“${name}” has ${why.distinct} different values and no other column is a likelier target.`;
}

/** Words are classes; numbers are classes where they are few and whole. */
export function guessTask(column: ColumnProfile): { task: Task; taskReason: string } {
  const { name, type, distinct } = column;
  if (distinct === 2) return { task: "binary", taskReason: `“${name}” has two values.` };
  if (type !== "number") return { task: "multiclass", taskReason: `“${name}” has ${distinct} classes.` };
  return guessNumericTask(column);
}

function guessNumericTask(column: ColumnProfile): { task: Task; taskReason: string } {
  const { name, distinct, min, max, count } = column;
  const isCode =
    isClassName(name) && distinct <= MAX_NUMERIC_CLASSES && Number.isInteger(min) && Number.isInteger(max);
  if (isCode && distinct <= 0.1 * count) {
    return {
      task: "multiclass",
      taskReason: `“${name}” has ${distinct} whole numbers, which its name says are classes.`,
    };
  }
  return { task: "regression", taskReason: `“${name}” is a quantity with ${distinct} different values.` };
}

function isClassName(name: string): boolean {
  return /class|label|species|category|type|target|cluster|digit|group|segment/i.test(name);
}
