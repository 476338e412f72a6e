/** Completes a run's request with its dataset, and with the one that its test rows come from. */
import type { CsvProfile } from "../../csv/types.ts";
import type { Datasets } from "../../datasets/datasets.ts";
import { AppError } from "../../platform/errors.ts";
import type { StoredDataset } from "../../store/datasets.ts";
import type { RunOptions } from "../../trainer/contract.ts";
import { settleOptions, type TrainRequest } from "../options/run-options.ts";

type ReadyDataset = StoredDataset & { profile: CsvProfile };

/** Throws AppError if the request does not fit. */
export async function settleRun(
  request: TrainRequest,
  { datasets, budgetSeconds }: { datasets: Datasets; budgetSeconds: number },
): Promise<{ dataset: ReadyDataset; options: RunOptions }> {
  const dataset = await datasets.findReady(request.datasetId);
  const options = settleOptions(request, dataset.profile, budgetSeconds);
  const { testDatasetId } = options;
  if (testDatasetId === undefined) return { dataset, options };
  if (testDatasetId === dataset.id) {
    throw new AppError("syntax", "The test dataset is the one that is learned from", {
      column: "testDatasetId",
      fix: "Name another dataset, or leave testDatasetId out: then a part of the rows is kept for the test.",
    });
  }
  const test = await datasets.findReady(testDatasetId);
  refuseMissing(options, dataset.profile, test);
  return { dataset, options: { ...options, testDatasetVersion: test.version } };
}

/** The target and all that may be learned from stand in both files. */
export function refuseMissing(
  options: RunOptions,
  profile: CsvProfile,
  test: { name: string; profile: CsvProfile },
): void {
  const { target, features, exclude, weights, split, splitColumn } = options;
  const left = new Set(["id", options.text === "exclude" && "text", options.dates === "exclude" && "date"]);
  const learned = features ?? profile.columns.filter(({ type }) => !left.has(type)).map(({ name }) => name);
  const beside = [target, weights, split === "random" ? undefined : splitColumn];
  const needed = [...learned.filter((name) => !exclude.includes(name)), ...beside];
  const known = new Set(test.profile.columns.map(({ name }) => name));
  const missing = [...new Set(needed)].filter((name) => name && !known.has(name));
  if (missing.length === 0) return;
  const shown = missing.slice(0, 5).map((name) => JSON.stringify(name));
  throw new AppError(
    "invalid",
    `testDatasetId: the dataset ${test.name} lacks ${shown.join(", ")}${missing.length > 5 ? ", …" : ""}`,
    {
      column: missing[0]!,
      fix: "Choose a test dataset with the same columns, or exclude those from the training.",
    },
  );
}
