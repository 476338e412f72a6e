/** Starts a run from another one's settings: everything that the request leaves out is copied. */
import { AppError } from "../../platform/errors.ts";
import type { OutputOf } from "../../platform/zod-setup.ts";
import type { StoredRun } from "../../store/runs.ts";
import type { TRAIN_BODY, TrainRequest } from "../options/run-options.ts";

type Asked = OutputOf<typeof TRAIN_BODY>;

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
  const settings = { ...(before && withoutReplaced(before, asked)), ...asked };
  // With another target, settings that depend on the old one do not apply.
  const isOther = asked.target !== undefined && asked.target !== before?.target;
  if (isOther && before) {
    const { task, metric, positiveClass, costs, classWeights, monotone } = asked;
    Object.assign(settings, { task, metric, positiveClass, costs, classWeights, monotone });
  }
  return { ...settings, datasetId };
}

/** Two settings with the same meaning: the one that is sent now replaces both. */
const REPLACED: readonly (readonly [keyof Asked, readonly (keyof TrainRequest)[]])[] = [
  ["groups", ["split", "splitColumn"]],
  ["split", ["groups"]],
  ["splitColumn", ["groups"]],
  ["testColumn", ["testDatasetId"]],
  ["testDatasetId", ["testColumn"]],
  ["learners", ["parameters"]],
  ["monotone", ["learners", "parameters"]],
  ["deriveFeatures", ["text", "dates"]],
  ["text", ["deriveFeatures"]],
  ["dates", ["deriveFeatures"]],
];

function withoutReplaced(before: TrainRequest, asked: Asked): TrainRequest {
  const replaced = REPLACED.flatMap(([name, others]) => (asked[name] === undefined ? [] : others));
  const kept = Object.entries(before).filter(([name]) => !replaced.some((other) => other === name));
  return Object.fromEntries(kept) as TrainRequest;
}

/** The requested settings, without guessed ones. */
function settingsOf({ datasetId, modelName, options }: StoredRun): TrainRequest {
  const guessed = options.isTaskGuessed ? ["task"] : [];
  const unasked = ["isTaskGuessed", "testDatasetVersion", ...guessed];
  const set = Object.entries(options).filter(([name, value]) => value !== null && !unasked.includes(name));
  return {
    ...(Object.fromEntries(set) as Omit<TrainRequest, "datasetId">),
    datasetId,
    name: modelName,
  };
}
