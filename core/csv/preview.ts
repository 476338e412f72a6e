/** Reads some rows of a file as strings, as the plan says, and stops once it has them. */
import { cellsOf, scanTable } from "./rows/scan.ts";
import type { ReadingPlan } from "./types.ts";

/** Data rows `offset` to `offset + limit`, columns in the plan's order; short rows are filled up with "". */
export async function readPage(
  path: string,
  plan: ReadingPlan,
  page: { offset: number; limit: number },
): Promise<string[][]> {
  const rows: string[][] = [];
  let seen = 0;
  const last = page.offset + page.limit;
  await scanTable(path, plan.dialect, {
    handlers: {
      header: () => {
        // Only data is asked for.
      },
      data: (bytes, spans, cells) => {
        const at = seen++;
        if (at < page.offset || at >= last) return;
        const row = cellsOf(bytes, spans, { cells });
        rows.push(plan.columns.map(({ index }, k) => row[index ?? k] ?? ""));
      },
      odd: () => {
        // The profile has reported them.
      },
    },
    options: { isDone: () => seen >= last },
  });
  return rows;
}
