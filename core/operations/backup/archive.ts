/**
 * The entries of a backup. One tar: about.json, the database, the files of datasets and models, and last manifest.json
 * with the size and hash of each, so that a cut or damaged archive is known as such.
 */
import { stat } from "node:fs/promises";
import { VERSION } from "../../platform/version.ts";
import { SCHEMA } from "../../store/sqlite/database.ts";
import { TAR_END, tarHeader, tarPadding } from "./tar.ts";

/** Rises when an older Signalbox could not restore what this one writes. */
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

/** What has been written so far, and the time that all entries have. */
export interface Archive {
  manifest: BackupManifest;
  now: number;
}

/** `epoch`: of the log, whose positions the backup holds. */
export function* packAbout(archive: Archive, epoch: string): Generator<Uint8Array> {
  const about: BackupAbout = {
    format: BACKUP_FORMAT,
    version: VERSION,
    schema: SCHEMA,
    epoch,
    createdAt: new Date(archive.now).toISOString(),
  };
  const text = new TextEncoder().encode(`${JSON.stringify(about)}\n`);
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  archive.manifest[ABOUT_FILE] = { sizeBytes: text.length, sha256 };
  yield* packText(ABOUT_FILE, text, archive);
}

/** The file at `path`, by its name in the archive. */
export async function* packFile(archive: Archive, name: string, path: string): AsyncGenerator<Uint8Array> {
  const hash = new Bun.CryptoHasher("sha256");
  const { size: sizeBytes } = await stat(path);
  yield tarHeader(name, sizeBytes, seconds(archive));
  for await (const part of Bun.file(path).stream()) {
    hash.update(part);
    yield part;
  }
  yield tarPadding(sizeBytes);
  archive.manifest[name] = { sizeBytes, sha256: hash.digest("hex") };
}

/** The manifest, with the size and SHA-256 of every file, and the end of the tar. */
export function* packEnd(archive: Archive): Generator<Uint8Array> {
  yield* packText(
    "manifest.json",
    new TextEncoder().encode(`${JSON.stringify(archive.manifest)}\n`),
    archive,
  );
  yield TAR_END;
}

function* packText(name: string, bytes: Uint8Array, archive: Archive): Generator<Uint8Array> {
  yield tarHeader(name, bytes.length, seconds(archive));
  yield bytes;
  yield tarPadding(bytes.length);
}

const seconds = ({ now }: Archive) => Math.floor(now / 1000);
