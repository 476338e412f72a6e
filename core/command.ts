/**
 * Which subcommands are there? The same program without a server: train, read, back up, check; and its own children.
 * What only a subcommand needs is imported by it: the server shall start in a blink.
 */
import { existsSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Config, ConfigError, readConfig, settingsHelp } from "./config.ts";
import { AppError } from "./errors.ts";
import { slug } from "./ids.ts";
import { settleOptions, trainQuery } from "./run-options.ts";
import { STAGE_NAMES } from "./stages/stage.ts";
import { Store } from "./store/database.ts";
import { VERSION } from "./version.ts";

const HELP = `Signalbox ${VERSION}: a CSV becomes a deployed model while you watch.

  signalbox                     serve
  signalbox train FILE --target COL [--name N] [--budget S] [--seed N] [--out FILE]
  signalbox read FILE           the rows as they are read, one JSON array a line
  signalbox backup FILE         a copy of the database, while a server runs too
  signalbox check               opens the database and verifies it
  signalbox healthcheck         exits 0 where the server on PORT answers
  signalbox --help | --version

Settings come from the environment:
`;

type Command = (words: string[], config: () => Config) => Promise<void>;

const COMMANDS: Record<string, Command> = {
  train: trainCommand,
  read: readCommand,
  backup: async ([file], config) => {
    const target = resolve(needed(file, "backup FILE"));
    openExisting(config()).backup(target);
  },
  check: async (_, config) => checkCommand(config()),
  healthcheck: async (_, config) => healthcheckCommand(config()),
  "read-child": async () => (await import("./read-child.ts")).runReadChild(),
  "run-child": async () => (await import("./run-child.ts")).runRunChild(),
  "--help": async () => say(`${HELP}${settingsHelp()}`),
  "--version": async () => say(VERSION),
};

/** Runs the subcommand that the words name; false where there is none: then the program serves. */
export async function runCommand(words: string[]): Promise<boolean> {
  const [name, ...rest] = words;
  if (name === undefined) return false;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new AppError("syntax", `There is no command ${name}`, { fix: "See --help." });
  await command(rest, () => readConfig(process.env));
  return true;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function needed(word: string | undefined, usage: string): string {
  if (!word) throw new AppError("syntax", `Usage: signalbox ${usage}`);
  return word;
}

async function trainCommand(words: string[], config: () => Config): Promise<void> {
  const { values, positionals } = trainWords(words);
  const path = existing(needed(positionals[0], "train FILE --target COL"));
  const { out, budget: budgetSeconds, ...named } = values;
  const asked = trainQuery({ ...named, ...(budgetSeconds && { budgetSeconds }) });
  const [{ profileCsv }, { runStages }] = await Promise.all([import("./csv/read.ts"), import("./run.ts")]);
  const name = basename(path);
  const profile = await profileCsv(path, {}, { name });
  const options = settleOptions({ ...asked, datasetId: name }, profile, config().TRAIN_BUDGET_SECONDS);
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  try {
    const dataset = { ...profile, path, name, sizeBytes: Bun.file(path).size };
    const result = await runStages(
      { options, folder, dataset },
      {
        cancel: new AbortController().signal,
        stop: new AbortController().signal,
        report: (report) => {
          if (report.type === "started") tell(`[${report.position + 1}/8] ${STAGE_NAMES[report.position]} …`);
          if (report.type === "stage" && report.report.type === "candidate") {
            tell(`      ${report.report.candidate.name}: ${report.report.candidate.score.toPrecision(4)}`);
          }
        },
      },
    );
    if (out) await Bun.write(out, Bun.file(join(folder, "model.bin")));
    say(JSON.stringify({ modelName: asked.name ?? slug(name), ...result }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function trainWords(words: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: { target: text, name: text, budget: text, seed: text, out: text },
    });
  } catch (error) {
    throw new AppError("syntax", (error as Error).message, { fix: "See --help." });
  }
}

async function readCommand([file]: string[]): Promise<void> {
  const path = existing(needed(file, "read FILE"));
  const { readRows } = await import("./csv/rows.ts");
  let dialect = "";
  for await (const rows of readRows(path, { onDecided: (decided) => (dialect = JSON.stringify(decided)) })) {
    // To a reader that has gone (`| head`) there is nothing left to say.
    if (!writeOut(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))) return;
  }
  tell(dialect);
}

/** Waits where the reader is slow; false where it has gone. */
function writeOut(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSome(bytes.subarray(at));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EPIPE") return false;
    throw error;
  }
}

/** A pipe that is full for now takes nothing. */
function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(process.stdout.fd, bytes);
  } catch (error) {
    if ((error as { code?: string }).code !== "EAGAIN") throw error;
    Atomics.wait(PAUSE, 0, 0, 1);
    return 0;
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

function existing(file: string): string {
  const path = resolve(file);
  if (!existsSync(path)) throw new AppError("missing", `There is no file ${file}`);
  return path;
}

/** A check or a backup of nothing would only hide a mistyped DATA_DIR. */
function openExisting(config: Config): Store {
  const folder = resolve(config.DATA_DIR);
  if (existsSync(join(folder, "signalbox.sqlite"))) return Store.open(folder);
  throw new AppError("missing", `There is no database in ${folder}`, { fix: "Name the folder in DATA_DIR." });
}

function checkCommand(config: Config): void {
  const store = openExisting(config);
  const rows = store.all<{ integrity_check: string }>("PRAGMA integrity_check");
  const faults = rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  if (faults.length)
    throw new AppError("conflict", `The database is damaged: ${faults[0]}`, { fix: "Restore a backup." });
  say("ok");
}

async function healthcheckCommand(config: Config): Promise<void> {
  const url = `http://127.0.0.1:${config.PORT}${config.BASE_PATH}/healthz`;
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) {
    throw new AppError("unavailable", `${url} ${answer ? `answers ${answer.status}` : "does not answer"}`, {
      fix: "Give this command the PORT and BASE_PATH of the server.",
    });
  }
}

/** Prints an error as one line on stderr; the exit code says whose fault it was. */
export function failCommand(error: unknown): never {
  const isOurs = error instanceof AppError || error instanceof ConfigError;
  const fix = error instanceof AppError && error.place.fix ? ` ${error.place.fix}` : "";
  tell(
    isOurs
      ? `signalbox: ${(error as Error).message}.${fix}`
      : String(error instanceof Error ? error.stack : error),
  );
  process.exit(isOurs ? 2 : 1);
}
