/** `signalbox move`: takes the data of one machine into a cluster, or brings it back. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { moveBack, moveToCluster } from "../../operations/backup/move.ts";
import { moveProgress } from "../../operations/backup/move-progress.ts";
import { type Config, ConfigError, readConfig } from "../../operations/config.ts";
import { say, tell } from "../../operations/terminal.ts";
import { AppError } from "../../platform/errors.ts";
import { DATABASE } from "../../store/sqlite/database.ts";
import { holdFolder, holdUntouched } from "../folder-lock.ts";
import { makePrivateFolder, writePrivately } from "../private-folder.ts";
import { withCluster } from "./with-cluster.ts";

/** Throws ConfigError without both places, AppError if a copy fails or differs. */
export async function moveCommand(words: string[]): Promise<void> {
  const { database, storage, back } = moveWords(words);
  const config = readConfig({
    ...process.env,
    ...(database && { DATABASE_URL: database, DATABASE_URL_FILE: "" }),
    ...(storage && { STORAGE_URL: storage }),
  });
  if (!config.DATABASE_URL || !config.STORAGE_URL)
    throw new ConfigError(
      "move needs --database postgres://… and --storage s3://… (or DATABASE_URL and STORAGE_URL)",
    );
  writePrivately();
  await (back ? bringBack(config) : takeAlong(config));
}

function moveWords(words: string[]) {
  const text = { type: "string" } as const;
  try {
    const options = { database: text, storage: text, back: { type: "boolean" } } as const;
    return parseArgs({ args: words, options }).values;
  } catch (error) {
    throw new AppError("syntax", (error as Error).message, { fix: "See --help." });
  }
}

const progress = () => moveProgress(tell, () => performance.now());

async function takeAlong(config: Config): Promise<void> {
  const folder = resolve(config.DATA_DIR);
  if (!existsSync(join(folder, DATABASE)))
    throw new AppError("missing", `${folder} has no database`, { fix: "Name the folder in DATA_DIR." });
  const release = holdUntouched(folder);
  try {
    await withCluster(config, (cluster) => moveToCluster(folder, cluster, progress()));
  } finally {
    release();
  }
  say(
    `Moved and compared. ${folder} is as it was. Start servers and workers with DATABASE_URL and STORAGE_URL, and the same SECRET_KEY.`,
  );
}

async function bringBack(config: Config): Promise<void> {
  const folder = resolve(config.DATA_DIR);
  makePrivateFolder(folder);
  const release = holdFolder(folder);
  try {
    await withCluster(config, (cluster) => moveBack(cluster, folder, progress()));
  } finally {
    release();
  }
  say(
    `Moved and compared. The cluster's data is as it was. Start the server with DATA_DIR=${folder}, without DATABASE_URL and STORAGE_URL.`,
  );
}
