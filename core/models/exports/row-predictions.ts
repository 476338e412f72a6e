/** Finds the predictions by row of the run that made a version. */
import { AppError } from "../../platform/errors.ts";
import { modelKey } from "../../store/files/named-files.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { RowPredictions } from "../../trainer/checks/row-predictions.ts";
import { readPredictions } from "../../training/results/predictions-file.ts";

/** Throws AppError `conflict` if none were stored. */
export async function rowPredictionsOf(files: FileStorage, version: StoredVersion): Promise<RowPredictions> {
  const answers = await readPredictions(files, modelKey(version, files));
  if (answers) return answers;
  const { name, version: number } = version;
  throw new AppError("conflict", `No predictions by row were kept for ${name} version ${number}`, {
    fix: "An earlier Signalbox trained it. Train again to get them.",
  });
}
