/** Fills a data folder with a true run and as many copies of it as a bench wants, and with as many events. */
import { findDataset, insertDataset, insertDatasetVersion, listDatasets } from "../../core/store/datasets.ts";
import { insertEvent } from "../../core/store/log.ts";
import { currentModel, findEvaluation, findVersion, insertVersion } from "../../core/store/models.ts";
import { NO_OWNER } from "../../core/store/ownership.ts";
import { insertPredictions, versionKey } from "../../core/store/predictions.ts";
import {
  currentRun,
  insertRun,
  runCandidates,
  runStages,
  saveCandidate,
  updateRun,
  updateStage,
} from "../../core/store/runs.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";
import { STAGE_NAMES } from "../../core/trainer/contract.ts";
import { startServer } from "../e2e/stage.ts";

/** Rows of one transaction. */
const TOGETHER = 10_000;

/** A true run, of which the others are copies. */
export async function trainOne(folder: string): Promise<void> {
  const server = await startServer(folder);
  const { id } = (await (await fetch(`${server.url}api/samples/customers`, { method: "POST" })).json()) as {
    id: string;
  };
  await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId: id, budgetSeconds: 3 }),
  });
  await server.stop();
}

export async function multiply(
  folder: string,
  { rows, events }: { rows: number; events: number },
): Promise<void> {
  const store = await openSqlite(folder);
  const at = Date.now();
  const first = (await currentRun(store))!;
  const listed = (await listDatasets(store, { before: Number.MAX_SAFE_INTEGER, limit: 1 }))[0]!;
  const dataset = (await findDataset(store, listed.id))!;
  const model = (await currentModel(store))!;
  const version = (await findVersion(store, model.name, 1))!;
  const result = { ...version.result, evaluation: await findEvaluation(store, model.name, 1) };
  const stages = await runStages(store, first.id);
  const candidates = await runCandidates(store, first.id);
  await store.transaction(async (tx) => {
    for (let copy = 1; copy < rows; copy++) {
      const id = `copy${copy}`;
      await insertDataset(tx, {
        ...NO_OWNER,
        id,
        name: `${copy}.csv`,
        sha256: id,
        worker: "bench",
        sizeBytes: dataset.sizeBytes,
        createdAt: at,
      });
      await insertDatasetVersion(tx, { id, choices: {}, profile: dataset.profile!, at });
      await insertRun(tx, { ...first, id, modelName: `model-${copy}`, queuedAt: at }, STAGE_NAMES);
      for (const stage of stages) await updateStage(tx, id, stage);
      for (const candidate of candidates) await saveCandidate(tx, id, candidate);
      await updateRun(tx, id, { ...first, startedAt: at, finishedAt: at });
      const { sha256, sizeBytes } = version;
      await insertVersion(tx, { name: `model-${copy}`, runId: id, result, sha256, sizeBytes, createdAt: at });
    }
    const data = JSON.stringify({ runId: first.id, runNumber: 1, datasetName: dataset.name, target: "left" });
    for (let n = 0; n < events; n++) await insertEvent(tx, { type: "run.started", at, data, activity: 1 });
  });
  await store.close();
}

/** Logs this many predictions of the first version, one per second up to now. */
export async function predictOften(folder: string, predictions: number): Promise<void> {
  const store = await openSqlite(folder);
  const model = (await currentModel(store))!;
  const version = (await versionKey(store, model.name, 1))!;
  const now = Date.now();
  for (let from = 0; from < predictions; from += TOGETHER) {
    const made = Array.from({ length: Math.min(TOGETHER, predictions - from) }, (_, k) => ({
      id: `bench${from + k}`,
      at: now - 1000 * (predictions - from - k),
      cells: JSON.stringify({ tenure_months: (from + k) % 60, plan: "basic" }),
      answer: JSON.stringify({ prediction: "no", probabilities: { no: 0.8, yes: 0.2 } }),
    }));
    await store.transaction((tx) => insertPredictions(tx, version, made));
  }
  await store.close();
}
