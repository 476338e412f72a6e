/** Reads a separate test file as the dataset was read. */
import type { ReadingPlan } from "../../csv/types.ts";

/** `plan` with the column types of `first`, so that the columns of both files become the same features. */
export function planAs(plan: ReadingPlan, first: ReadingPlan): ReadingPlan {
  const known = new Map(first.columns.map((column) => [column.name, column]));
  const columns = plan.columns.map((column, place) => {
    const wanted = known.get(column.name);
    if (!wanted || wanted.type === column.type) return column;
    return { ...wanted, index: column.index ?? place };
  });
  return { ...plan, columns };
}
