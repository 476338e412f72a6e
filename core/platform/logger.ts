/** Logs JSON lines on stdout for the operator; never a cell of data, never a secret. */

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;
export type LogLevel = keyof typeof LEVELS;

type Write = (fields: Record<string, unknown>, message: string) => void;
export type Logger = Record<Exclude<LogLevel, "silent">, Write>;

/** Buffered lines; null: they are printed at once. */
let waiting: string[] | null = null;

/**
 * Buffers lines from now on, because the first line that the process prints says where it serves; the returned function
 * prints them.
 */
export function holdLines(): () => void {
  waiting = [];
  return () => {
    for (const line of waiting ?? []) console.log(line);
    waiting = null;
  };
}

/** Lines of at least that level, as {level, time, msg, …fields}. */
export function openLogger(least: LogLevel): Logger {
  const writer =
    (level: LogLevel): Write =>
    (fields, msg) => {
      if (LEVELS[level] < LEVELS[least]) return;
      const line = JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields });
      if (waiting) waiting.push(line);
      else console.log(line);
    };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}
