/** Each attempt at a run has a folder of its own on a host: an earlier one that ends late takes nothing from a later one. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLogger } from "../../../../core/platform/logger.ts";
import { FolderBucket } from "../../../../core/store/files/folder-bucket.ts";
import { SharedStorage } from "../../../../core/store/files/shared-storage.ts";
import { type Attempt, Checkpoints } from "../../../../core/training/queue/checkpoints.ts";

const root = mkdtempSync(join(tmpdir(), "signalbox-checkpoints-"));
afterAll(() => rmSync(root, { recursive: true }));

function openHost(name: string) {
  const folder = join(root, name);
  const bucket = new FolderBucket(join(root, "bucket"));
  const files = new SharedStorage({ bucket, folder, folders: [], maxBytes: 1e9, now: Date.now });
  const checkpoints = new Checkpoints({ files, folder: join(folder, "runs"), logger: openLogger("silent") });
  return { files, checkpoints };
}

/** A candidate has been scored. */
function score({ checkpoints }: ReturnType<typeof openHost>, attempt: Attempt): void {
  const folder = checkpoints.folderOf(attempt);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "candidate-0.bin"), `folds of attempt ${attempt.attempt}`);
  writeFileSync(join(folder, "candidates.json"), JSON.stringify({ files: { tree: "candidate-0.bin" } }));
  checkpoints.save(attempt);
}

test("an attempt whose last save takes long leaves the next one on the same host alone", async () => {
  mkdirSync(join(root, "bucket"));
  const host = openHost("first");
  const [first, second] = [1, 2].map((attempt) => ({ id: "run", attempt })) as [Attempt, Attempt];
  const held = Promise.withResolvers<void>();
  const save = host.files.save.bind(host.files);
  host.files.save = async (file) => {
    await held.promise;
    await save(file);
  };
  score(host, first);
  const leaving = host.checkpoints.leave(first);
  mkdirSync(host.checkpoints.folderOf(second), { recursive: true });
  writeFileSync(join(host.checkpoints.folderOf(second), "rows"), "of the child that trains");
  held.resolve();
  await leaving;
  expect(readdirSync(host.checkpoints.folderOf(second))).toEqual(["rows"]);
  expect(existsSync(host.checkpoints.folderOf(first))).toBe(false);
});

test("another host goes on from what was stored", async () => {
  const host = openHost("second");
  const third = { id: "run", attempt: 3 };
  await host.checkpoints.restore(third);
  expect(readdirSync(host.checkpoints.folderOf(third)).sort()).toEqual([
    "candidate-0.bin",
    "candidates.json",
  ]);
});
