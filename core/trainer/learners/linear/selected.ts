/**
 * Fits a linear model to the few columns that matter among many: the lasso's path by coordinate descent with warm starts
 * (Friedman, Hastie, Tibshirani 2010) says in which order columns come in, and ridge or logistic regression is fitted to
 * those alone (relaxed lasso, Meinshausen 2007). How many, held-out parts of the rows decide. Classes are selected by
 * the squared error of their shares, which needs no weights of its own.
 */
import { type Checkpoint, type Random, type SparseRows, type Task, takeRows } from "../../samples.ts";
import { fitLinear, type LinearModel, type LinearOptions, predictLinear } from "./linear.ts";

/** Penalties as shares of the one that keeps every column out. */
const PENALTIES = Array.from({ length: 14 }, (_, step) => 0.78 ** (step + 1));
const MOST_PASSES = 60;
const SETTLED = 1e-4;
const PARTS = 3;
const MOST_SELECTED = 150;

export interface SelectedOptions extends LinearOptions {
  random: Random;
}

/** As fitLinear; columns that were not selected have weight zero. Rejects with the checkpoint's error. */
export async function fitSelected(
  design: SparseRows,
  truth: Float64Array,
  options: SelectedOptions,
): Promise<LinearModel> {
  const rows = truth.length;
  const parts = Int8Array.from({ length: rows }, () => Math.floor(options.random() * PARTS));
  const losses = new Float64Array(PENALTIES.length);
  for (let part = 0; part < PARTS; part++) {
    const held = Int32Array.from(parts.keys()).filter((row) => parts[row] === part);
    const others = Int32Array.from(parts.keys()).filter((row) => parts[row] !== part);
    if (held.length === 0 || others.length === 0) continue;
    const tried = await heldOutLosses(design, truth, { options, held, others });
    tried.forEach((loss, step) => {
      losses[step] += loss;
    });
  }
  const best = losses.reduce((least, loss, step) => (loss < losses[least] ? step : least), 0);
  const path = await lassoPath(design, targetsOf(truth, options), options);
  const columns = path[Math.min(best, path.length - 1)];
  return fitColumns(design, truth, { options, columns });
}

/** The loss of the rows held out, by step of the path; past its end that of its last. */
async function heldOutLosses(
  design: SparseRows,
  truth: Float64Array,
  { options, held, others }: { options: SelectedOptions; held: Int32Array; others: Int32Array },
): Promise<number[]> {
  const [learned, known] = [takeRows(design, others), truthAt(truth, others)];
  const own = { ...options, ...(options.weights && { weights: truthAt(options.weights, others) }) };
  const path = await lassoPath(learned, targetsOf(known, own), own);
  const [asked, expected] = [takeRows(design, held), truthAt(truth, held)];
  const losses: number[] = [];
  for (const [step, columns] of path.entries()) {
    if (step > 0 && columns.length === path[step - 1].length) {
      losses.push(losses[step - 1]);
      continue;
    }
    const model = await fitColumns(learned, known, { options: own, columns });
    losses.push(lossOf(options.task, predictLinear(model, asked), expected));
  }
  return PENALTIES.map((_, step) => losses[Math.min(step, losses.length - 1)]);
}

const truthAt = (values: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => values[row]);

/** Squared error, or log loss, summed over the rows. */
function lossOf(task: Task, margins: Float64Array, truth: Float64Array): number {
  const outputs = margins.length / truth.length;
  let loss = 0;
  for (let row = 0; row < truth.length; row++) {
    if (task === "regression") loss += (truth[row] - margins[row]) ** 2;
    else if (task === "binary") loss += Math.log1p(Math.exp(truth[row] > 0 ? -margins[row] : margins[row]));
    else {
      const of = margins.subarray(row * outputs, (row + 1) * outputs);
      const most = Math.max(...of);
      loss += most + Math.log(of.reduce((sum, margin) => sum + Math.exp(margin - most), 0)) - of[truth[row]];
    }
  }
  return loss;
}

/** The model of these columns alone, over all columns of the design. */
async function fitColumns(
  design: SparseRows,
  truth: Float64Array,
  { options, columns }: { options: LinearOptions; columns: Int32Array },
): Promise<LinearModel> {
  const model = await fitLinear(withColumns(design, columns), truth, options);
  const { outputs } = model;
  const weights = new Float64Array(design.columns * outputs);
  columns.forEach((column, at) => {
    weights.set(model.weights.subarray(at * outputs, (at + 1) * outputs), column * outputs);
  });
  return { ...model, columns: design.columns, weights };
}

function withColumns({ columns: all, starts, indices, values }: SparseRows, columns: Int32Array): SparseRows {
  const place = new Int32Array(all).fill(-1);
  columns.forEach((column, at) => {
    place[column] = at;
  });
  const kept = { starts: new Int32Array(starts.length), indices: [] as number[], values: [] as number[] };
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let at = starts[row]; at < starts[row + 1]; at++) {
      if (place[indices[at]] < 0) continue;
      kept.indices.push(place[indices[at]]);
      kept.values.push(values[at]);
    }
    kept.starts[row + 1] = kept.indices.length;
  }
  return {
    columns: columns.length,
    starts: kept.starts,
    indices: Int32Array.from(kept.indices),
    values: Float32Array.from(kept.values),
  };
}

/** What the lasso follows: the number, the second of two classes, or each class of several. */
function targetsOf(
  truth: Float64Array,
  { task, classes }: Pick<LinearOptions, "task" | "classes">,
): Float64Array[] {
  if (task !== "multiclass") return [truth];
  return Array.from({ length: classes }, (_, label) => truth.map((value) => (value === label ? 1 : 0)));
}

/** Centred and of unit variance, column by column; a constant column stays zero. */
interface Standard {
  rows: number;
  columns: Float64Array[];
}

function standardColumns({ columns, starts, indices, values }: SparseRows): Standard {
  const rows = starts.length - 1;
  const dense = Array.from({ length: columns }, () => new Float64Array(rows));
  for (let row = 0; row < rows; row++)
    for (let at = starts[row]; at < starts[row + 1]; at++) dense[indices[at]][row] = values[at];
  return { rows, columns: dense.map(standardized) };
}

function standardized(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const scale = Math.sqrt(squares / values.length);
  return scale > 1e-9 ? values.map((value) => (value - mean) / scale) : new Float64Array(values.length);
}

/** The columns in the model at each penalty, ascending; ends before there are too many. */
export async function lassoPath(
  design: SparseRows,
  targets: readonly Float64Array[],
  { checkpoint }: { checkpoint: Checkpoint },
): Promise<Int32Array[]> {
  const standard = standardColumns(design);
  const most = Math.min(MOST_SELECTED, standard.rows / 2);
  const fits = targets.map((target) => {
    const residual = standardized(target);
    const strongest = standard.columns.reduce(
      (max, column) => Math.max(max, Math.abs(slopeOf(column, residual))),
      0,
    );
    return { residual, strongest, weights: new Float64Array(design.columns) };
  });
  const path: Int32Array[] = [];
  for (const share of PENALTIES) {
    for (const fit of fits) await descend(standard, fit, { penalty: share * fit.strongest, checkpoint });
    const columns = Int32Array.from(standard.columns.keys()).filter((at) =>
      fits.some(({ weights }) => weights[at] !== 0),
    );
    if (path.length > 0 && columns.length > most) break;
    path.push(columns);
  }
  return path;
}

/** Mean of the products. */
function slopeOf(column: Float64Array, residual: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < column.length; row++) sum += column[row] * residual[row];
  return sum / column.length;
}

/** Coordinate descent from the weights at the penalty before. */
async function descend(
  { columns }: Standard,
  { residual, weights }: { residual: Float64Array; weights: Float64Array },
  { penalty, checkpoint }: { penalty: number; checkpoint: Checkpoint },
): Promise<void> {
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    await checkpoint();
    // Every fifth pass looks at all columns, the others at those in the model.
    const isFull = pass % 5 === 0;
    let moved = 0;
    for (let at = 0; at < columns.length; at++) {
      if (!isFull && weights[at] === 0) continue;
      const wanted = weights[at] + slopeOf(columns[at], residual);
      const weight = Math.sign(wanted) * Math.max(0, Math.abs(wanted) - penalty);
      const step = weight - weights[at];
      if (step === 0) continue;
      const column = columns[at];
      for (let row = 0; row < column.length; row++) residual[row] -= step * column[row];
      weights[at] = weight;
      moved = Math.max(moved, Math.abs(step));
    }
    if (isFull && moved < SETTLED) return;
  }
}
