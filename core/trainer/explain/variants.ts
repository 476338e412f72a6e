/**
 * Predicts variants of the same few rows. They are stacked and predicted at once, because a model with thousands of
 * trees takes longer to set up than to predict a few hundred rows.
 */
import type { Column, Table } from "../../csv/types.ts";
import { type Model, type Prediction, predict } from "../model/model.ts";

/** One variant: the table with this column in place of the one with the same name. */
export type Variant = Column;

/** Predictions of each variant, in order. */
export function predictVariants(model: Model, table: Table, variants: Variant[]): Prediction[] {
  const stacked: Table = {
    rows: table.rows * variants.length,
    columns: table.columns.map((column) =>
      stack(variants.map((variant) => (variant.name === column.name ? variant : column))),
    ),
  };
  const { values, probabilities } = predict(model, stacked);
  const width = model.classes.length;
  return variants.map((_, i) => ({
    values: values.slice(i * table.rows, (i + 1) * table.rows),
    probabilities: probabilities?.slice(i * table.rows * width, (i + 1) * table.rows * width) ?? null,
  }));
}

/** The columns differ only in their cells: labels are shared. */
function stack(columns: Column[]): Column {
  const [first] = columns;
  if ("values" in first) {
    const values = columns.flatMap((column) => ("values" in column ? [column.values] : []));
    return { ...first, values: concatenated(values, (length) => new Float64Array(length)) };
  }
  const codes = columns.flatMap((column) => ("codes" in column ? [column.codes] : []));
  return { ...first, codes: concatenated(codes, (length) => new Int32Array(length)) };
}

function concatenated<T extends Float64Array | Int32Array>(parts: T[], make: (length: number) => T): T {
  const all = make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
