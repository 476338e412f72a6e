/** Finds the next times of a cron expression, in a time zone with its clock changes. */
import { isTimeZone } from "../../operations/alert-routes/clock.ts";
import { AppError } from "../../platform/errors.ts";

export interface Times {
  cron: string;
  timeZone?: string | undefined;
}

/** Milliseconds of the first due time after `at`; null if there is none. Throws AppError `invalid`. */
export async function dueAfter(times: Times, at: number): Promise<number | null> {
  return (await dueTimes(times, { after: at, count: 1 }))[0] ?? null;
}

/** Milliseconds of the first `count` due times after `after`, in order. Throws AppError `invalid`. */
export async function dueTimes(
  { cron, timeZone = "UTC" }: Times,
  { after, count }: { after: number; count: number },
): Promise<number[]> {
  const { Cron } = await import("croner");
  if (!isTimeZone(timeZone))
    throw new AppError("invalid", `“${timeZone}” is not a time zone`, {
      column: "timeZone",
      fix: "Choose one such as Europe/Berlin or UTC.",
      example: "Europe/Berlin",
    });
  try {
    const times = new Cron(cron, { timezone: timeZone, mode: "5-part" }).nextRuns(count, new Date(after));
    return times.map((time) => time.getTime());
  } catch (error) {
    throw new AppError("invalid", `The times cannot be read: ${plainReason(error as Error)}`, {
      column: "cron",
      fix: "Give minute, hour, day, month and weekday: 0 3 * * * is every day at 3:00.",
      example: "0 3 * * *",
    });
  }
}

/** "CronPattern: Invalid value for minute: 61" -> "invalid value for minute: 61". */
function plainReason({ message }: Error): string {
  const said = message.replace(/^Cron\w+: /, "");
  return said.charAt(0).toLowerCase() + said.slice(1);
}
