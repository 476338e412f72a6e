/**
 * Opens the storage that the settings name, and proves that it can be used. Only shared storage loads further modules.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../platform/ids.ts";
import type { Bucket } from "./bucket.ts";
import { FolderStorage } from "./folder-storage.ts";
import { FILE_FOLDERS } from "./named-files.ts";
import type { FileStorage } from "./storage.ts";

export interface StorageSettings {
  STORAGE_URL: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  AWS_SESSION_TOKEN: string;
  AWS_REGION: string;
  AWS_ENDPOINT_URL: string;
  CACHE_MB: number;
}

/** Folders of copies. Results of schedules are stored like files, though rows name them only briefly. */
const COPIED = [...FILE_FOLDERS, "scores"];

export async function openStorage(settings: StorageSettings, folder: string): Promise<FileStorage> {
  if (!settings.STORAGE_URL) return new FolderStorage(folder);
  const { SharedStorage } = await import("./shared-storage.ts");
  const bucket = await openBucket(settings);
  await proveBucket(bucket);
  return new SharedStorage({
    bucket,
    folder,
    folders: COPIED,
    maxBytes: settings.CACHE_MB * 1e6,
    now: () => performance.now() + performance.timeOrigin,
  });
}

export async function openBucket(settings: StorageSettings): Promise<Bucket> {
  const url = new URL(settings.STORAGE_URL);
  if (url.protocol === "file:") {
    const { FolderBucket } = await import("./folder-bucket.ts");
    return new FolderBucket(decodeURIComponent(url.pathname));
  }
  const { S3Bucket } = await import("./s3-bucket.ts");
  return new S3Bucket({
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ""),
    region: settings.AWS_REGION,
    endpoint: settings.AWS_ENDPOINT_URL,
    accessKeyId: settings.AWS_ACCESS_KEY_ID,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
    sessionToken: settings.AWS_SESSION_TOKEN,
  });
}

/** Writes, reads and removes a small object. Throws StorageUnavailable with the reason. */
export async function proveBucket(bucket: Bucket): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-storage-"));
  const key = `proofs/${newId()}`;
  try {
    await writeFile(join(folder, "proof"), key);
    await bucket.put(key, join(folder, "proof"));
    const chunks = await bucket.get(key);
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks ?? []) parts.push(chunk);
    if (Buffer.concat(parts).toString() !== key) throw new Error(`${bucket.label} returned other bytes`);
    await bucket.remove(key);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
