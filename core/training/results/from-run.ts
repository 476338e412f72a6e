/** Starts a run from another one's settings: everything that the request leaves out is copied. */
import type * as z from "zod";
import { AppError } from "../../platform/errors.ts";
import type { StoredRun } from "../../store/runs.ts";
import type { TRAIN_BODY, TrainRequest } from "../run-options.ts";

type Asked = z.output<typeof TRAIN_BODY>;

/** `find` throws AppError `missing`. Throws AppError `syntax` if neither a dataset nor a run is named. */
export async function requestFrom(
  { fromRun, ...asked }: Asked,
  find: (id: string) => Promise<StoredRun>,
): Promise<TrainRequest> {
  const before = fromRun === undefined ? null : settingsOf(await find(fromRun));
  const datasetId = asked.datasetId ?? before?.datasetId;
  if (datasetId === undefined) {
    throw new AppError("syntax", "datasetId: is missing; it must be text", {
      fix: "Name the dataset to train on, or a run to start from as fromRun.",
    });
  }
  const settings = { ...before, ...asked };
  // With another target, settings that depend on the old one do not apply.
  const isOther = asked.target !== undefined && asked.target !== before?.target;
  if (isOther && before) {
    const { task, metric, positiveClass, costs } = asked;
    Object.assign(settings, { task, metric, positiveClass, costs });
  }
  return { ...settings, datasetId };
}

/** The requested settings, without guessed ones. */
function settingsOf({ datasetId, modelName, options }: StoredRun): TrainRequest {
  const { task, isTaskGuessed, features, budgetRounds, splitColumn, metric, positiveClass, costs, ...rest } =
    options;
  return {
    ...rest,
    datasetId,
    name: modelName,
    ...(task !== null && !isTaskGuessed && { task }),
    ...(features !== null && { features }),
    ...(budgetRounds !== null && { budgetRounds }),
    ...(splitColumn !== null && { splitColumn }),
    ...(metric !== null && { metric }),
    ...(positiveClass !== null && { positiveClass }),
    ...(costs !== null && { costs }),
  };
}
