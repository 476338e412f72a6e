/**
 * Runs the subcommands: the same program without a server (train, read, back up, check), and its own children. What
 * only a subcommand needs is imported by it, so that the server starts faster.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { adoptRestored, isRestoreWaiting } from "../operations/backup/restore.ts";
import { type Config, readConfig, settingsHelp } from "../operations/config.ts";
import { existing, needed, say, tell, writeOut } from "../operations/terminal.ts";
import { AppError } from "../platform/errors.ts";
import { VERSION } from "../platform/version.ts";
import type { Store } from "../store/database.ts";
import { filesOf } from "../store/files/named-files.ts";
import { DATABASE, openSqlite } from "../store/sqlite/database.ts";
import { holderOf, holdFolder } from "./folder-lock.ts";
import { writePrivately } from "./private-folder.ts";

const HELP = `Signalbox ${VERSION}: a CSV becomes a deployed model while you watch.

  signalbox                     serve
  signalbox worker              read files and train for the servers on DATABASE_URL and STORAGE_URL
  signalbox train FILE --target COL [--name N] [--budget S] [--seed N] [--out FILE]
                                train without a server; train --help lists every option
  signalbox read FILE [--sheet NAME] [--range A1:F100]
                                prints the rows as read, one JSON array per line
  signalbox backup FILE         database, files and models as one tar, while a server runs too; - writes to stdout
  signalbox restore FILE [--replace]
                                restores a backup, into a running server too; keeps the existing data aside
  signalbox check               verifies the database, and that none of its files is missing
  signalbox healthcheck         exits 0 if the server on PORT responds
  signalbox --help | --version

Settings come from the environment:
`;

const RESTORE_WAIT_MS = 60_000;

type Command = (words: string[], config: () => Config) => Promise<void>;

const COMMANDS: Record<string, Command> = {
  worker: async () => (await import("./work.ts")).work(),
  train: async (words, config) => (await import("./train-command.ts")).trainCommand(words, config),
  read: readCommand,
  backup: async ([file], config) => backupCommand(needed(file, "backup FILE"), config()),
  restore: async (words, config) => restoreCommand(words, config()),
  check: async (_, config) => checkCommand(config()),
  healthcheck: async (_, config) => healthcheckCommand(config()),
  "read-child": async () => (await import("../datasets/read-child.ts")).runReadChild(),
  "fetch-child": async () => (await import("../datasets/sources/fetch-child.ts")).runFetchChild(),
  "backup-child": async ([folder]) =>
    (await import("../operations/backup/backup-child.ts")).runBackupChild(folder!),
  "run-child": async () => (await import("../training/run-child.ts")).runRunChild(),
  "--help": async () => say(`${HELP}${settingsHelp()}`),
  "--version": async () => say(VERSION),
};

/** Runs the subcommand that the arguments name. Throws AppError `syntax` if it does not exist. */
export async function runCommand([name = "", ...words]: string[]): Promise<void> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new AppError("syntax", `The command ${name} does not exist`, { fix: "See --help." });
  await command(words, () => readConfig(process.env));
}

async function readCommand(words: string[]): Promise<void> {
  const { values, positionals } = readWords(words);
  const [file] = positionals;
  const path = existing(needed(file, "read FILE"));
  const [{ openTable }, { readRows }] = await Promise.all([
    import("../csv/formats/open-table.ts"),
    import("../csv/read-rows.ts"),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  try {
    const table = await openTable(path, { choices: values, out: join(folder, "table") });
    let dialect = "";
    const onDecided = (decided: object) => (dialect = JSON.stringify(decided));
    for await (const rows of readRows(table.path, { known: table.known, onDecided })) {
      // The reader has gone (`| head`): there is nothing left to print.
      if (!writeOut(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")))) return;
    }
    tell(dialect);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readWords(words: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args: words, allowPositionals: true, options: { sheet: text, range: text } });
  } catch (error) {
    throw new AppError("syntax", (error as Error).message, { fix: "See --help." });
  }
}

const refuseBesidePostgres = async (config: Config) =>
  (await import("../operations/backup/backup.ts")).refuseBesidePostgres(config);

/** The file appears only when it is complete. */
async function backupCommand(file: string, config: Config): Promise<void> {
  await refuseBesidePostgres(config);
  writePrivately();
  const folder = resolve(config.DATA_DIR);
  if (file === "-") return (await import("../operations/backup/backup-child.ts")).runBackupChild(folder);
  const path = resolve(file);
  if (existsSync(path))
    throw new AppError("conflict", `${file} already exists`, {
      fix: "Choose a new file name, or remove that file.",
    });
  const part = `${path}.part`;
  try {
    const { packBackup } = await import("../operations/backup/backup.ts");
    const sink = Bun.file(part).writer();
    for await (const bytes of packBackup(folder, Date.now)) {
      sink.write(bytes);
      await sink.flush();
    }
    await sink.end();
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  tell(`${file}: ${Bun.file(path).size} bytes`);
}

async function restoreCommand(words: string[], config: Config): Promise<void> {
  await refuseBesidePostgres(config);
  writePrivately();
  const [file] = words.filter((word) => word !== "--replace");
  const path = existing(needed(file, "restore FILE [--replace]"));
  const folder = resolve(config.DATA_DIR);
  const { unpackBackup } = await import("../operations/backup/unpack-backup.ts");
  if (existsSync(join(folder, DATABASE)) && !words.includes("--replace")) {
    throw new AppError("conflict", `${folder} contains data`, {
      fix: "Choose an empty DATA_DIR, or add --replace: the existing data is then kept in a folder beside it.",
    });
  }
  await unpackBackup(path, folder);
  const holder = holderOf(folder);
  if (holder === null) {
    const release = holdFolder(folder);
    const kept = adoptRestored(folder, Date.now());
    release();
    return tell(`Restored.${kept ? ` The previous data is kept in ${kept}` : ""}`);
  }
  process.kill(holder, "SIGHUP");
  for (let waited = 0; isRestoreWaiting(folder); waited += 100) {
    if (waited > RESTORE_WAIT_MS)
      throw new AppError("unavailable", `Process ${holder} has not loaded the backup`, {
        fix: "The backup is unpacked and verified: restart that process to load it.",
      });
    await Bun.sleep(100);
  }
  tell(`Restored: process ${holder} now uses the backup. The previous data is kept beside it, in replaced-…`);
}

/** A check of an empty folder would only hide a mistyped DATA_DIR. */
async function openExisting(config: Config): Promise<Store> {
  const folder = resolve(config.DATA_DIR);
  if (existsSync(join(folder, DATABASE))) return openSqlite(folder);
  throw new AppError("missing", `${folder} has no database`, { fix: "Name the folder in DATA_DIR." });
}

/** The database's own check, and whether the files that it names exist. */
async function checkCommand(config: Config): Promise<void> {
  await refuseBesidePostgres(config);
  const store = await openExisting(config);
  const lost = (await filesOf(store)).find((name) => !existsSync(join(resolve(config.DATA_DIR), name)));
  const fault = (await store.faults())[0] ?? (lost && `${lost} is missing`);
  if (fault) throw new AppError("conflict", `The data is damaged: ${fault}`, { fix: "Restore a backup." });
  say("ok");
}

async function healthcheckCommand(config: Config): Promise<void> {
  const host = ["0.0.0.0", "::", "[::]"].includes(config.HOST) ? "127.0.0.1" : config.HOST;
  const url = `http://${host}:${config.PORT}${config.BASE_PATH}/healthz`;
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) {
    throw new AppError("unavailable", `${url} ${answer ? `responds ${answer.status}` : "does not respond"}`, {
      fix: "Set PORT and BASE_PATH as for the server.",
    });
  }
}
