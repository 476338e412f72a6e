/** The child process that makes a backup: it gets the folder as its input and writes the archive to stdout. */

import { failCommand, writeOut } from "../terminal.ts";
import { packBackup } from "./backup.ts";

export async function runBackupChild(folder: string): Promise<void> {
  for await (const part of packBackup(folder, Date.now)) if (!writeOut(part)) return;
}

if (import.meta.main) await runBackupChild(process.argv[2]!).catch(failCommand);
