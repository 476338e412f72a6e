/**
 * One process has a data folder, even if two have the same number, as in two containers; and nobody has it once that
 * process is dead.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdFolder } from "../../../core/process/folder-lock.ts";

const HOLD = join(import.meta.dir, "../../../core/process/folder-lock.ts");
const HOLDER = `const { holdFolder } = await import(process.argv[1]);
holdFolder(process.argv[2]);
console.log("held");
await Bun.sleep(60_000);`;

test("a data folder has one holder, and none after that process was killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-hold-"));
  const other = Bun.spawn([process.execPath, "-e", HOLDER, HOLD, folder], { stdout: "pipe" });
  await other.stdout.getReader().read();
  expect(() => holdFolder(folder)).toThrow(`Process ${other.pid} has been using ${folder} since 2`);
  const path = join(folder, "holder.json");
  const holder = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...holder, pid: process.pid }));
  expect(() => holdFolder(folder)).toThrow(`has been using ${folder}`);
  rmSync(path);
  expect(() => holdFolder(folder)).toThrow(`Another process uses ${folder}`);
  other.kill("SIGKILL");
  await other.exited;
  const letGo = holdFolder(folder);
  expect(() => holdFolder(folder)).toThrow(`Process ${process.pid} has been using`);
  letGo();
  holdFolder(folder)();
  rmSync(folder, { recursive: true });
});
