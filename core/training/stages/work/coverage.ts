/** Measures on the test rows how often the model's bounds contain the truth, and how wide they are. */
import type { Table } from "../../../csv/types.ts";
import { encodeRows } from "../../../trainer/encoding/encoder.ts";
import { boundRows, highestLevel, spreadsOf } from "../../../trainer/model/bounds.ts";
import type { Model, Prediction } from "../../../trainer/model/model.ts";

export interface BoundsCoverage {
  /** The requested level. */
  level: number;
  /** The measured level: the share of test rows whose truth is inside. */
  coverage: number;
  /** Mean width of the intervals; for classes the mean size of the sets. */
  width: number;
  rows: number;
}

const LEVELS = [0.5, 0.8, 0.9, 0.95];

/** Empty if the model has no bounds. */
export function coverageOf(
  model: Model,
  given: { table: Table; predicted: Prediction; truth: Float64Array },
): BoundsCoverage[] {
  const { bounds } = model;
  const { table, predicted, truth } = given;
  if (!bounds || truth.length === 0) return [];
  const { values: answers, probabilities } = predicted;
  const spreads =
    bounds.kind === "number" ? spreadsOf(bounds, encodeRows(bounds.encoder, table), answers) : null;
  return LEVELS.filter((level) => level <= highestLevel(bounds)).map((level) => {
    const held = boundRows(bounds, { table, answers, probabilities, level, spreads });
    let [inside, width] = [0, 0];
    for (let row = 0; row < truth.length; row++) {
      if (held.kind === "classes") {
        inside += Number(held.sets[row].includes(truth[row]));
        width += held.sets[row].length;
      } else {
        inside += Number(truth[row] >= held.low[row] && truth[row] <= held.high[row]);
        width += held.high[row] - held.low[row];
      }
    }
    return { level, coverage: inside / truth.length, width: width / truth.length, rows: truth.length };
  });
}
