/**
 * Runs the subcommands: the same program without a server (train, read, back up, check), and its own children. What
 * only a subcommand needs is imported by it, so that the server starts faster.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Config, readConfig, settingsHelp } from "../operations/config.ts";
import { existing, needed, say, tell, writeOut } from "../operations/terminal.ts";
import { AppError } from "../platform/errors.ts";
import { VERSION } from "../platform/version.ts";

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
  signalbox move --database URL --storage URL [--back]
                                copies the data of DATA_DIR into PostgreSQL and a bucket; --back: from them into DATA_DIR
  signalbox healthcheck         exits 0 if the server on PORT responds
  signalbox --help | --version

Settings come from the environment:
`;

const dataCommands = () => import("./commands/data-commands.ts");

type Command = (words: string[], config: () => Config) => Promise<void>;

const COMMANDS: Record<string, Command> = {
  worker: async () => (await import("./worker.ts")).work(),
  train: async (words, config) => (await import("./commands/train-command.ts")).trainCommand(words, config),
  read: readCommand,
  backup: async (words, config) => (await dataCommands()).backupCommand(words, config()),
  restore: async (words, config) => (await dataCommands()).restoreCommand(words, config()),
  check: async (_, config) => (await dataCommands()).checkCommand(config()),
  move: async (words) => (await import("./commands/move-command.ts")).moveCommand(words),
  healthcheck: async (_, config) => healthcheckCommand(config()),
  "read-child": async () => (await import("../datasets/read-child.ts")).runReadChild(),
  "fetch-child": async () => (await import("../datasets/sources/fetch-child.ts")).runFetchChild(),
  "backup-child": async ([folder, source]) =>
    (await import("../operations/backup/backup-child.ts")).runBackupChild(folder!, source),
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
