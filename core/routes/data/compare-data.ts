/** Finds the runs or versions that a comparison names, and compares them. */

import { AppError } from "../../platform/errors.ts";
import { findEvaluation, findVersion } from "../../store/models.ts";
import { findRun, type StoredRun } from "../../store/runs.ts";
import { type ComparedRun, compareRuns, type RunComparison } from "../../training/results/compare-runs.ts";
import type { PanelSource } from "./panel-data.ts";

export const MOST_COMPARED = 5;
/** "A,B" and "A", "B" mean the same: run IDs, or versions as "titanic:3". */
export function comparedNames(url: URL): string[] {
  const names = url.searchParams.getAll("runs").flatMap((text) => text.split(","));
  return names.map((name) => name.trim()).filter(Boolean);
}

/**
 * Throws AppError: `syntax` unless two to five are named, `missing` for one that does not exist, `conflict` for a run
 * that has no result.
 */
export async function compareData(
  { store }: Pick<PanelSource, "store">,
  names: readonly string[],
): Promise<RunComparison> {
  if (names.length < 2 || names.length > MOST_COMPARED)
    throw new AppError("syntax", `Choose two to five runs, not ${names.length}`, {
      fix: "Separate run IDs by commas: ?runs=ID,ID. A version is named as MODEL:NUMBER.",
    });
  const runs: ComparedRun[] = [];
  for (const name of names) runs.push(await comparedRun(store, name));
  return compareRuns(runs);
}

async function comparedRun(store: PanelSource["store"], name: string): Promise<ComparedRun> {
  const run = await namedRun(store, name);
  const { result, modelName, modelVersion } = run;
  if (!result)
    throw new AppError("conflict", `Run ${run.number} has no result: it is ${run.status}`, {
      fix: "Compare runs that have finished.",
    });
  const { id, number, datasetId, datasetVersion, datasetName, options } = run;
  const { task, metric, best, metrics, intervals, baseline } = result;
  const evaluation = modelVersion === null ? {} : await findEvaluation(store, modelName, modelVersion);
  return {
    ...{ id, number, datasetId, datasetVersion, datasetName, modelName, version: modelVersion },
    ...{ task, metric, best, options, metrics, intervals, baseline, evaluation },
  };
}

async function namedRun(store: PanelSource["store"], name: string): Promise<StoredRun> {
  const [, model, version] = /^(.+):(\d{1,9})$/.exec(name) ?? [];
  const id = model === undefined ? name : (await findVersion(store, model, Number(version)))?.runId;
  const run = id === undefined ? null : await findRun(store, id);
  if (run) return run;
  const what = model === undefined ? `Run ${name}` : `Version ${version} of ${model}`;
  throw new AppError("missing", `${what} does not exist`, {
    fix: "See /runs or GET /api/runs for existing runs.",
  });
}

/** A table of the figures: one row per metric, one column per run; for spreadsheets. */
export function comparisonTable({ runs, metrics, settings }: RunComparison): (string | number | null)[][] {
  const labels = runs.map(({ number, modelName, version }) =>
    version === null ? `run ${number}` : `${modelName} version ${version}`,
  );
  return [
    ["figure", ...labels],
    ...metrics.map(({ name, values }) => [name, ...values.map((value) => value?.value ?? null)]),
    ...settings.map(({ name, values }) => [name, ...values]),
  ];
}
