/** Whatever the umask, nobody else on the machine reads the data folder. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateFolder } from "../../../core/process/private-folder.ts";
import { passengersCsv } from "../../harness/app.ts";
import { ServerProcess, waitForEvent } from "../../harness/process.ts";

const server = new ServerProcess();
afterAll(() => server.remove());

/** Mode of everything in the folder, the folder too, that others may read. */
function openTo(folder: string): string[] {
  const names = ["", ...(readdirSync(folder, { recursive: true }) as string[])];
  return names.flatMap((name) => {
    // A run that ends takes its folder with it.
    const mode = statSync(join(folder, name), { throwIfNoEntry: false })?.mode ?? 0;
    return mode & 0o077 ? [`${name} ${(mode & 0o777).toString(8)}`] : [];
  });
}

test("a server with the umask 000 leaves nothing readable by others, in use and after a training", async () => {
  const before = process.umask(0o000);
  await server.start().finally(() => process.umask(before));
  await server.ask("/api/train/p.csv?target=Survived&budgetSeconds=2", {
    method: "PUT",
    body: passengersCsv(300),
  });
  await waitForEvent(server, "run.finished", 0);
  expect(openTo(server.folder)).toEqual([]);
});

test("what an earlier version left readable is closed", () => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-open-"));
  mkdirSync(join(folder, "datasets"));
  writeFileSync(join(folder, "datasets", "a.csv"), "x");
  for (const [name, mode] of [
    ["", 0o755],
    ["datasets", 0o777],
    ["datasets/a.csv", 0o644],
  ] as const)
    chmodSync(join(folder, name), mode);
  expect(makePrivateFolder(folder)).toBeNull();
  expect(openTo(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});
