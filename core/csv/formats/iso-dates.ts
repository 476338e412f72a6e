/** Writes days, timestamps and times of day into a table file as ISO 8601, in UTC without a zone. */
import { DAY_MS } from "../../platform/figures.ts";

/** The years that four digits can express. */
const FIRST_MS = Date.UTC(0, 0, 1) - 1900 * 365.2425 * DAY_MS;
const LAST_MS = Date.UTC(9999, 11, 31) + DAY_MS;

/** "2024-03-01"; null outside the years 1 to 9999. `days` since 1970. */
export function dayText(days: number): string | null {
  const ms = days * DAY_MS;
  return isSayable(ms) ? new Date(ms).toISOString().slice(0, 10) : null;
}

/** "2024-03-01 12:30:00", with as many fractional digits as the value has. `nanos`: the part below milliseconds. */
export function momentText(ms: number, nanos = 0): string | null {
  if (!isSayable(ms)) return null;
  const iso = new Date(ms).toISOString();
  const fraction = fractionText(Number(iso.slice(20, 23)) * 1e6 + nanos);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}`;
}

/** "07:05:09.25". `nanos` since midnight. */
export function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return clock + fractionText(nanos - seconds * 1e9);
}

function fractionText(nanos: number): string {
  return nanos === 0 ? "" : `.${String(Math.round(nanos)).padStart(9, "0").replace(/0+$/, "")}`;
}

function isSayable(ms: number): boolean {
  return ms >= FIRST_MS && ms < LAST_MS;
}
