/** The child that reads a CSV: path and choices in, its profile or a preview of it out. It knows no store and no socket. */

import { previewReading, profileCsv } from "../csv/read.ts";
import type { ColumnProfile, ReadingChoices, ReadingProgress } from "../csv/types.ts";
import { serveParent } from "../platform/child.ts";

export interface ReadInput {
  path: string;
  name: string;
  choices: ReadingChoices;
  /** "preview": the first rows only. */
  wanted: "profile" | "preview";
}

/** How far the reading is; `columns` now and then, of a wide table the first. */
export type ReadReport = ReadingProgress & { columns?: ColumnProfile[] };

const REPORT_MS = 200;
const SHOWN_VALUES = 3;

export async function runReadChild(): Promise<void> {
  await serveParent(async (raw, { report }) => {
    const { path, name, choices, wanted } = raw as ReadInput;
    if (wanted === "preview") return previewReading(path, choices, { name });
    let saidAt = 0;
    return profileCsv(path, choices, {
      name,
      onProgress: (progress) => {
        const { bytesRead, bytesTotal, rows, columns } = progress;
        if (!columns && performance.now() - saidAt < REPORT_MS) return;
        saidAt = performance.now();
        const said: ReadReport = {
          bytesRead,
          bytesTotal,
          rows,
          ...(columns && { columns: thinned(columns) }),
        };
        report(said);
      },
    });
  });
}

/** What a page shows while the file is read: enough to see each column's shape. */
function thinned(columns: readonly ColumnProfile[]): ColumnProfile[] {
  return columns.map((column) => ({ ...column, top: column.top.slice(0, SHOWN_VALUES), examples: [] }));
}

if (import.meta.main) await runReadChild();
