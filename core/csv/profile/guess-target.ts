/**
 * Guesses which column the user wants to predict, and whether it is a class or a number. Uses names, positions and
 * values; gives its reason in a sentence; never chooses an ID or a constant.
 */
import { count } from "../../platform/figures.ts";
import { isIdName } from "../cells/id-column.ts";
import type { ColumnProfile, Finding } from "../types.ts";

export type Task = "binary" | "multiclass" | "regression";

/** The reason if nothing was guessed. */
export const TASK_CHOSEN = "You chose the type of prediction.";

export interface TargetGuess {
  target: string | null;
  targetReason: string;
  task: Task | null;
  taskReason: string;
}

/** Names that explicitly mean the target, then names that targets often have; the surest first. */
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
/** What became of something, if it has two values. */
const BECAME =
  /^(?:is_?|was_?|has_?)?(?:sold|bought|flagged|cancell?ed|returned|refunded|paid|repaid|won|lost|passed|failed|hired|left|subscribed|renewed|delayed|late|died|dead|recovered|readmitted|relapsed?|fraudulent|verkauft|gekauft|gekündigt|gekuendigt|storniert|bezahlt|zurückgezahlt|verspätet|vendu|acheté|résilié|payé|vendido|comprado|cancelado|pagado|venduto|acquistato|verkocht|betaald)$/i;
const BECAME_RANK = 3;
const PARTIAL =
  /(?:^|[\s_.-])(?:target|label|class|outcome|churn|survived|fraud|default|price|species|response|y|total|amount)(?:$|[\s_.-])/i;
/** Names of locations, not of outcomes. */
const PLACE =
  /^(?:lat|latitude|lon|lng|long|longitude|easting|northing|utm_?[xyne]|coord(?:inate)?s?[_ ]?[xy]?|[xyz]_?coord(?:inate)?|breitengrad|längengrad|laengengrad|latitud|longitud|latitudine|longitudine|rechtswert|hochwert)$|(?:^|[_\s.-])(?:lat|latitude|lon|lng|longitude)$/i;
/** With many rows, more distinct values than this are a quantity. */
const MAX_NUMERIC_CLASSES = 12;
const MAX_CLASSES = 100;

/** Beside a `z`, `y` is a coordinate, not a target. */
export function guessTarget(columns: readonly ColumnProfile[]): TargetGuess & { isUnsure?: true } {
  const candidates = withoutCoordinates(columns.filter(canBeTarget), columns);
  if (candidates.length === 0) {
    const targetReason = "No column can be predicted: all are IDs, texts, dates or constant.";
    return {
      target: null,
      targetReason,
      task: null,
      taskReason: "Choose a target to see the type of prediction.",
    };
  }
  const last = candidates[candidates.length - 1];
  const isLastOfAll = last === columns[columns.length - 1];
  const scored = candidates.map((column) => ({
    column,
    ...score(column, { isLast: column === last, isLastOfAll, isFirst: column === columns[0] }),
  }));
  const best = scored.reduce((winner, other) => (other.points > winner.points ? other : winner));
  return { target: best.column.name, targetReason: best.reason, ...guessTask(best.column) };
}

/** With this many other columns, `x` and `y` are coordinates rather than cause and effect. */
const LEAST_BESIDE = 2;

/** A `y` beside a `z`, or right beside an `x` among other columns, is a place in space. */
function withoutCoordinates(candidates: ColumnProfile[], columns: readonly ColumnProfile[]): ColumnProfile[] {
  const isNamed = (pattern: RegExp) =>
    columns.findIndex(({ name, type }) => pattern.test(name.trim()) && type === "number");
  const [x, y, z] = [isNamed(/^x$/i), isNamed(/^y$/i), isNamed(/^z$/i)];
  const isPlane = x >= 0 && y === x + 1 && candidates.length >= LEAST_BESIDE + 2;
  if (!isPlane && z < 0) return candidates;
  return candidates.filter(({ name }) => !(/^y$/i.test(name) || (isPlane && /^x$/i.test(name))));
}

function canBeTarget({ name, type, distinct, count, missing }: ColumnProfile): boolean {
  const filled = count - missing;
  if (PLACE.test(name.trim().normalize("NFC")) || isIdName(name)) return false;
  if (type === "id" || type === "text" || type === "date" || distinct < 2 || missing > 0.5 * count)
    return false;
  return type === "number" || distinct <= Math.min(MAX_CLASSES, 0.5 * filled + 2);
}

/** `isLast`: no later column can be predicted; `isLastOfAll`: there is no later column. */
function score(
  column: ColumnProfile,
  { isLast, isLastOfAll, isFirst }: { isLast: boolean; isLastOfAll: boolean; isFirst: boolean },
): { points: number; reason: string } {
  const { name, type, distinct } = column;
  const isBecame = distinct === 2 && BECAME.test(name.trim().normalize("NFC"));
  const rank = RANKS.find(([pattern]) => pattern.test(name.trim()))?.[1] ?? (isBecame ? BECAME_RANK : 0);
  const partial = rank === 0 && PARTIAL.test(name) ? 4 : 0;
  let points = rank + partial;
  if (isLast) points += isLastOfAll ? 3 : 2.5;
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
  return `“${name}” has ${count(why.distinct)} different values and no other column is a likelier target.`;
}

/** Words are classes; numbers are classes if they are few and whole. `isUnsure`: it could also be the other type. */
export function guessTask(column: ColumnProfile): { task: Task; taskReason: string; isUnsure?: true } {
  const { name, type, distinct } = column;
  if (distinct === 2) return { task: "binary", taskReason: `“${name}” has two values.` };
  if (type !== "number")
    return { task: "multiclass", taskReason: `“${name}” has ${count(distinct)} classes.` };
  return guessNumericTask(column);
}

function guessNumericTask(column: ColumnProfile): { task: Task; taskReason: string; isUnsure?: true } {
  const { name, distinct, min, max, count: rows } = column;
  const regression = {
    task: "regression" as const,
    taskReason: `“${name}” is a quantity with ${count(distinct)} different values.`,
  };
  const isWhole = Number.isInteger(min) && Number.isInteger(max);
  if (!isWhole || distinct > MAX_NUMERIC_CLASSES || distinct > 0.1 * rows) return regression;
  if (isClassName(name)) {
    const taskReason = `“${name}” has ${distinct} whole numbers, and its name suggests that they are classes.`;
    return { task: "multiclass", taskReason };
  }
  if (QUANTITY.test(name)) return regression;
  // Codes are numbered from 0 or 1 without gaps.
  const isSigned = min === -1 && max === 1 && distinct === 3;
  const isNumbered = isSigned || ((min === 0 || min === 1) && max! - min + 1 === distinct);
  if (isNumbered && distinct <= MOST_LIKELY_CODES) {
    const taskReason = `“${name}” has only the whole numbers ${min} to ${max}, which are more likely classes than a quantity.`;
    return { task: "multiclass", taskReason, isUnsure: true };
  }
  return isNumbered ? { ...regression, isUnsure: true } : regression;
}

/** Fewer whole numbers than this are codes rather than steps of a scale. */
const MOST_LIKELY_CODES = 4;
const QUANTITY =
  /count|number|num\b|^n_|quantity|qty|amount|age|year|day|hour|minute|month|rooms?\b|floor|price|cost|score|rating|quality|level|size|visits|children|siblings|grade|total/i;

/** The question for the user if the type is a toss-up. */
export function unsureTask(name: string, task: Task): Finding {
  const other = task === "regression" ? "multiclass" : "regression";
  const message =
    task === "regression"
      ? `“${name}” is predicted as a number; if its few whole numbers are classes, choose classes.`
      : `“${name}” is predicted as classes; if its whole numbers are a quantity, choose a number.`;
  return { code: "task_unsure", severity: "warning", column: name, message, fix: { task: other } };
}

function isClassName(name: string): boolean {
  return /class|label|species|category|type|target|cluster|digit|group|segment|^y$|outcome|verdict/i.test(
    name,
  );
}
