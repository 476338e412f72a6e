/** Stores a run's predictions by row in a file beside the model's; versions from an older Signalbox have none. */
import { existsSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { predictionsKey } from "../../store/files/named-files.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { RowPredictions } from "../../trainer/checks/row-predictions.ts";
import { ROWS_FILE } from "../../trainer/contract.ts";

/** Stores it, from where the run left its model; once more where that failed. Throws StorageUnavailable. */
export async function adoptPredictions(
  files: FileStorage,
  modelPath: string,
  modelKey: string,
): Promise<void> {
  const path = join(dirname(modelPath), ROWS_FILE);
  if (!existsSync(path)) return;
  const key = predictionsKey(modelKey);
  if (files.isShared) await copyFile(path, files.pathOf(key));
  else await rename(path, files.pathOf(key));
  await files.save({ key });
}

export function eraseAnswers(files: FileStorage, modelKey: string): Promise<void> {
  return files.remove(predictionsKey(modelKey));
}

/** Null if there are none. Throws DamagedFileError, StorageUnavailable. */
export async function readPredictions(files: FileStorage, modelKey: string): Promise<RowPredictions | null> {
  const key = predictionsKey(modelKey);
  if (!(await files.has(key))) return null;
  const path = await files.fetch({ key });
  const [{ readRowPredictions }, bytes] = await Promise.all([
    import("../../trainer/checks/row-predictions.ts"),
    readFile(path),
  ]);
  return readRowPredictions(bytes);
}
