/**
 * The child process that reads a file: gets path and choices, returns its profile or a preview. It uses no store and no
 * socket.
 */

import { openTable } from "../csv/formats/open-table.ts";
import { previewReading, profileCsv } from "../csv/read.ts";
import type { ColumnProfile, ReadingChoices, ReadingProgress } from "../csv/types.ts";
import { serveParent } from "../platform/child.ts";

export interface ReadInput {
  path: string;
  name: string;
  choices: ReadingChoices;
  /** Where the table of a file in another format is written. */
  table: string;
  /** "preview": the first rows only; "table": only the table file. */
  wanted: "profile" | "preview" | "table";
}

/** Progress of the reading; `columns` now and then, for a wide table the first ones. */
export type ReadReport = ReadingProgress & { columns?: ColumnProfile[] };

const REPORT_MS = 200;
const SHOWN_VALUES = 3;

/** Reads what the parent asks for, and reports progress at intervals. An AppError is sent to the parent. */
export async function runReadChild(): Promise<void> {
  await serveParent(async (raw, { report }) => {
    const { name, choices, wanted, table } = raw as ReadInput;
    let saidAt = 0;
    const onProgress = (progress: ReadReport) => {
      const { bytesRead, bytesTotal, rows, columns } = progress;
      if (!columns && performance.now() - saidAt < REPORT_MS) return;
      saidAt = performance.now();
      report({
        bytesRead,
        bytesTotal,
        rows,
        ...(columns && { columns: thinned(columns) }),
      } satisfies ReadReport);
    };
    const { path, known } = await openTable((raw as ReadInput).path, { choices, out: table, onProgress });
    if (wanted === "table") return known;
    if (wanted === "preview") return previewReading(path, choices, { name, known });
    const { sumFindings } = await import("../trainer/checks/sums.ts");
    return profileCsv(path, choices, { name, known, onProgress, advise: sumFindings });
  });
}

/** What a page shows while the file is read: enough to see each column's shape. */
function thinned(columns: readonly ColumnProfile[]): ColumnProfile[] {
  return columns.map((column) => ({ ...column, top: column.top.slice(0, SHOWN_VALUES), examples: [] }));
}

if (import.meta.main) await runReadChild();
