/**
 * Makes a new file the next version of a dataset. It is read with the dataset's import settings; those that no longer
 * fit are dropped and reported. The old version stays if the new file cannot be read.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CsvProfile, ReadingChoices } from "../../csv/types.ts";
import { alertAction } from "../../events/alert-records.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Store } from "../../store/database.ts";
import {
  type DatasetChanges,
  findDataset,
  findDatasetByName,
  forgetFile,
  insertDatasetVersion,
  outdatedFiles,
  recogniseBy,
  type StoredDataset,
} from "../../store/datasets.ts";
import { datasetKey, hashOf } from "../../store/files/named-files.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { Datasets } from "../datasets.ts";
import type { FileToRead } from "../file-reader.ts";
import { refuseWhileTraining } from "../in-use.ts";
import { receiveFile, refuseWithoutSpace } from "../receive.ts";
import { profileSize, pruneTables } from "../table-files.ts";
import { changesBetween } from "./changes.ts";
import { nearestChoices } from "./matching-choices.ts";

/** How many files of a dataset are stored, the newest first: older versions can no longer be trained on. */
const KEPT_FILES = 5;
const NAMED_WARNINGS = 3;

export interface NewVersionOptions {
  store: Store;
  log: EventLog;
  alerts: Alerts;
  datasets: Datasets;
  files: FileStorage;
  folder: string;
  now: () => number;
}

export interface NewFile {
  /** Its path; the file is moved away, or removed. */
  path: string;
  sizeBytes: number;
  sha256: string;
  /** Further remarks besides its contents. */
  notes: readonly string[];
}

/** A new file for a dataset, by its ID or its name. Throws AppError. */
export async function receiveVersion(
  idOrName: string,
  request: Request,
  options: NewVersionOptions & { maxBytes: number },
): Promise<{ dataset: StoredDataset; isChanged: boolean }> {
  const { store, folder, maxBytes } = options;
  const id = (await findDataset(store, idOrName))?.id ?? (await findDatasetByName(store, idOrName));
  if (id === null)
    throw new AppError("missing", `Dataset ${idOrName} does not exist`, {
      fix: "Upload the first file with POST /api/upload; GET /api/datasets lists IDs and names.",
    });
  const path = join(folder, `${newId()}.part`);
  await refuseWithoutSpace(folder, Number(request.headers.get("content-length")) || 0);
  try {
    const received = await receiveFile(request, { path, maxBytes, name: null, onBytes: () => {} });
    const { sizeBytes, sha256 } = received;
    return await addVersion(id, { path, sizeBytes, sha256, notes: [] }, options);
  } finally {
    await rm(path, { force: true });
  }
}

/** The dataset with its new version; `isChanged` false: it is the file that the dataset has. Throws AppError. */
export async function addVersion(
  datasetId: string,
  { path, sizeBytes, sha256, notes }: NewFile,
  options: NewVersionOptions,
): Promise<{ dataset: StoredDataset; isChanged: boolean }> {
  const { datasets, files, folder } = options;
  const dataset = await datasets.findReady(datasetId);
  if (sha256 === hashOf(dataset.sha256)) {
    await rm(path, { force: true });
    return { dataset, isChanged: false };
  }
  const next = { id: dataset.id, name: dataset.name, sizeBytes, file: newId() };
  const key = datasetKey(next);
  await rename(path, files.pathOf(key));
  try {
    await files.save({ key });
    const { profile, choices, dropped } = await readWithChoices(
      { ...next, choices: dataset.choices },
      datasets,
    );
    const { version } = dataset;
    const compared = { version, before: dataset.profile, after: profile, notes: [...dropped, ...notes] };
    const changes = changesBetween(compared);
    await record({ dataset, profile, choices, file: { ...next, sha256, changes } }, options);
    await pruneTables(folder, { ...next, choices });
  } catch (error) {
    // If the storage does not respond, its cleanup removes files without a row.
    await files.remove(key).catch(() => {});
    await rm(files.pathOf(key), { force: true });
    await pruneTables(folder, dataset);
    throw error;
  }
  await removeOutdated(dataset, options);
  return { dataset: await datasets.find(datasetId), isChanged: true };
}

async function readWithChoices(
  file: FileToRead,
  datasets: Datasets,
): Promise<{ profile: CsvProfile; choices: ReadingChoices; dropped: string[] }> {
  const { reader } = datasets;
  if (!Object.keys(file.choices).length)
    return { profile: await reader.profile(file), choices: {}, dropped: [] };
  const { names } = await reader.preview({ ...file, choices: layoutOf(file.choices) });
  const { choices, dropped } = nearestChoices(file.choices, names);
  return { profile: await reader.profile({ ...file, choices }), choices, dropped };
}

/** Choices about the file as a whole. */
function layoutOf({ delimiter, quote, encoding, header, sheet, range }: ReadingChoices): ReadingChoices {
  const layout = { delimiter, quote, encoding, header, sheet, range };
  return Object.fromEntries(Object.entries(layout).filter(([, value]) => value !== undefined));
}

interface Entry {
  dataset: StoredDataset;
  profile: CsvProfile;
  choices: ReadingChoices;
  file: { file: string; sha256: string; sizeBytes: number; changes: DatasetChanges };
}

async function record({ dataset, profile, choices, file }: Entry, options: NewVersionOptions): Promise<void> {
  const { log, alerts, datasets, now } = options;
  const { id, name } = dataset;
  const { changes } = file;
  await log.record(async (tx) => {
    const current = await datasets.find(id, undefined, tx);
    if (current.version !== dataset.version)
      throw new AppError("conflict", `${name} was changed meanwhile`, { fix: "Try again." });
    const newFile = { file: file.file, sha256: file.sha256, sizeBytes: file.sizeBytes, changes };
    const version = await insertDatasetVersion(tx, { id, choices, profile, at: now(), newFile });
    await recogniseBy(tx, { id, sha256: file.sha256, sizeBytes: file.sizeBytes });
    const size = profileSize(profile);
    await tx.append("dataset.uploaded", { datasetId: id, name, version, ...size, changes: changes.sentence });
    if (!changes.warnings.length) return;
    await alerts.raise(
      {
        code: "refresh",
        subject: id,
        severity:
          dataset.profile?.target && changes.went.includes(dataset.profile.target) ? "error" : "warning",
        sentence: `${name}: the new file does not fit the previous one. ${someOf(changes.warnings)}`,
        action: alertAction("refresh", id),
      },
      tx,
    );
  });
}

function someOf(warnings: readonly string[]): string {
  const rest = warnings.length - NAMED_WARNINGS;
  return `${warnings.slice(0, NAMED_WARNINGS).join(" ")}${rest > 0 ? ` And ${rest} more.` : ""}`;
}

/** Not while a run learns from the dataset: it may use an older version. */
async function removeOutdated(dataset: StoredDataset, { store, files }: NewVersionOptions): Promise<void> {
  const { id } = dataset;
  const isBusy = await refuseWhileTraining(store, dataset).then(
    () => false,
    () => true,
  );
  if (isBusy) return;
  for (const file of await outdatedFiles(store, id, KEPT_FILES)) {
    await forgetFile(store, id, file);
    await files.remove(datasetKey({ id, file }));
  }
}
