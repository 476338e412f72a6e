/** Files that the tests make, in a folder of their own that is removed with the process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRows } from "../../../core/csv/read-rows.ts";
import type { Dialect, ReadingChoices } from "../../../core/csv/types.ts";

const folder = mkdtempSync(join(tmpdir(), "csv-test-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let made = 0;

export function fileOf(content: string | Uint8Array): string {
  const path = join(folder, `${++made % 64}.csv`);
  writeFileSync(path, content);
  return path;
}

export async function rowsOf(
  content: string | Uint8Array,
  choices: ReadingChoices = {},
): Promise<{ rows: string[][]; dialect: Dialect }> {
  const rows: string[][] = [];
  let dialect: Dialect | null = null;
  const onDecided = (decided: Dialect) => {
    dialect = decided;
  };
  for await (const batch of readRows(fileOf(content), { choices, onDecided })) rows.push(...batch);
  return { rows, dialect: dialect! };
}
