/** The child that reads a CSV for the first time: path and choices in, profile out. It knows no store and no socket. */
import { serveParent } from "./child.ts";
import { profileCsv } from "./csv/read.ts";
import type { ReadingChoices } from "./csv/types.ts";

export interface ReadInput {
  path: string;
  name: string;
  choices: ReadingChoices;
}

export async function runReadChild(): Promise<void> {
  await serveParent(async (raw, { report }) => {
    const { path, name, choices } = raw as ReadInput;
    let saidAt = 0;
    return profileCsv(path, choices, {
      name,
      onProgress: (progress) => {
        if (performance.now() - saidAt < 200) return;
        saidAt = performance.now();
        report({ bytesRead: progress.bytesRead, bytesTotal: progress.bytesTotal, rows: progress.rows });
      },
    });
  });
}

if (import.meta.main) await runReadChild();
