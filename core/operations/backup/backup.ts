/**
 * Makes a backup of one machine's data while the server runs. The database is SQLite's own consistent copy; files never
 * change once they exist, and are hard-linked first, so that none can disappear before it is read.
 */
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { COLUMN_FILE } from "../../csv/columns/column-file.ts";
import { AppError } from "../../platform/errors.ts";
import { FILE_FOLDERS, filesOf } from "../../store/files/named-files.ts";
import { copySqlite, DATABASE, openSqlite } from "../../store/sqlite/database.ts";
import { type Archive, packAbout, packEnd, packFile } from "./archive.ts";

/** The archive of a data folder in chunks. Throws AppError: `missing`, `disk_full`. */
export async function* packBackup(folder: string, now: () => number): AsyncGenerator<Uint8Array> {
  if (!existsSync(join(folder, DATABASE))) {
    throw new AppError("missing", `${folder} has no database`, {
      fix: "Name the folder in DATA_DIR.",
    });
  }
  const stage = await mkdtemp(join(folder, `backup-${process.pid}-`));
  try {
    const epoch = await stageBackup(folder, stage);
    const archive: Archive = { manifest: {}, now: now() };
    yield* packAbout(archive, epoch);
    for (const name of await stagedFiles(stage)) yield* packFile(archive, name, join(stage, name));
    yield* packEnd(archive);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/**
 * Links the files, copies the database, links newer files: then every file that the database names is there. Returns the
 * database's epoch.
 */
async function stageBackup(folder: string, stage: string): Promise<string> {
  await linkFiles(folder, stage);
  copySqlite(folder, join(stage, DATABASE));
  await linkFiles(folder, stage);
  const copy = await openSqlite(stage);
  const { epoch } = copy;
  const files = await filesOf(copy);
  await copy.close();
  const linked = new Set(await stagedFiles(stage));
  const lost = files.filter((name) => !linked.has(name));
  if (lost.length) {
    throw new AppError("conflict", `Files that the database lists are missing, such as ${lost[0]}`, {
      fix: "Delete the datasets or models they belong to, or restore the files.",
    });
  }
  return epoch;
}

async function linkFiles(folder: string, stage: string): Promise<void> {
  for (const kind of FILE_FOLDERS) {
    await mkdir(join(stage, kind), { recursive: true });
    for (const file of await readdir(join(folder, kind)).catch(() => []))
      if (!file.endsWith(".part") && !file.endsWith(COLUMN_FILE))
        await linkOne(join(folder, kind, file), join(stage, kind, file));
  }
}

async function linkOne(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as { code?: string };
    // Linked before, or just deleted.
    if (code === "EEXIST" || code === "ENOENT") return;
    if (code === "ENOSPC" || code === "EDQUOT") throw error;
    // A file system without hard links.
    await copyFile(from, to);
  }
}

async function stagedFiles(stage: string): Promise<string[]> {
  const folders = FILE_FOLDERS.map(async (kind) =>
    (await readdir(join(stage, kind))).sort().map((file) => `${kind}/${file}`),
  );
  return [DATABASE, ...(await Promise.all(folders)).flat()];
}
