/** Finds the next times of a cron expression, in a time zone with its clock changes. */
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
  try {
    const times = new Cron(cron, { timezone: timeZone, mode: "5-part" }).nextRuns(count, new Date(after));
    return times.map((time) => time.getTime());
  } catch (error) {
    throw new AppError("invalid", `The time of the schedule cannot be read: ${(error as Error).message}`, {
      column: "cron",
      fix: "Send minute, hour, day, month and weekday, and a time zone such as Europe/Berlin.",
      example: "0 3 * * *",
    });
  }
}
