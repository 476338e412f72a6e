/** Files in the data folder of a single machine: what is written there is stored. */
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../../platform/disk.ts";
import type { FileStorage, ListedFile, StoredFile } from "./storage.ts";

export class FolderStorage implements FileStorage {
  readonly isShared = false;

  constructor(private readonly folder: string) {}

  pathOf(key: string): string {
    return join(this.folder, key);
  }

  async save({ key }: StoredFile): Promise<void> {
    await syncFolder(dirname(this.pathOf(key)));
  }

  async fetch({ key }: StoredFile): Promise<string> {
    return this.pathOf(key);
  }

  pin(): () => void {
    return () => {};
  }

  async remove(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  async list(prefix: string): Promise<ListedFile[]> {
    const folder = this.pathOf(dirname(`${prefix}x`));
    const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const keys = files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(this.folder.length + 1))
      .filter((key) => key.startsWith(prefix));
    return Promise.all(
      keys.map(async (key) => {
        const { size, mtimeMs } = await stat(this.pathOf(key));
        return { key, sizeBytes: size, changedAt: mtimeMs };
      }),
    );
  }

  async has(key: string): Promise<boolean> {
    return existsSync(this.pathOf(key));
  }
}
