/** Prints the output of commands: results on stdout, everything else on stderr, the result as exit code. */
import { existsSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { diskFailure } from "../platform/disk.ts";
import { AppError, type ErrorPlace } from "../platform/errors.ts";
import { ConfigError } from "./config.ts";

/** An argument that a command needs. Throws AppError `syntax` if it is missing. */
export function needed(word: string | undefined, usage: string): string {
  if (!word) throw new AppError("syntax", `Usage: signalbox ${usage}`);
  return word;
}

/** The absolute path of a file that a command reads. Throws AppError `missing`. */
export function existing(file: string): string {
  const path = resolve(file);
  if (!existsSync(path)) throw new AppError("missing", `The file ${file} does not exist`);
  return path;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Waits if the reader is slow; false if it has gone. */
export function writeOut(bytes: Uint8Array): boolean {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSome(bytes.subarray(at));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EPIPE") return false;
    throw error;
  }
}

/** A full pipe accepts nothing for now. */
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

/** Prints an error as one line on stderr; the exit code tells a user's error from a defect. */
export function failCommand(thrown: unknown): never {
  const error = diskFailure(thrown) ?? thrown;
  const isOurs = error instanceof AppError || error instanceof ConfigError;
  tell(
    isOurs
      ? `signalbox: ${(error as Error).message}.${error instanceof AppError ? placeWords(error.place) : ""}`
      : String(error instanceof Error ? error.stack : error),
  );
  process.exit(isOurs ? 2 : 1);
}

function placeWords({ row, column, near, fix, example }: ErrorPlace): string {
  const places = [row !== undefined && `row ${row}`, column !== undefined && `column ${column}`].filter(
    Boolean,
  );
  return [
    places.length > 0 && `Where: ${places.join(", ")}.`,
    near !== undefined && `Did you mean ${near}?`,
    fix,
    example,
  ]
    .filter(Boolean)
    .map((line) => `\n  ${line}`)
    .join("");
}
