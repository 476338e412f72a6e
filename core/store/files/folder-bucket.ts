/** A folder that every host can reach, such as an NFS mount, as an object store. */
import { createReadStream, existsSync } from "node:fs";
import { copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../../platform/disk.ts";
import { StorageUnavailable } from "../../platform/errors.ts";
import type { Bucket } from "./bucket.ts";
import type { ListedFile } from "./storage.ts";

const PART = ".part";
/** Trying again will not help: its place, or its rights. */
const REFUSED = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG"]);

export class FolderBucket implements Bucket {
  readonly label: string;

  constructor(private readonly folder: string) {
    this.label = folder;
  }

  async put(key: string, path: string): Promise<void> {
    const target = join(this.folder, key);
    const part = `${target}.${crypto.randomUUID()}${PART}`;
    await this.guarded(async () => {
      await mkdir(dirname(target), { recursive: true });
      try {
        await copyFile(path, part);
        const file = await open(part, "r+");
        await file.sync().finally(() => file.close());
        await rename(part, target);
        await syncFolder(dirname(target));
      } finally {
        await rm(part, { force: true });
      }
    });
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | null> {
    if (!(await this.has(key))) return null;
    return createReadStream(join(this.folder, key));
  }

  async remove(key: string): Promise<void> {
    await this.guarded(() => rm(join(this.folder, key), { force: true }));
  }

  async list(prefix: string): Promise<ListedFile[]> {
    return (await this.files(prefix)).filter(({ key }) => !key.endsWith(PART));
  }

  async has(key: string): Promise<boolean> {
    // A lost mount leaves an empty folder, or none: then nothing is known about the file.
    if (!existsSync(this.folder)) throw new StorageUnavailable(`${this.folder} does not exist`);
    return existsSync(join(this.folder, key));
  }

  async endUnfinished(before: number): Promise<number> {
    const old = (await this.files("")).filter(
      ({ key, changedAt }) => key.endsWith(PART) && changedAt < before,
    );
    for (const { key } of old) await rm(join(this.folder, key), { force: true });
    return old.length;
  }

  private files(prefix: string): Promise<ListedFile[]> {
    return this.guarded(async () => {
      const folder = join(this.folder, dirname(`${prefix}x`));
      if (!existsSync(folder)) return [];
      const listed: ListedFile[] = [];
      for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(file.parentPath, file.name);
        const key = path.slice(this.folder.replace(/\/$/, "").length + 1);
        if (!file.isFile() || !key.startsWith(prefix)) continue;
        // Another host may remove it meanwhile.
        const found = await stat(path).catch(() => null);
        if (found) listed.push({ key, sizeBytes: found.size, changedAt: found.mtimeMs });
      }
      return listed;
    });
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      throw new StorageUnavailable(
        `The shared folder ${this.folder} cannot be used (${code})`,
        REFUSED.has(code),
      );
    }
  }
}
