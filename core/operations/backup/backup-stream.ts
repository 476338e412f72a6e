/**
 * Streams a backup from a running server. A child process makes it, so that copying a large database never delays a
 * response; its output is passed on as it arrives. A backup that fails breaks the stream.
 */
import { type ChildEntry, childCommand, childEnvironment } from "../../platform/child.ts";
import { diskFull } from "../../platform/disk.ts";
import { AppError } from "../../platform/errors.ts";
import type { ClusterSettings } from "./cluster.ts";

const BACKUP_CHILD: ChildEntry = {
  name: "backup-child",
  module: new URL("./backup-child.ts", import.meta.url),
};

export type BackupSettings = ClusterSettings & { DATA_DIR: string };

/** Waits for the first bytes: a failure before them is an error response. Throws AppError, ConfigError. */
export async function backupStream(
  settings: BackupSettings,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { DATA_DIR: folder, DATABASE_URL } = settings;
  if (DATABASE_URL && !settings.STORAGE_URL) throw filesApart();
  const words = DATABASE_URL ? [folder, "cluster"] : [folder];
  const child = Bun.spawn([...childCommand(BACKUP_CHILD), ...words], {
    stdio: [DATABASE_URL ? new Blob([JSON.stringify(settings)]) : "ignore", "pipe", "pipe"],
    env: childEnvironment(),
    signal,
  });
  const said = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  const first = await reader.read();
  if (first.done) throw failureOf(await said, folder);
  return new ReadableStream({
    start: (controller) => controller.enqueue(first.value),
    async pull(controller) {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      if ((await child.exited) === 0) controller.close();
      else controller.error();
    },
    cancel: () => child.kill(),
  });
}

/** An archive of DATA_DIR alone would hold files without their database. */
export function filesApart(): AppError {
  return new AppError("conflict", "The database is in PostgreSQL and the files are in DATA_DIR", {
    fix: "Use pg_dump for the database and copy DATA_DIR, or set STORAGE_URL.",
  });
}

function failureOf(said: string, folder: string): Error {
  if (/ENOSPC|EDQUOT|disk is full/.test(said)) return diskFull();
  const [line = ""] = said.trim().split("\n");
  return line.startsWith("signalbox: ")
    ? new AppError("conflict", line.slice("signalbox: ".length).replaceAll(folder, "DATA_DIR"))
    : new Error(`the backup ended: ${said.trim().slice(-500)}`);
}
