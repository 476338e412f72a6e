/**
 * Defines what is deployed: encoder, members with their weights, calibration and schema as plain data, with functions
 * that predict. It reads a table with columns by name and never needs the training data.
 */
import type { ColumnPlan, RowReading, Table } from "../../csv/types.ts";
import { runPaced, runThrough, type Steps } from "../cancellation.ts";
import type { Encoder } from "../encoding/columns.ts";
import type { DesignPlan } from "../encoding/design.ts";
import { type EncodedTable, encodeRows, encodeTable } from "../encoding/encoder.ts";
import type { SupervisedEncoder } from "../encoding/supervised.ts";
import type { Checkpoint, Task } from "../samples.ts";
import type { Bounds } from "./bounds.ts";
import { applyCalibration, type Calibration } from "./calibration.ts";
import { type Member, type MemberInputs, memberResponses } from "./members.ts";
import { decide } from "./response.ts";

export const MODEL_VERSION = 1;

export interface Model {
  version: typeof MODEL_VERSION;
  task: Task;
  target: string;
  classes: string[];
  /** How the cells of each used column become values. */
  plans: ColumnPlan[];
  /** How the file's rows were read; absent in older models. */
  reading?: RowReading;
  encoder: Encoder;
  design: DesignPlan;
  supervised: SupervisedEncoder[];
  /** Predictions of the parts are averaged by weight; the members of a part evenly. */
  parts: ModelPart[];
  calibration: Calibration | null;
  /** Binary: the second class is predicted from this probability on; null: the likelier class. */
  threshold: number | null;
  /** The bounds of its predictions; absent in older files, and if there were too few rows. */
  bounds?: Bounds;
  /**
   * Hashes of the rows that it learned from (learnedRows), so that it is never scored on them; absent in older files.
   */
  learned?: Uint32Array;
}

export interface ModelPart {
  name: string;
  family: string;
  weight: number;
  members: Member[];
}

export interface Prediction {
  /** Class index, or the number. Length rows. */
  values: Float64Array;
  /** rows x classes, row-major; null for regression. */
  probabilities: Float64Array | null;
}

const BLOCK_ROWS = 4096;

/** Predictions for every row of the table; columns are found by name, absent ones read as missing. */
export function predict(model: Model, table: Table): Prediction {
  return finish(model, predictEncoded(model, encodeRows(model.encoder, table)));
}

/** As above in blocks with checkpoints, for tables of any length. */
export async function predictTable(model: Model, table: Table, checkpoint: Checkpoint): Promise<Prediction> {
  const encoded = await encodeTable(model.encoder, table, checkpoint);
  const inputs = modelInputs(model, encoded);
  const width = model.task === "regression" ? 1 : model.classes.length;
  const response = new Float64Array(table.rows * width);
  for (let from = 0; from < table.rows; from += BLOCK_ROWS) {
    await checkpoint();
    const rows = rowRange(from, Math.min(table.rows, from + BLOCK_ROWS));
    response.set(await runPaced(combined(model, inputs, rows), checkpoint), from * width);
  }
  return finish(model, response);
}

export function modelInputs(model: Model, encoded: EncodedTable): MemberInputs {
  const { task, design, supervised } = model;
  return { task, encoded, design, supervised, samples: new Map() };
}

function predictEncoded(model: Model, encoded: EncodedTable): Float64Array {
  return combine(model, modelInputs(model, encoded), rowRange(0, encoded.samples.rows));
}

/** Weighted mean of the parts' predictions, before calibration. */
export function combine(model: Model, inputs: MemberInputs, rows: Int32Array): Float64Array {
  return runThrough(combined(model, inputs, rows));
}

/** As above in steps, for many rows. */
function* combined(model: Model, inputs: MemberInputs, rows: Int32Array): Steps<Float64Array> {
  const width = model.task === "regression" ? 1 : model.classes.length;
  const mixed = new Float64Array(rows.length * width);
  for (const part of model.parts) {
    for (const member of part.members) {
      const response = yield* memberResponses(member, inputs, rows);
      const weight = part.weight / part.members.length;
      for (let at = 0; at < mixed.length; at++) mixed[at] += weight * response[at];
    }
  }
  return mixed;
}

/** Calibrated predictions from the mean of the parts, and the decided class. */
export function finish(model: Model, response: Float64Array): Prediction {
  if (model.task === "regression") return { values: response, probabilities: null };
  const probabilities = model.calibration ? applyCalibration(model.calibration, response) : response;
  return { values: decideClass(model, probabilities), probabilities };
}

/** `probabilities`: rows x classes. Returns the class index of each row, by the threshold if the model has one. */
export function decideClass(
  model: Pick<Model, "task" | "classes" | "threshold">,
  probabilities: Float64Array,
): Float64Array {
  const { threshold } = model;
  if (model.task !== "binary" || threshold === null) {
    return decide(model.task, probabilities, model.classes.length);
  }
  const decided = new Float64Array(probabilities.length / 2);
  for (let row = 0; row < decided.length; row++)
    if (probabilities[row * 2 + 1] >= threshold) decided[row] = 1;
  return decided;
}

/** Rows [from, to). */
export function rowRange(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, i) => from + i);
}
