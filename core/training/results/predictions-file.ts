/** Stores a run's predictions by row in a file beside the model's; versions from an older Signalbox have none. */
import { existsSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { answersKey } from "../../store/files/named-files.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { RowAnswers } from "../../trainer/checks/row-predictions.ts";
import { ROWS_FILE } from "../../trainer/contract.ts";

/** Stores it, from where the run left its model; once more where that failed. Throws StorageUnavailable. */
export async function adoptAnswers(files: FileStorage, modelPath: string, modelKey: string): Promise<void> {
  const path = join(dirname(modelPath), ROWS_FILE);
  if (!existsSync(path)) return;
  const key = answersKey(modelKey);
  if (files.isShared) await copyFile(path, files.pathOf(key));
  else await rename(path, files.pathOf(key));
  await files.save({ key });
}

export function eraseAnswers(files: FileStorage, modelKey: string): Promise<void> {
  return files.remove(answersKey(modelKey));
}

/** Null if there are none. Throws DamagedFileError, StorageUnavailable. */
export async function readAnswers(files: FileStorage, modelKey: string): Promise<RowAnswers | null> {
  const key = answersKey(modelKey);
  if (!(await files.has(key))) return null;
  const path = await files.fetch({ key });
  const [{ readRowAnswers }, bytes] = await Promise.all([
    import("../../trainer/checks/row-predictions.ts"),
    readFile(path),
  ]);
  return readRowAnswers(bytes);
}
