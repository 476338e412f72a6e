/**
 * Data preprocessing: which rows does the model learn from, and which are kept aside to judge it?
 * Drops columns that cannot say anything, and splits so that equal rows, groups and the future stay on their side.
 */
import type { Column } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import { runPaced } from "../../trainer/pace.ts";
import { stratifiedFolds } from "../../trainer/race/folds.ts";
import { seededRandom, spreadRows } from "../../trainer/random.ts";
import type { Checkpoint } from "../../trainer/samples.ts";
import { plural, type Stage } from "./stage.ts";
import { dropColumns, rowGroups, selectRows } from "./work/table.ts";
import {
  type Context,
  checkpointOf,
  Hurry,
  type Loaded,
  left,
  type Parts,
  STOPPED_ROWS,
  tellFinding,
  type Work,
} from "./work/work.ts";

const TEST_SHARE = 0.2;
/** More rows than this make a judgement no surer, only slower; many classes are slower yet. */
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
    work.parts = { table, groups, ...split(loaded, groups, context) };
    if (isTooThin(work.parts, context)) throw splitFails(context);
    report({ type: "facts", facts: facts(work.parts, [...dropped, ...loaded.unusable], context) });
    const { train, test } = work.parts;
    const note = `${train.length.toLocaleString("en")} rows to learn from, ${test.length.toLocaleString("en")} kept aside`;
    report({ type: "progress", progress: 1, note });
  },
};

/** Which rows stay together; where Stop comes in between, of fewer rows. */
async function groupRows(context: Context): Promise<{ loaded: Loaded; groups: Int32Array | null }> {
  const { work, stop } = context;
  const pause = checkpointOf(context);
  const loaded = left(work, "loaded");
  const isTooMuch = () => stop.aborted && loaded.table.rows > STOPPED_ROWS;
  const checkpoint = () => {
    if (isTooMuch()) throw new Hurry();
    return pause();
  };
  try {
    checkpoint();
    return { loaded, groups: await groupsOf(loaded, context, checkpoint) };
  } catch (error) {
    if (!(error instanceof Hurry)) throw error;
    work.loaded = takeRows(loaded, spreadRows(loaded.table.rows, STOPPED_ROWS));
    reportRowsLeft(context, loaded.table.rows);
    return groupRows(context);
  }
}

function takeRows(loaded: Loaded, rows: Int32Array): Loaded {
  const { table, beside, target, splitKeys } = loaded;
  return {
    ...loaded,
    table: selectRows(table, rows),
    beside: selectRows(beside, rows),
    target: { ...target, values: Float64Array.from(rows, (row) => target.values[row]) },
    splitKeys: splitKeys && Float64Array.from(rows, (row) => splitKeys[row]),
  };
}

function reportRowsLeft(context: Context, rows: number): void {
  const message = `${STOPPED_ROWS.toLocaleString("en")} of ${rows.toLocaleString("en")} rows are learned from: Stop asked for a model at once.`;
  const finding = {
    code: "rows_sampled",
    severity: "warning" as const,
    column: null,
    message,
    fix: null,
  };
  tellFinding(context, finding);
}

const LEAST_TRAIN_ROWS = 10;

/** Two groups to learn from at least: one of them is held out in each fold. */
function isTooThin({ train, test, groups }: Parts, { options }: Context): boolean {
  if (train.length < LEAST_TRAIN_ROWS || test.length === 0) return true;
  return options.split === "group" && groups !== null && new Set(train.map((row) => groups[row])).size < 2;
}

function splitFails({ options }: Context): AppError {
  const column = options.splitColumn ?? options.target;
  const what = options.split === "time" ? "dates" : "groups";
  return new AppError(
    "invalid",
    `“${column}” has too few different ${what} to keep a part aside for the test.`,
    {
      column,
      fix: "Split at random, or choose a column with more different values.",
    },
  );
}

function constantColumns({ table }: Loaded, context: Context): string[] {
  const names = table.columns.filter(isConstant).map((column) => column.name);
  for (const column of names) {
    const message = `“${column}” is the same in every row; it is left out.`;
    tellFinding(context, {
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
  return new AppError("invalid", "No column is left to learn from: all of them are the same in every row.", {
    column: options.target,
    fix: "Upload a file with columns that differ between rows.",
  });
}

/** A table with fewer different rows than this share is made of few combinations, which come again in use. */
const LEAST_DISTINCT = 0.1;

/** Groups asked for; otherwise exact duplicates, where they are oddities and not the nature of the table. */
async function groupsOf(
  { table, target, splitKeys }: Loaded,
  { options, report }: Context,
  checkpoint: Checkpoint,
): Promise<Int32Array | null> {
  if (options.split === "group" && splitKeys) return numbered(splitKeys);
  const groups = await runPaced(rowGroups(table, target.values), checkpoint);
  const distinct = 1 + groups.reduce((most, group) => Math.max(most, group), 0);
  const duplicates = table.rows - distinct;
  if (duplicates === 0) return null;
  const isNature = distinct < table.rows * LEAST_DISTINCT;
  const what = `${duplicates.toLocaleString("en")} rows repeat another one exactly`;
  const message = isNature
    ? `${what}: with only ${distinct.toLocaleString("en")} different rows that is the nature of this table, and copies may stand on both sides of a split.`
    : `${what}; copies stay on one side of every split.`;
  report({
    type: "finding",
    finding: { code: "duplicate_rows", severity: "info", column: null, message, fix: null },
  });
  return isNature ? null : groups;
}

function numbered(keys: Float64Array): Int32Array {
  const known = new Map<number, number>();
  return Int32Array.from(keys, (key) => {
    const group = known.get(key) ?? known.size;
    known.set(key, group);
    return group;
  });
}

function split({ table, target, splitKeys }: Loaded, groups: Int32Array | null, { options }: Context) {
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row);
  if (options.split === "time" && splitKeys) return splitByTime(rows, splitKeys);
  const folds = Math.max(
    Math.round(1 / TEST_SHARE),
    Math.ceil(table.rows / mostTestRows(target.classes.length)),
  );
  const random = seededRandom(options.seed);
  const [first] = stratifiedFolds(rows, target, { folds, random, groups, first: 1 });
  return { train: first?.train ?? rows, test: first?.valid ?? new Int32Array(0) };
}

/** The last fifth is kept aside; training rows stay in order of time. */
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
