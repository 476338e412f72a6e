/**
 * Makes the data folder private to the account that the process runs as, whatever the shell's umask: 0700 for folders
 * and 0600 for files. It holds strangers' data, and hashes of tokens.
 */
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../platform/errors.ts";

const FOLDER = 0o700;
const FILE = 0o600;

/** Files that this process and its children write from now on are readable by its own account only. */
export function writePrivately(): void {
  process.umask(0o077);
}

/**
 * Creates the folder, and closes what an earlier version or another umask left open in it. Returns why something could
 * not be closed (a folder of another owner, as Kubernetes mounts them); null if everything is private. Throws AppError
 * `conflict` if the folder cannot be created.
 */
export function makePrivateFolder(folder: string): string | null {
  writePrivately();
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER });
  } catch (error) {
    throw new AppError("conflict", `DATA_DIR cannot be created: ${(error as Error).message}`, {
      fix: "Name another folder.",
    });
  }
  return closeAll(folder);
}

function closeAll(folder: string): string | null {
  let failure = close(folder, FOLDER);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) failure = closeAll(path) ?? failure;
    else if (entry.isFile()) failure = close(path, FILE) ?? failure;
  }
  return failure;
}

function close(path: string, mode: number): string | null {
  try {
    chmodSync(path, mode);
    return null;
  } catch (error) {
    const { code } = error as { code?: string };
    // Another process of ours removed it meanwhile.
    return code === "ENOENT" ? null : `${path}: ${code}`;
  }
}
