/** Finds the next time of a cron expression, in a time zone with its clock changes. */
import { AppError } from "../../platform/errors.ts";

/** Milliseconds of the first due time after `at`; null if there is none. Throws AppError `invalid`. */
export async function dueAfter(
  { cron, timeZone = "UTC" }: { cron: string; timeZone?: string | undefined },
  at: number,
): Promise<number | null> {
  const { Cron } = await import("croner");
  try {
    return new Cron(cron, { timezone: timeZone, mode: "5-part" }).nextRun(new Date(at))?.getTime() ?? null;
  } catch (error) {
    throw new AppError("invalid", `The time of the schedule cannot be read: ${(error as Error).message}`, {
      column: "cron",
      fix: "Send minute, hour, day, month and weekday, and a time zone such as Europe/Berlin.",
      example: "0 3 * * *",
    });
  }
}
