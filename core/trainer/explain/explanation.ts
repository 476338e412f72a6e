/**
 * Explains how much each column moved a prediction: TreeSHAP for trees, weights times values for linear models, summed
 * by column of the file, so that base and contributions sum to the model's raw margin: the number, or the log-odds.
 *
 *   member's margin --(its link)--> response --(weights)--> model's response --(calibration, logit)--> margin
 *
 * Each arrow is monotone for one output, so contributions are stretched by the slope between base and answer and
 * still sum exactly. With more than two classes there is no such arrow: there the margins of the members are averaged.
 */
import type { Table } from "../../csv/types.ts";
import { encodeRows } from "../encoding/encoder.ts";
import { applyCalibration } from "../model/calibration.ts";
import { type Model, modelInputs } from "../model/model.ts";
import { type MemberContributions, memberContributions } from "./member-contributions.ts";

export interface Explanation {
  /** Names of the columns, in the encoder's order. */
  columns: string[];
  /** 1 for numbers and two classes (then for the second class), else one per class. */
  outputs: number;
  /** rows x outputs: what the model would predict without knowing the row. */
  base: Float64Array;
  /** rows x columns x outputs, row-major. */
  contributions: Float64Array;
  /** rows x outputs: the sum of base and contributions. */
  margins: Float64Array;
}

/** A few milliseconds per row and hundred trees. */
export function explain(model: Model, table: Table): Explanation {
  const inputs = modelInputs(model, encodeRows(model.encoder, table));
  const columns = model.encoder.columns.map(({ column }) => column);
  const outputs = model.task === "multiclass" ? model.classes.length : 1;
  const explanation = emptyExplanation(columns, table.rows, outputs);
  for (let row = 0; row < table.rows; row++) {
    for (const part of model.parts) {
      const weight = part.weight / part.members.length;
      for (const member of part.members) {
        const given = memberContributions(member, inputs, { row, columns: columns.length });
        addMember(explanation, model, { row, weight, given });
      }
    }
    finishRow(explanation, model, row);
  }
  return explanation;
}

function emptyExplanation(columns: string[], rows: number, outputs: number): Explanation {
  return {
    columns,
    outputs,
    base: new Float64Array(rows * outputs),
    contributions: new Float64Array(rows * columns.length * outputs),
    margins: new Float64Array(rows * outputs),
  };
}

/** Adds a member in the space in which members are averaged: responses for one output, margins for several. */
function addMember(
  into: Explanation,
  model: Model,
  from: { row: number; weight: number; given: MemberContributions },
): void {
  const { row, weight, given } = from;
  const { outputs } = into;
  const width = into.columns.length;
  for (let k = 0; k < outputs; k++) {
    const total = given.margins[k];
    const link = model.task === "multiclass" ? given.toMargin : given.toResponse;
    const [start, end] = [link(given.base[k]), link(total)];
    const stretch = weight * slopeBetween(link, given.base[k], total);
    into.base[row * outputs + k] += weight * start;
    into.margins[row * outputs + k] += weight * end;
    for (let column = 0; column < width; column++) {
      into.contributions[(row * width + column) * outputs + k] +=
        stretch * given.contributions[column * outputs + k];
    }
  }
}

/** Two classes: from probabilities to calibrated log-odds. */
function finishRow(into: Explanation, model: Model, row: number): void {
  if (model.task !== "binary") return;
  const width = into.columns.length;
  const link = (probability: number) => logOdds(model, probability);
  const [start, end] = [into.base[row], into.margins[row]];
  const stretch = slopeBetween(link, start, end);
  for (let column = 0; column < width; column++) into.contributions[row * width + column] *= stretch;
  into.base[row] = link(start);
  into.margins[row] = link(end);
}

function logOdds(model: Model, probability: number): number {
  const both = Float64Array.of(1 - probability, probability);
  const [no, yes] = model.calibration ? applyCalibration(model.calibration, both) : both;
  return Math.log(Math.max(yes, 1e-12)) - Math.log(Math.max(no, 1e-12));
}

/** Rise over run; if the run is zero, the slope at that point. */
function slopeBetween(link: (value: number) => number, from: number, to: number): number {
  const run = to - from;
  if (Math.abs(run) > 1e-9) return (link(to) - link(from)) / run;
  const step = 1e-6;
  return (link(from + step) - link(from - step)) / (2 * step);
}
