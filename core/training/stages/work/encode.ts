/** Builds what learners read from rows of the table: for the race from the training rows, for the refit from all. */
import type { Table } from "../../../csv/types.ts";
import type { Encoder } from "../../../trainer/encoding/columns.ts";
import { type DesignPlan, planDesign } from "../../../trainer/encoding/design.ts";
import {
  type DateHandling,
  type EncodedTable,
  encodeTable,
  fitEncoder,
} from "../../../trainer/encoding/encoder.ts";
import { randomFor } from "../../../trainer/race/training-data.ts";
import { sampleRows } from "../../../trainer/random.ts";
import { type Checkpoint, type Target, targetRows } from "../../../trainer/samples.ts";
import { selectRows } from "./rows/table.ts";
import { type Context, left, type Work } from "./work.ts";

export interface Encoded {
  encoder: Encoder;
  encoded: EncodedTable;
}

/** Encoder and features of these rows alone. Rejects with the checkpoint's error. */
export async function encodeRowsOf(
  table: Table,
  rows: Int32Array,
  {
    checkpoint,
    onFitted,
    dates,
  }: { checkpoint: Checkpoint; onFitted?: (encoder: Encoder) => void; dates: DateHandling },
): Promise<Encoded> {
  const chosen = selectRows(table, rows);
  const encoder = await fitEncoder(chosen, allRows(rows.length), checkpoint, { dates });
  onFitted?.(encoder);
  return { encoder, encoded: await encodeTable(encoder, chosen, checkpoint) };
}

/** What becomes of dates by the run's options. */
export function datesOf({ options }: Context): DateHandling {
  const isPlain = options.deriveFeatures === false;
  return (options.dates ?? (isPlain ? "elapsed" : "parts")) === "elapsed" ? "elapsed" : "parts";
}

/** Means, medians and labels of this many rows are as good as those of all. */
const DESIGN_ROWS = 100_000;

export function designOf({ options }: Context, encoded: EncodedTable): DesignPlan {
  const { rows, features } = encoded.samples;
  const isWord = (feature: number) => / › has “/.test(features[feature].name);
  const sampled = sampleRows(allRows(rows), Math.min(rows, DESIGN_ROWS), randomFor(options, "design"));
  return planDesign(encoded, sampled, isWord);
}

/** The target of the given rows of the table, in their order. */
export function targetOf(work: Work, rows: Int32Array): Target {
  return targetRows(left(work, "loaded").target, rows);
}

export const allRows = (count: number) => Int32Array.from({ length: count }, (_, row) => row);
