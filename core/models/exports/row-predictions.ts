/** Finds the predictions by row of the run that made a version. */
import { AppError } from "../../platform/errors.ts";
import { modelKey } from "../../store/files/named-files.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { RowAnswers } from "../../trainer/checks/row-predictions.ts";
import { readAnswers } from "../../training/results/predictions-file.ts";

/** Throws AppError `conflict` if none were stored. */
export async function answersOf(files: FileStorage, version: StoredVersion): Promise<RowAnswers> {
  const answers = await readAnswers(files, modelKey(version, files));
  if (answers) return answers;
  const { name, version: number } = version;
  throw new AppError("conflict", `No predictions by row were kept for ${name} version ${number}`, {
    fix: "An earlier Signalbox trained it. Train again to get them.",
  });
}
