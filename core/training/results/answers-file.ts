/** Stores a run's predictions by row in a file beside the model's; versions from an older Signalbox have none. */
import { existsSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { FileStorage } from "../../store/files/storage.ts";
import type { RowAnswers } from "../../trainer/checks/row-answers.ts";
import { ROWS_FILE } from "../../trainer/contract.ts";

/** By the key of the model's file. */
const answersKey = (modelKey: string) => modelKey.replace(/\.bin$/, ".rows");

/** The model's file that a file of the models' folder belongs to. */
export function modelFileOf(file: string): string {
  return basename(file).replace(/\.rows$/, ".bin");
}

/** Stores it from where the run left its model; retried once. Throws StorageUnavailable. */
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
    import("../../trainer/checks/row-answers.ts"),
    readFile(path),
  ]);
  return readRowAnswers(bytes);
}
