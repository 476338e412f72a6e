/**
 * Data preprocessing: splits the rows into training and test sets. Drops columns that carry no information, and keeps
 * equal rows, groups and the future on their side of the split.
 */

import type { Column } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import { count as grouped } from "../../platform/figures.ts";
import { stratifiedFolds } from "../../trainer/race/folds.ts";
import { seededRandom, spreadRows } from "../../trainer/random.ts";
import { type Checkpoint, targetRows } from "../../trainer/samples.ts";
import { plural, type Stage } from "./stage.ts";
import { columnGroups, duplicateGroups, largeGroups, onlyLearnedGroups } from "./work/rows/groups.ts";
import { dropColumns, selectRows } from "./work/rows/table.ts";
import {
  type Context,
  checkpointOf,
  type Loaded,
  left,
  type Parts,
  reportFinding,
  STOPPED_ROWS,
  StopRequested,
  type Work,
} from "./work/work.ts";

const TEST_SHARE = 0.2;
/** More test rows make a result no more certain, only slower; many classes are slower still. */
const MOST_TEST_ROWS = 50_000;
const MOST_TEST_CELLS = 1_000_000;
const mostTestRows = (classes: number) => Math.min(MOST_TEST_ROWS, MOST_TEST_CELLS / Math.max(2, classes));

export const preprocessData: Stage<Work> = {
  name: "Data preprocessing",
  async run(context) {
    const { work, report } = context;
    const { loaded, groups } = await groupRows(context);
    const checkpoint = checkpointOf(context);
    const dropped = constantColumns(loaded, context);
    const table = dropColumns(loaded.table, new Set([...dropped, ...loaded.unusable]));
    if (table.columns.length === 0) throw nothingLeft(context);
    await checkpoint();
    report({ type: "progress", progress: 0.4, note: `${plural(table.columns.length, "column")} kept` });
    const sides = split(loaded, groups, context);
    work.parts = { table, groups, ...sides, tested: sides.test, strata: loaded.strata };
    if (isTooThin(work.parts, context)) throw splitFails(context);
    report({ type: "facts", facts: facts(work.parts, [...dropped, ...loaded.unusable], context) });
    const { train, test } = work.parts;
    const note = `${grouped(train.length)} training rows, ${grouped(test.length)} test rows`;
    report({ type: "progress", progress: 1, note });
  },
};

/** Which rows stay together; after a stop, only a part of the rows. */
async function groupRows(context: Context): Promise<{ loaded: Loaded; groups: Int32Array | null }> {
  const { work, stop } = context;
  const pause = checkpointOf(context);
  const loaded = left(work, "loaded");
  const isTooMuch = () => stop.aborted && loaded.table.rows > STOPPED_ROWS;
  const checkpoint = () => {
    if (isTooMuch()) throw new StopRequested();
    return pause();
  };
  try {
    await checkpoint();
    return { loaded, groups: await groupsOf(context, loaded, checkpoint) };
  } catch (error) {
    if (!(error instanceof StopRequested)) throw error;
    work.loaded = takeRows(loaded, spreadRows(loaded.table.rows, STOPPED_ROWS));
    reportRowsLeft(context, loaded.table.rows);
    return groupRows(context);
  }
}

function takeRows(loaded: Loaded, rows: Int32Array): Loaded {
  const { table, beside, target, splitKeys, marked, strata } = loaded;
  return {
    ...loaded,
    table: selectRows(table, rows),
    beside: selectRows(beside, rows),
    target: targetRows(target, rows),
    splitKeys: splitKeys && Float64Array.from(rows, (row) => splitKeys[row]),
    marked: marked && Uint8Array.from(rows, (row) => marked[row]),
    strata: strata && Int32Array.from(rows, (row) => strata[row]),
  };
}

function reportRowsLeft(context: Context, rows: number): void {
  const message = `${grouped(STOPPED_ROWS)} of ${grouped(rows)} rows are used, because you asked to finish now.`;
  const finding = {
    code: "rows_sampled",
    severity: "warning" as const,
    column: null,
    message,
    fix: null,
  };
  reportFinding(context, finding);
}

const LEAST_TRAIN_ROWS = 10;

/** At least two groups to learn from: one of them is held out in each fold. */
function isTooThin({ train, test, groups }: Parts, { options }: Context): boolean {
  if (train.length < LEAST_TRAIN_ROWS || test.length === 0) return true;
  return options.split === "group" && groups !== null && new Set(train.map((row) => groups[row])).size < 2;
}

function splitFails({ options }: Context): AppError {
  const column = options.splitColumn ?? options.target;
  const what = options.split === "time" ? "dates" : "groups";
  return new AppError("invalid", `“${column}” has too few different ${what} for a test set.`, {
    column,
    fix: "Split at random, or choose a column with more different values.",
  });
}

function constantColumns({ table }: Loaded, context: Context): string[] {
  const names = table.columns.filter(isConstant).map((column) => column.name);
  for (const column of names) {
    const message = `“${column}” is the same in every row, so it is ignored.`;
    reportFinding(context, {
      code: "constant",
      severity: "info",
      column,
      message,
      fix: { exclude: [column] },
    });
  }
  return names;
}

function isConstant(column: Column): boolean {
  const values: ArrayLike<number> = "values" in column ? column.values : column.codes;
  for (let row = 1; row < values.length; row++) if (!Object.is(values[row], values[0])) return false;
  return true;
}

function nothingLeft({ options }: Context): AppError {
  return new AppError("invalid", "No column is left to train on: all have the same value in every row.", {
    column: options.target,
    fix: "Upload a file with columns that differ between rows.",
  });
}

/** The requested groups; otherwise copies, in the columns that are learned from. */
async function groupsOf(
  context: Context,
  loaded: Loaded,
  checkpoint: Checkpoint,
): Promise<Int32Array | null> {
  const { options } = context;
  if (options.split === "group" && loaded.splitKeys) return columnGroups(loaded.splitKeys);
  if (options.split === "time") return null;
  const learned = dropColumns(loaded.table, new Set(loaded.unusable));
  const { groups, findings } = await duplicateGroups(learned, checkpoint);
  // They are reported together with rows on both sides.
  if (!loaded.marked) for (const finding of findings) reportFinding(context, finding);
  return groups;
}

function split(loaded: Loaded, groups: Int32Array | null, context: Context) {
  const { table, target, splitKeys } = loaded;
  const { options } = context;
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
  if (loaded.marked) return splitByMark(context, loaded, { marked: loaded.marked, groups });
  if (options.split === "time" && splitKeys) return splitByTime(rows, splitKeys);
  const folds = Math.max(
    Math.round(1 / TEST_SHARE),
    Math.ceil(table.rows / mostTestRows(target.classes.length)),
  );
  const random = seededRandom(options.seed);
  const onlyLearned = groups && options.split === "group" ? rowsOnlyLearned(context, groups) : null;
  const dealt = onlyLearned ? rows.filter((row) => !onlyLearned(row)) : rows;
  const learned = onlyLearned ? rows.filter(onlyLearned) : undefined;
  const [first] = stratifiedFolds(dealt, target, {
    ...{ folds, random, groups, learned },
    first: 1,
    strata: loaded.strata,
  });
  return { train: first?.train ?? rows, test: first?.valid ?? new Int32Array(0) };
}

/** The test set is exactly what was marked; training rows stay in order of time if they have one. */
function splitByMark(
  context: Context,
  { target, splitKeys }: Loaded,
  { marked, groups }: { marked: Uint8Array; groups: Int32Array | null },
) {
  const rows = Int32Array.from(marked.keys());
  const [unmarked, test] = [rows.filter((row) => marked[row] === 0), rows.filter((row) => marked[row] === 1)];
  const train =
    context.options.split === "time" && splitKeys
      ? unmarked
          .filter((row) => Number.isFinite(splitKeys[row]))
          .sort((a, b) => splitKeys[a] - splitKeys[b] || a - b)
      : unmarked;
  refuseUnknownClasses(context, target, { train, test });
  if (groups) tellShared(context, groups, { train, test });
  return { train, test };
}

/** No model can predict a class that it has not learned from. */
function refuseUnknownClasses(
  { options }: Context,
  { task, classes, values }: Loaded["target"],
  { train, test }: { train: Int32Array; test: Int32Array },
): void {
  if (task === "regression") return;
  const known = new Set(Array.from(train, (row) => values[row]));
  const unknown = test.find((row) => !known.has(values[row]));
  if (unknown === undefined) return;
  const label = classes[values[unknown]];
  throw new AppError("invalid", `Test rows have the class “${label}”, which no training row has.`, {
    column: options.target,
    fix: "Add training rows of that class, or leave its rows out of the test set.",
  });
}

/** Rows on both sides make the scores look better than they are for new rows. */
function tellShared(
  context: Context,
  groups: Int32Array,
  { train, test }: { train: Int32Array; test: Int32Array },
): void {
  const learned = new Set(Array.from(train, (row) => groups[row]));
  const shared = test.filter((row) => learned.has(groups[row])).length;
  if (shared === 0) return;
  const { splitColumn, split: by } = context.options;
  const isOne = shared === 1;
  const what =
    by === "group"
      ? `${isOne ? "has" : "have"} a value of “${splitColumn}” that training rows have, too`
      : `${isOne ? "repeats" : "repeat"} a training row in every column that is used`;
  const message = `${plural(shared, "row")} of your test set ${what}: the figures may be too good for new rows.`;
  reportFinding(context, { code: "test_shared", severity: "warning", column: null, message, fix: null });
}

/** Whether a row belongs to a group that is too large for the test set; null if there is none. */
function rowsOnlyLearned(context: Context, groups: Int32Array): ((row: number) => boolean) | null {
  const { isOnlyLearned, count, share } = onlyLearnedGroups(groups);
  if (count === 0) return null;
  reportFinding(context, largeGroups(context.options.splitColumn!, { count, share }));
  return (row) => isOnlyLearned[groups[row]];
}

/** The last fifth becomes the test set; training rows stay in order of time. */
function splitByTime(rows: Int32Array, keys: Float64Array): Pick<Parts, "train" | "test"> {
  const dated = rows.filter((row) => Number.isFinite(keys[row])).sort((a, b) => keys[a] - keys[b] || a - b);
  const testRows = Math.min(MOST_TEST_ROWS, Math.round(dated.length * TEST_SHARE));
  return { train: dated.slice(0, dated.length - testRows), test: dated.slice(dated.length - testRows) };
}

function facts(
  { train, test, groups }: Parts,
  dropped: string[],
  { options }: Context,
): Record<string, unknown> {
  const kept = groups ? (options.split === "group" ? "groups" : "duplicates") : null;
  return {
    rowsTrain: train.length,
    rowsTest: test.length,
    split: options.split,
    keptTogether: kept,
    dropped,
  };
}
