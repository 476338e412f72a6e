/**
 * Copies files between a data folder and a bucket. Each is compared with its row and with what arrived; one that exists
 * already is not sent again, so that an interrupted copy continues.
 */
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../../platform/disk.ts";
import { AppError, StorageUnavailable } from "../../platform/errors.ts";
import type { Bucket } from "../../store/files/bucket.ts";
import type { PlacedFile } from "../../store/files/placed-files.ts";

const ATTEMPTS = 3;

/** How the copies go on: files of all, and their bytes so far. */
export type FilesListener = (done: number, all: number, bytes: number) => void;

interface Read {
  sha256: string;
  sizeBytes: number;
}

/** From the folder into the bucket. Throws AppError `conflict` if a file is missing or damaged, StorageUnavailable. */
export async function sendFiles(
  files: readonly PlacedFile[],
  { folder, bucket }: { folder: string; bucket: Bucket },
  heard: FilesListener,
): Promise<void> {
  await each(files, heard, async (file) => {
    const path = join(folder, file.inFolder);
    const own = await hashFile(path);
    if (!own) return missing(file, folder);
    refuseOther(file, own, folder);
    if ((await hashOf(bucket, file.inBucket))?.sha256 === own.sha256) return own.sizeBytes;
    await bucket.put(file.inBucket, path);
    const sent = await hashOf(bucket, file.inBucket);
    if (sent?.sha256 !== own.sha256)
      throw new StorageUnavailable(`${bucket.label} does not give back ${file.inBucket} as it was sent`);
    return own.sizeBytes;
  });
}

/** From the bucket into the folder. Throws AppError `conflict` if a file is missing or damaged, StorageUnavailable. */
export async function fetchFiles(
  files: readonly PlacedFile[],
  { folder, bucket }: { folder: string; bucket: Bucket },
  heard: FilesListener,
): Promise<void> {
  await each(files, heard, async (file) => {
    const path = join(folder, file.inFolder);
    const own = file.known && (await hashFile(path));
    if (own && own.sha256 === file.known?.sha256) return own.sizeBytes;
    return (await fetchFile(file, path, bucket))?.sizeBytes ?? missing(file, bucket.label);
  });
}

/** Null: it does not exist. Throws AppError `conflict` if it does not match its row. */
export async function fetchFile(file: PlacedFile, path: string, bucket: Bucket): Promise<Read | null> {
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      const read = await download(file, `${path}.part`, bucket);
      if (!read) return null;
      refuseOther(file, read, bucket.label);
      await rename(`${path}.part`, path);
      await syncFolder(dirname(path));
      return read;
    } catch (error) {
      if (!(error instanceof StorageUnavailable) || attempt >= ATTEMPTS) throw error;
    } finally {
      await rm(`${path}.part`, { force: true });
    }
  }
}

async function download({ inBucket }: PlacedFile, part: string, bucket: Bucket): Promise<Read | null> {
  const chunks = await bucket.get(inBucket);
  if (!chunks) return null;
  const file = await open(part, "w", 0o600);
  const hash = new Bun.CryptoHasher("sha256");
  let sizeBytes = 0;
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

async function each(
  files: readonly PlacedFile[],
  heard: FilesListener,
  copy: (file: PlacedFile) => Promise<number>,
): Promise<void> {
  let bytes = 0;
  for (const [i, file] of files.entries()) {
    bytes += await copy(file);
    heard(i + 1, files.length, bytes);
  }
}

/** Zero bytes, if no row requires the file. */
function missing({ known, inFolder }: PlacedFile, where: string): number {
  if (!known) return 0;
  throw new AppError("conflict", `A file that the database lists is missing in ${where}: ${inFolder}`, {
    fix: "Delete the dataset or the model it belongs to, or restore the file.",
  });
}

function refuseOther({ known, inFolder }: PlacedFile, read: Read, where: string): void {
  if (!known || (known.sha256 === read.sha256 && known.sizeBytes === read.sizeBytes)) return;
  throw new AppError("conflict", `The file ${inFolder} in ${where} is damaged: its checksum differs`, {
    fix: "Delete the dataset or the model it belongs to, or restore the file.",
  });
}

async function hashFile(path: string): Promise<Read | null> {
  if (!existsSync(path)) return null;
  const { size } = await stat(path);
  return { ...(await hashChunks(Bun.file(path).stream() as AsyncIterable<Uint8Array>)), sizeBytes: size };
}

async function hashOf(bucket: Bucket, key: string): Promise<Read | null> {
  const chunks = await bucket.get(key);
  return chunks && hashChunks(chunks);
}

async function hashChunks(chunks: AsyncIterable<Uint8Array>): Promise<Read> {
  const hash = new Bun.CryptoHasher("sha256");
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}
