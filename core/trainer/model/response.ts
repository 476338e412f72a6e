/**
 * Turns the raw margins of a learner into probabilities (rows x classes, including for two) or numbers (rows x 1).
 * Members of an ensemble are averaged in this space.
 */
import type { Target, Task } from "../samples.ts";

/** Columns of a response: one per class, or one for the number. */
export function responseWidth(target: Pick<Target, "task" | "classes">): number {
  return target.task === "regression" ? 1 : target.classes.length;
}

/** Linear margins (one output for two classes) to the response. */
export function respond(task: Task, margins: Float64Array, outputs: number): Float64Array {
  if (task === "regression") return margins;
  if (task === "binary") return binaryResponse(margins);
  const response = margins.slice();
  for (let at = 0; at < response.length; at += outputs) softmaxAt(response, at, outputs);
  return response;
}

function binaryResponse(margins: Float64Array): Float64Array {
  const response = new Float64Array(margins.length * 2);
  for (let row = 0; row < margins.length; row++) {
    const probability = 1 / (1 + Math.exp(-margins[row]));
    response[2 * row] = 1 - probability;
    response[2 * row + 1] = probability;
  }
  return response;
}

function softmaxAt(values: Float64Array, at: number, outputs: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < outputs; k++) most = Math.max(most, values[at + k]);
  let sum = 0;
  for (let k = 0; k < outputs; k++) {
    values[at + k] = Math.exp(values[at + k] - most);
    sum += values[at + k];
  }
  for (let k = 0; k < outputs; k++) values[at + k] /= sum;
}

/** The likeliest class of each row (ties: the first), or the number itself. */
export function decide(task: Task, response: Float64Array, width: number): Float64Array {
  if (task === "regression") return response;
  const decided = new Float64Array(response.length / width);
  for (let row = 0; row < decided.length; row++) {
    let best = 0;
    for (let k = 1; k < width; k++) if (response[row * width + k] > response[row * width + best]) best = k;
    decided[row] = best;
  }
  return decided;
}
