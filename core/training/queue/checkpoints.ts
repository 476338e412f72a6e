/**
 * Stores a run's scored candidates where another host can resume it. Each attempt at a run has a folder of its own:
 * files of a worker that lost the run are never read as its successor's.
 */
import { copyFile, mkdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Logger } from "../../platform/logger.ts";
import type { FileStorage } from "../../store/files/storage.ts";

/** Lists the other files; written last. */
const INDEX = "candidates.json";
const ENCODERS = "candidates-encoders.bin";

export interface Attempt {
  id: string;
  attempt: number;
}

export interface CheckpointsOptions {
  files: FileStorage;
  /** The folder of all runs. */
  folder: string;
  logger: Logger;
}

export class Checkpoints {
  /** Uploads in progress, by the attempt's key; and stored files, by key with their time of change. */
  private readonly saving = new Map<string, Promise<void>>();
  private readonly stored = new Map<string, number>();

  constructor(private readonly options: CheckpointsOptions) {}

  /** The folder of an attempt; on one machine all attempts share the run's folder. */
  folderOf(run: Attempt): string {
    const { files, folder } = this.options;
    return files.isShared ? files.pathOf(keyOf(run)) : join(folder, run.id);
  }

  /**
   * Stores what is new, one save after the other. If the storage does not answer, the checkpoint is lost, not the run.
   */
  save(run: Attempt): void {
    if (!this.options.files.isShared) return;
    const key = keyOf(run);
    const before = this.saving.get(key) ?? Promise.resolve();
    const saving = before
      .then(() => this.saveNew(run))
      .catch((error: unknown) =>
        this.options.logger.warn({ runId: run.id, reason: String(error) }, "a checkpoint was not stored"),
      )
      .finally(() => {
        if (this.saving.get(key) === saving) this.saving.delete(key);
      });
    this.saving.set(key, saving);
  }

  private async saveNew(run: Attempt): Promise<void> {
    const index = await readFile(join(this.folderOf(run), INDEX)).catch(() => null);
    if (!index) return;
    const { files } = JSON.parse(index.toString()) as { files: Record<string, string> };
    for (const name of [...Object.values(files), ENCODERS, INDEX]) await this.saveFile(run, name);
  }

  private async saveFile(run: Attempt, name: string): Promise<void> {
    const { files } = this.options;
    const key = `${keyOf(run)}/${name}`;
    const found = await stat(files.pathOf(key)).catch(() => null);
    if (!found || this.stored.get(key) === found.mtimeMs) return;
    await files.save({ key });
    this.stored.set(key, found.mtimeMs);
  }

  /** Copies what an earlier attempt stored into this attempt's folder. Throws StorageUnavailable. */
  async restore(run: Attempt): Promise<void> {
    const { files } = this.options;
    if (!files.isShared) return;
    const listed = (await files.list(`runs/${run.id}/`)).map(({ key }) => key);
    const attempts = listed.filter((key) => basename(key) === INDEX).map((key) => attemptOf(key));
    const newest = Math.max(...attempts.filter((attempt) => attempt < run.attempt));
    if (!Number.isFinite(newest)) return;
    const folder = this.folderOf(run);
    await mkdir(folder, { recursive: true });
    for (const key of listed.filter((key) => attemptOf(key) === newest))
      await copyFile(await files.fetch({ key }), join(folder, basename(key)));
  }

  /** Ends the attempt here; what it stored stays for others. */
  async leave(run: Attempt): Promise<void> {
    if (!this.options.files.isShared) return;
    await this.saving.get(keyOf(run));
    for (const key of this.stored.keys()) if (dirname(key) === keyOf(run)) this.stored.delete(key);
    // Only its own: what it saved last may have taken long, and the run may be under way here again.
    await rm(this.folderOf(run), { recursive: true, force: true });
  }

  /** Removes everything of a run, everywhere. */
  async remove(id: string): Promise<void> {
    const { files, folder } = this.options;
    if (files.isShared) for (const { key } of await files.list(`runs/${id}/`)) await files.remove(key);
    await rm(join(folder, id), { recursive: true, force: true });
  }
}

const keyOf = ({ id, attempt }: Attempt) => `runs/${id}/${attempt}`;

/** "runs/ID/3/name" -> 3. */
const attemptOf = (key: string) => Number(key.split("/")[2]);
