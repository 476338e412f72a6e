/**
 * Decides whether a column can be predicted, and as what: class labels or numbers. Every reason why not is an AppError
 * with the column and the fix.
 */

import { findLabel, positiveClass } from "../../../csv/profile/advice/positive-class.ts";
import { guessTask } from "../../../csv/profile/guess-target.ts";
import type { Column, ColumnPlan, ColumnProfile } from "../../../csv/types.ts";
import { AppError } from "../../../platform/errors.ts";
import { count, figure, plural } from "../../../platform/figures.ts";
import { LEAST_ROWS, type RunOptions } from "../../../trainer/contract.ts";
import type { Target, Task } from "../../../trainer/samples.ts";

const MOST_CLASSES = 200;

/** The requested task, or the one that the column suggests. */
export function settleTask(options: RunOptions, plan: ColumnPlan, profile: ColumnProfile | undefined): Task {
  const asked = options.isTaskGuessed ? null : options.task;
  if (asked === "regression" && plan.type !== "number") {
    throw invalid(
      options.target,
      `The target “${options.target}” holds words, which cannot be predicted as numbers.`,
      {
        fix: "Choose a classification task, or a target that holds numbers.",
      },
    );
  }
  if (asked) return asked;
  // Of a guess only the kind counts: the rows tell how many classes there are.
  if (profile)
    return guessTask(profile).task === "regression" && plan.type === "number" ? "regression" : "multiclass";
  return plan.type === "number" ? "regression" : "multiclass";
}

/** The plan by which the target is read: classes stay as they are in the file. */
export function targetPlan(plan: ColumnPlan, task: Task): ColumnPlan {
  return task === "regression" ? plan : { ...plan, type: "category" };
}

export interface ReadTarget {
  target: Target;
  /** Rows that have a value. */
  rows: Int32Array;
  /** Why the second of two classes is the positive one; null for other tasks. */
  positiveReason: string | null;
}

/** Values for the rows that have one; of two classes the positive one is the second. Throws AppError `invalid`. */
export function readTarget(column: Column, task: Task, asked: string | null): ReadTarget {
  const read = "values" in column ? readNumbers(column.values) : readClasses(column, column.name);
  const name = column.name;
  if (read.rows.length < LEAST_ROWS) {
    throw invalid(
      name,
      `Only ${plural(read.rows.length, "row")} ${read.rows.length === 1 ? "has" : "have"} a value in “${name}”; training needs at least ${LEAST_ROWS}.`,
      {
        fix: "Upload more rows, or choose a target that is filled in more rows.",
      },
    );
  }
  if (task === "regression") {
    const target = checkNumbers(name, read.values, read.rows);
    if (asked !== null) throw noPositiveClass(name, "is predicted as a number");
    return { target, rows: read.rows, positiveReason: null };
  }
  checkClasses(name, read, task);
  const { values, rows, classes } = read;
  if (classes.length === 2) return orderedByPositive(read, name, asked);
  if (asked !== null) throw noPositiveClass(name, `has ${plural(classes.length, "class")}`);
  return { target: { task: "multiclass", values, classes }, rows, positiveReason: null };
}

/** The two classes with the positive one second. */
function orderedByPositive({ values, rows, classes }: Read, name: string, asked: string | null): ReadTarget {
  const [first, second] = classes;
  const seconds = rows.reduce((sum, row) => sum + values[row], 0);
  const found = asked === null ? null : findLabel(classes, asked);
  if (asked !== null && found === null) {
    throw invalid(name, `“${name}” has no class “${asked}”.`, {
      fix: `Choose “${first}” or “${second}” as the positive class.`,
    });
  }
  const guessed = positiveClass([first, second], [rows.length - seconds, seconds]);
  const positive = found ?? guessed.label;
  const positiveReason = found === null ? guessed.reason : "you chose it";
  if (positive === second) return { target: { task: "binary", values, classes }, rows, positiveReason };
  const target: Target = { task: "binary", values: values.map((k) => 1 - k), classes: [second, first] };
  return { target, rows, positiveReason };
}

function noPositiveClass(name: string, why: string): AppError {
  return invalid(name, `“${name}” ${why}, so it has no positive class.`, {
    fix: "Leave positiveClass out, or choose a target with two classes.",
  });
}

interface Read {
  values: Float64Array;
  rows: Int32Array;
  classes: string[];
}

function readNumbers(values: Float64Array): Read {
  const rows = Int32Array.from(values.keys()).filter((row) => Number.isFinite(values[row]));
  return { values, rows, classes: [] };
}

/** Classes in order: numbers by size, words by code point, so that the second of two is always the same. */
function readClasses(column: Extract<Column, { codes: Int32Array }>, name: string): Read {
  const { codes, labels } = column;
  const rows = Int32Array.from(codes.keys()).filter((row) => codes[row] >= 0);
  const used = [...new Set(Array.from(rows, (row) => codes[row]))];
  if (used.length > MOST_CLASSES || (used.length > 20 && used.length > rows.length / 3)) {
    throw invalid(
      name,
      `The target “${name}” has ${count(used.length)} different values in ${plural(rows.length, "row")}. ${whyTooMany(used.length, rows.length)}`,
      {
        fix: "Choose a target with fewer different values, or a column of numbers.",
      },
    );
  }
  const numeric = used.every((code) => labels[code].trim() !== "" && Number.isFinite(Number(labels[code])));
  used.sort((a, b) => (numeric ? Number(labels[a]) - Number(labels[b]) : labels[a] < labels[b] ? -1 : 1));
  const classOf = new Map(used.map((code, index) => [code, index]));
  const values = Float64Array.from(codes, (code) => classOf.get(code) ?? Number.NaN);
  return { values, rows, classes: used.map((code) => labels[code]) };
}

/** Why a model cannot tell this many classes apart: the first reason that applies. */
function whyTooMany(classes: number, rows: number): string {
  if (classes === rows) return "No value appears twice, so there is nothing to learn from.";
  if (classes > MOST_CLASSES) return `A model can predict at most ${MOST_CLASSES} different values.`;
  return `On average a value appears in ${figure(rows / classes)} rows; more than 20 different values need at least 3 rows each.`;
}

function checkNumbers(name: string, values: Float64Array, rows: Int32Array): Target {
  const first = values[rows[0]];
  if (rows.every((row) => values[row] === first)) {
    throw invalid(name, `The target “${name}” is ${first} in every row: there is nothing to predict.`, {
      fix: "Choose a target that differs between rows.",
    });
  }
  return { task: "regression", values, classes: [] };
}

function checkClasses(name: string, read: Read, task: Task): void {
  if (read.classes.length < 2) {
    throw invalid(
      name,
      `The target “${name}” has only one class, “${read.classes[0]}”: there is nothing to predict.`,
      {
        fix: "Choose a target with at least two different values.",
      },
    );
  }
  if (task === "binary" && read.classes.length > 2) {
    throw invalid(
      name,
      `The target “${name}” has ${plural(read.classes.length, "class")}, which is not a binary task.`,
      {
        fix: "Choose the task multiclass, or leave the task out.",
      },
    );
  }
}

export function invalid(column: string, message: string, rest: { fix: string }): AppError {
  return new AppError("invalid", message, { column, ...rest });
}
