/** Manages the table files made from a dataset's file: one per chosen sheet and range, beside the file. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CsvProfile, ReadingChoices } from "../csv/types.ts";
import { datasetKey, hashOf } from "../store/files/named-files.ts";
import type { FileStorage, StoredFile } from "../store/files/storage.ts";

/** What a version is read from: which of a dataset's files, and how. */
export interface VersionFile {
  id: string;
  /** "" is the first; null: it was removed. */
  file: string | null;
  choices: ReadingChoices;
}

/** A dataset's file as the storage knows it. */
export function storedFile({
  id,
  file,
  sha256,
  sizeBytes,
}: Pick<VersionFile, "id" | "file"> & { sha256?: string; sizeBytes: number }): StoredFile {
  return {
    key: datasetKey({ id, file }),
    sizeBytes,
    ...(sha256 !== undefined && { sha256: hashOf(sha256) }),
  };
}

/** Where the table of a sheet and a range is; the same for the same file and choices. */
export function tablePath(folder: string, { id, file, choices }: VersionFile): string {
  return join(folder, `${stem(id, file)}.${tableKey(choices)}.table`);
}

const stem = (id: string, file: string | null) => (file ? `${id}.${file}` : id);

function tableKey({ sheet, range }: ReadingChoices): string {
  if (!sheet && !range) return "first";
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([sheet ?? "", range ?? ""]))
    .digest("hex")
    .slice(0, 16);
}

/** Keeps the table of one version: those of others are made again when a run needs them. */
export async function pruneTables(folder: string, kept: VersionFile): Promise<void> {
  const { id } = kept;
  const table = tablePath(folder, kept);
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    const isTable = file.startsWith(`${id}.`) && file.includes(".table");
    if (isTable && path !== table && !path.startsWith(`${table}.`)) await rm(path, { force: true });
  }
}

/** The files and the tables made from them, wherever they are stored. */
export async function removeFiles(files: FileStorage, folder: string, id: string): Promise<void> {
  if (files.isShared) for (const { key } of await files.list(`datasets/${id}.`)) await files.remove(key);
  for (const file of await readdir(folder))
    if (file.startsWith(`${id}.`)) await rm(join(folder, file), { force: true });
}

/** Another sheet or range is another table: choices for the old columns do not apply. */
export function mergedChoices(old: ReadingChoices, choices: ReadingChoices): ReadingChoices {
  const isOtherSheet = choices.sheet !== undefined && choices.sheet !== (old.sheet ?? "");
  const isOtherRange = choices.range !== undefined && choices.range !== (old.range ?? "");
  if (isOtherSheet) return { ...choices };
  if (isOtherRange) return { ...(old.sheet !== undefined && { sheet: old.sheet }), ...choices };
  return { ...old, ...choices };
}

export function profileSize(profile: CsvProfile): { rows: number; columns: number } {
  return { rows: profile.rows, columns: profile.columns.length };
}
