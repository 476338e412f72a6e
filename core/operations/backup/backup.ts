/**
 * Makes a backup while the server runs. One tar: about.json, the database, the files of datasets and models, and last
 * manifest.json with the size and hash of each, so that a truncated or damaged archive is recognised. The database is
 * SQLite's own consistent copy; files never change once they exist, and are hard-linked first, so that none can
 * disappear before it is read.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { KEPT_COLUMN } from "../../csv/columns/column-file.ts";
import { AppError } from "../../platform/errors.ts";
import { VERSION } from "../../platform/version.ts";
import { FILE_FOLDERS, filesOf } from "../../store/files/named-files.ts";
import { copySqlite, DATABASE, openSqlite, SCHEMA } from "../../store/sqlite/database.ts";
import { TAR_END, tarHeader, tarPadding } from "./tar.ts";

/** Increased when an older Signalbox could not restore what this one writes. */
export const BACKUP_FORMAT = 1;

/** The first entry: what wrote the backup, and when. */
export const ABOUT_FILE = "about.json";

export interface BackupAbout {
  format: number;
  version: string;
  schema: number;
  epoch: string;
  createdAt: string;
}

export type BackupManifest = Record<string, { sizeBytes: number; sha256: string }>;

/**
 * Throws AppError `conflict` if data is also stored outside DATA_DIR: an archive of it would hold files without a
 * database.
 */
export function refuseBesidePostgres({ DATABASE_URL }: { DATABASE_URL?: string }): void {
  if (!DATABASE_URL) return;
  throw new AppError(
    "conflict",
    "The commands backup, restore and check cover SQLite only; this data is in PostgreSQL",
    {
      fix: "Use pg_dump for the database, and copy DATA_DIR for the files and models.",
    },
  );
}

/** The archive of a data folder in chunks. Throws AppError: `missing`, `disk_full`. */
export async function* packBackup(folder: string, now: () => number): AsyncGenerator<Uint8Array> {
  if (!existsSync(join(folder, DATABASE))) {
    throw new AppError("missing", `${folder} has no database`, {
      fix: "Name the folder in DATA_DIR.",
    });
  }
  const stage = await mkdtemp(join(folder, `backup-${process.pid}-`));
  try {
    const about = await stageBackup(folder, stage, now);
    const manifest: BackupManifest = {};
    const mtime = Math.floor(now() / 1000);
    const text = new TextEncoder().encode(`${JSON.stringify(about)}\n`);
    manifest[ABOUT_FILE] = {
      sizeBytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    };
    yield* packText(ABOUT_FILE, text, mtime);
    for (const name of await stagedFiles(stage)) {
      const hash = createHash("sha256");
      const { size: sizeBytes } = await stat(join(stage, name));
      yield tarHeader(name, sizeBytes, mtime);
      for await (const part of Bun.file(join(stage, name)).stream()) {
        hash.update(part);
        yield part;
      }
      yield tarPadding(sizeBytes);
      manifest[name] = { sizeBytes, sha256: hash.digest("hex") };
    }
    yield* packText("manifest.json", new TextEncoder().encode(`${JSON.stringify(manifest)}\n`), mtime);
    yield TAR_END;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Links the files, copies the database, links newer files: then every file that the database names is included. */
async function stageBackup(folder: string, stage: string, now: () => number): Promise<BackupAbout> {
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
  const createdAt = new Date(now()).toISOString();
  return { format: BACKUP_FORMAT, version: VERSION, schema: SCHEMA, epoch, createdAt };
}

async function linkFiles(folder: string, stage: string): Promise<void> {
  for (const kind of FILE_FOLDERS) {
    await mkdir(join(stage, kind), { recursive: true });
    for (const file of await readdir(join(folder, kind)).catch(() => []))
      if (!file.endsWith(".part") && !file.endsWith(KEPT_COLUMN))
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

function* packText(name: string, bytes: Uint8Array, mtime: number): Generator<Uint8Array> {
  yield tarHeader(name, bytes.length, mtime);
  yield bytes;
  yield tarPadding(bytes.length);
}
