/**
 * Keeps a reserve file so that data can be deleted on a full disk, because deleting writes too. A file of a few
 * megabytes is released for that, and created again when there is room.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { diskFailure } from "./disk.ts";

const BYTES = 8 * 1024 * 1024;
/** Created only if this much is free besides it. */
const ROOM_BYTES = 8 * BYTES;

export class DiskReserve {
  private readonly path: string;

  constructor(private readonly folder: string) {
    this.path = join(folder, "ballast");
  }

  /** Creates the file if it is missing and there is room. Failing to do so does no harm. */
  lay(): void {
    if (existsSync(this.path) || this.free() < ROOM_BYTES) return;
    const part = `${this.path}.part`;
    try {
      const file = openSync(part, "w");
      try {
        // Written in full: a sparse file reserves no room.
        const chunk = new Uint8Array(BYTES / 8).fill(85);
        for (let written = 0; written < BYTES; written += chunk.length) writeSync(file, chunk);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(part, this.path);
    } catch (error) {
      if (!diskFailure(error)) throw error;
      rmSync(part, { force: true });
    }
  }

  /** Does `work`; if the disk is too full for it, again without the reserve. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (diskFailure(error)?.code !== "disk_full" || !existsSync(this.path)) throw error;
      rmSync(this.path);
      return await work();
    }
  }

  private free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }
}
