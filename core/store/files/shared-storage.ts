/**
 * Files that every host shares, in a bucket, with copies in a bounded folder on this machine. Bytes are hashed while
 * they arrive: a copy is complete and matches its row, or does not exist.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, StorageUnavailable } from "../../platform/errors.ts";
import type { Bucket } from "./bucket.ts";
import type { FileStorage, ListedFile, StoredFile } from "./storage.ts";

const ATTEMPTS = 3;
/** A recently requested file is about to be read. */
const FRESH_MS = 60_000;
/** Files being written, and what a crash left of them. */
const UNFINISHED = /\.part$|\.unpacked/;

export interface CacheOptions {
  bucket: Bucket;
  /** The folder of the copies. */
  folder: string;
  /** Folders below it that contain only copies. */
  folders: readonly string[];
  maxBytes: number;
  now: () => number;
}

export class SharedStorage implements FileStorage {
  readonly isShared = true;
  /** When each copy was last requested, by its path. */
  private readonly usedAt = new Map<string, number>();
  private readonly pins = new Map<string, number>();
  private readonly fetching = new Map<string, Promise<string>>();

  constructor(private readonly options: CacheOptions) {}

  get bucket(): Bucket {
    return this.options.bucket;
  }

  pathOf(key: string): string {
    return join(this.options.folder, key);
  }

  async save({ key }: StoredFile): Promise<void> {
    const unpin = this.pin(key);
    try {
      await this.bucket.put(key, this.pathOf(key));
    } finally {
      unpin();
    }
    this.use(key);
  }

  async fetch(file: StoredFile): Promise<string> {
    const { key, sizeBytes } = file;
    const path = this.pathOf(key);
    this.use(key);
    const found = await stat(path).catch(() => null);
    // Its hash was checked while it arrived.
    if (found && (sizeBytes === undefined || found.size === sizeBytes)) return path;
    if (!this.fetching.has(key))
      this.fetching.set(
        key,
        this.bring(file).finally(() => this.fetching.delete(key)),
      );
    return this.fetching.get(key)!;
  }

  private async bring(file: StoredFile): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.download(file);
      } catch (error) {
        if (!(error instanceof StorageUnavailable) || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  private async download({ key, sha256, sizeBytes }: StoredFile): Promise<string> {
    const path = this.pathOf(key);
    const part = `${path}.${crypto.randomUUID()}.part`;
    const chunks = await this.bucket.get(key);
    if (!chunks) throw notAsStored(key, "it is missing");
    await mkdir(dirname(path), { recursive: true });
    const hash = new Bun.CryptoHasher("sha256");
    const file = await open(part, "wx");
    let bytes = 0;
    try {
      try {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
        }
      } finally {
        await file.close();
      }
      if (sizeBytes !== undefined && bytes < sizeBytes)
        throw new StorageUnavailable(`${this.bucket.label} sent ${bytes} of ${sizeBytes} bytes`);
      if (sha256 !== undefined && hash.digest("hex") !== sha256) throw notAsStored(key, "checksum differs");
      await rename(part, path);
    } finally {
      await rm(part, { force: true });
    }
    await this.trim();
    return path;
  }

  pin(key: string): () => void {
    const path = this.pathOf(key);
    this.pins.set(path, (this.pins.get(path) ?? 0) + 1);
    let isPinned = true;
    return () => {
      if (!isPinned) return;
      isPinned = false;
      this.use(key);
      const left = this.pins.get(path)! - 1;
      if (left > 0) this.pins.set(path, left);
      else this.pins.delete(path);
    };
  }

  async remove(key: string): Promise<void> {
    await this.bucket.remove(key);
    await this.drop(key);
  }

  list(prefix: string): Promise<ListedFile[]> {
    return this.bucket.list(prefix);
  }

  has(key: string): Promise<boolean> {
    return this.bucket.has(key);
  }

  /** Removes the copy on this machine only. */
  async drop(key: string): Promise<void> {
    const path = this.pathOf(key);
    this.usedAt.delete(path);
    await rm(path, { force: true });
  }

  /** Removes copies of files that are no longer wanted; `isWanted` gets each key. */
  async forget(isWanted: (key: string) => boolean): Promise<void> {
    for (const { path, key } of await this.copies())
      if (!this.pins.has(path) && !this.isFresh(path) && !isWanted(key)) await this.drop(key);
  }

  /** Keeps the copies below their limit: the least recently used are removed. */
  async trim(): Promise<void> {
    const copies = await this.copies();
    let bytes = copies.reduce((sum, copy) => sum + copy.sizeBytes, 0);
    for (const { path, key, sizeBytes } of copies.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= this.options.maxBytes) return;
      if (this.pins.has(path) || this.isFresh(path)) continue;
      await this.drop(key);
      bytes -= sizeBytes;
    }
  }

  private use(key: string): void {
    this.usedAt.set(this.pathOf(key), this.options.now());
  }

  private isFresh(path: string): boolean {
    return this.options.now() - (this.usedAt.get(path) ?? 0) < FRESH_MS;
  }

  private async copies() {
    const { folder, folders } = this.options;
    const copies = [];
    for (const kind of folders) {
      if (!existsSync(join(folder, kind))) continue;
      for (const name of await readdir(join(folder, kind))) {
        const path = join(folder, kind, name);
        const found = UNFINISHED.test(name) ? null : await stat(path).catch(() => null);
        if (!found?.isFile()) continue;
        const usedAt = this.usedAt.get(path) ?? found.mtimeMs;
        copies.push({ path, key: `${kind}/${name}`, sizeBytes: found.size, usedAt });
      }
    }
    return copies;
  }
}

function notAsStored(key: string, reason: string): AppError {
  return new AppError("conflict", `The stored file ${key} is damaged: ${reason}`, {
    fix: "Upload or train again, or restore a backup. Nothing else is affected.",
  });
}
