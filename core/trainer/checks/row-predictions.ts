/**
 * The predictions behind a run's metrics: for each training row by the folds that held it out, for each test row by the
 * tested model. Stored beside the model in a file of its own.
 */
import type { Table } from "../../csv/types.ts";
import { decideClass, type Model, type Prediction } from "../model/model.ts";
import { DamagedFileError, pack, unpack } from "../model/pack.ts";
import type { TrainingData } from "../race/training-data.ts";
import { spreadRows } from "../random.ts";
import type { Task } from "../samples.ts";

/** The fold number given to test rows. */
export const TEST = -1;
/** Numbers per file; beyond this, rows are sampled evenly: 100 MB. */
const MOST_CELLS = 12_500_000;

export interface RowPredictions {
  task: Task;
  classes: string[];
  /** The total number of rows; `rows` holds fewer if they would take too much space. */
  total: number;
  /** Data rows of the dataset's version, from 0. */
  rows: Int32Array;
  /** Which fold held the row out, from 0; TEST for test rows. */
  folds: Int16Array;
  /** Classes by their index in `classes`. */
  truth: Float64Array;
  answers: Float64Array;
  /** rows x classes; null for regression. */
  probabilities: Float64Array | null;
  /** What each row counts in metrics; absent: once. */
  weights?: Float64Array;
}

/** Predictions for held-out rows; training rows as positions in the training data. */
export interface HeldOut {
  rows: Int32Array;
  /** Calibrated; rows x width. */
  response: Float64Array;
}

export interface Tested {
  /** Positions in the run's table. */
  rows: Int32Array;
  predicted: Prediction;
  truth: Float64Array;
  /** What each row counts in metrics; null: once. */
  weights: Float64Array | null;
}

/** `train`: the training rows' positions in `table`. */
export function rowPredictions(
  model: Model,
  {
    table,
    train,
    data,
    held,
    tested,
  }: { table: Table; train: Int32Array; data: TrainingData; held: HeldOut; tested: Tested },
): RowPredictions {
  const isNumber = model.task === "regression";
  const answers = isNumber ? held.response : decideClass(model, held.response);
  const foldOf = foldsOf(data);
  const number = (row: number) => table.numbers?.[row] ?? row;
  const total = held.rows.length + tested.rows.length;
  const width = Math.max(1, model.classes.length);
  const kept = spreadRows(total, Math.min(total, Math.floor(MOST_CELLS / width)));
  const trained = held.rows.length;
  const of = <T>(at: number, ofTrained: (i: number) => T, ofTest: (i: number) => T) =>
    at < trained ? ofTrained(at) : ofTest(at - trained);
  const probabilities = isNumber ? null : new Float64Array(kept.length * width);
  kept.forEach((at, place) => {
    const [source, i] = at < trained ? [held.response, at] : [tested.predicted.probabilities!, at - trained];
    probabilities?.set(source.subarray(i * width, (i + 1) * width), place * width);
  });
  return {
    task: model.task,
    classes: model.classes,
    total,
    rows: kept.map((at) =>
      of(
        at,
        (i) => number(train[held.rows[i]!]!),
        (i) => number(tested.rows[i]!),
      ),
    ),
    folds: Int16Array.from(kept, (at) =>
      of(
        at,
        (i) => foldOf[held.rows[i]!]!,
        () => TEST,
      ),
    ),
    truth: Float64Array.from(kept, (at) =>
      of(
        at,
        (i) => data.target.values[held.rows[i]!]!,
        (i) => tested.truth[i]!,
      ),
    ),
    answers: Float64Array.from(kept, (at) =>
      of(
        at,
        (i) => answers[i]!,
        (i) => tested.predicted.values[i]!,
      ),
    ),
    probabilities,
    ...(tested.weights && {
      weights: Float64Array.from(kept, (at) =>
        of(
          at,
          (i) => data.target.scoreWeights![held.rows[i]!]!,
          (i) => tested.weights![i]!,
        ),
      ),
    }),
  };
}

/** By training row, the first fold that holds it out; TEST if none does. */
function foldsOf({ folds, target }: TrainingData): Int16Array {
  const places = new Int16Array(target.values.length).fill(TEST);
  folds.forEach(({ valid }, fold) => {
    for (const row of valid) if (places[row] === TEST) places[row] = fold;
  });
  return places;
}

const WHAT = "signalbox rows";

/** The bytes of a file that `readRowPredictions` reads. */
export function writeRowPredictions(answers: RowPredictions): Uint8Array {
  return pack({ what: WHAT, ...answers });
}

/** Throws DamagedFileError. */
export function readRowPredictions(bytes: Uint8Array): RowPredictions {
  const value = unpack(bytes) as RowPredictions & { what?: string };
  if (value.what !== WHAT) throw new DamagedFileError("The file holds no row predictions.");
  return value;
}
