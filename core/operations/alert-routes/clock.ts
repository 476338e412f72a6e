/** Computes the time of day in a time zone: for quiet hours, and for when a digest is due. */
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

interface LocalTime {
  minutes: number;
  /** 1: Monday. */
  weekday: number;
}

function localTime(at: number, timeZone: string): LocalTime {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    weekday: "short",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: string) => parts.find((entry) => entry.type === type)?.value ?? "";
  return {
    minutes: Number(part("hour")) * 60 + Number(part("minute")),
    weekday: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(part("weekday")) + 1,
  };
}

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Milliseconds until the quiet hours end, to the minute; 0 outside them. They may span midnight. */
export function quietFor(
  quiet: { from: string; to: string; timeZone?: string | undefined },
  at: number,
): number {
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const { minutes } = localTime(at, quiet.timeZone ?? "UTC");
  const isQuiet = from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
  if (!isQuiet) return 0;
  const left = (to - minutes + DAY_MINUTES) % DAY_MINUTES;
  return left * MINUTE_MS - (at % MINUTE_MS);
}

/** The first time after `after` at which a digest is due. Advances by minutes near a clock change. */
export function digestAfter(
  digest: { every: "day" | "week"; at?: string | undefined; timeZone?: string | undefined },
  after: number,
): number {
  const due = minutesOf(digest.at ?? "08:00");
  const zone = digest.timeZone ?? "UTC";
  const start = after - (after % MINUTE_MS) + MINUTE_MS;
  for (let at = start; at < start + 9 * DAY_MINUTES * MINUTE_MS; ) {
    const { minutes, weekday } = localTime(at, zone);
    if (minutes === due && (digest.every === "day" || weekday === 1)) return at;
    const left = (due - minutes + DAY_MINUTES) % DAY_MINUTES;
    // An hour before it, by minutes: the clocks may change in between.
    at += Math.max(1, left === 0 ? DAY_MINUTES - 120 : left > 120 ? left - 120 : 1) * MINUTE_MS;
  }
  return start + DAY_MINUTES * MINUTE_MS;
}

/** Whether `name` is one that a clock can be set to, such as Europe/Berlin. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
