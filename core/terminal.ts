/** How does a command speak to the one who typed it? Results on stdout, the rest on stderr, the verdict as exit code. */
import { writeSync } from "node:fs";
import { ConfigError } from "./config.ts";
import { AppError } from "./errors.ts";

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Waits where the reader is slow; false where it has gone. */
export function writeOut(bytes: Uint8Array): boolean {
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
