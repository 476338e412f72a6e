/** How does the process speak to its operator? JSON lines on stdout; never a cell of data, never a secret. */
import pino from "pino";

export type Logger = pino.Logger;

export function openLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
