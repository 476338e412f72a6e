/** Reads a whole file into memory, checked against its hash. */
import { readFile, rm } from "node:fs/promises";
import type { FileStorage, StoredFile } from "./storage.ts";

/**
 * The bytes, or a short reason why they are not available; the path on disk is not revealed. Throws as `fetch` does.
 */
export async function readChecked(
  files: FileStorage,
  file: Required<StoredFile>,
): Promise<Uint8Array | string> {
  const bytes = await readCopy(await files.fetch(file));
  if (typeof bytes === "string" || isWhole(bytes, file)) return bytes;
  if (!files.isShared) return "checksum differs";
  // The copy on this machine may be damaged.
  await rm(files.pathOf(file.key), { force: true });
  const anew = await readCopy(await files.fetch(file));
  return typeof anew === "string" || isWhole(anew, file) ? anew : "checksum differs";
}

async function readCopy(path: string): Promise<Uint8Array | string> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as { code?: string };
    return code === "ENOENT" ? "it is missing" : `it cannot be read (${code})`;
  }
}

const isWhole = (bytes: Uint8Array, { sha256 }: Required<StoredFile>) =>
  new Bun.CryptoHasher("sha256").update(bytes).digest("hex") === sha256;
