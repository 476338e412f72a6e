/** Writes days, timestamps and times of day into a table file as ISO 8601, in UTC without a zone. */
import { DAY_MS } from "../../platform/figures.ts";

/** The days since 1970 of the years that four digits can express. */
const FIRST_DAY = -719_528;
const LAST_DAY = 2_932_896;

/** "2024-03-01"; null outside the years 0 to 9999. `days` since 1970. */
export function dayText(days: number): string | null {
  return days >= FIRST_DAY && days <= LAST_DAY ? dateOf(days) : null;
}

/** "2024-03-01 12:30:00", with as many fractional digits as the value has. `nanos`: the part below milliseconds. */
export function momentText(ms: number, nanos = 0): string | null {
  const days = Math.floor(ms / DAY_MS);
  if (!(days >= FIRST_DAY && days <= LAST_DAY)) return null;
  const rest = ms - days * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  return `${dateOf(days)} ${clockOf(seconds)}${fractionText((rest - seconds * 1000) * 1e6 + nanos)}`;
}

/** "07:05:09.25". `nanos` since midnight. */
export function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  return clockOf(seconds) + fractionText(nanos - seconds * 1e9);
}

const TWO = Array.from({ length: 100 }, (_, k) => String(k).padStart(2, "0"));

/** A number of hours above 99 is written in full. */
function clockOf(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return `${TWO[hours] ?? hours}:${TWO[Math.floor(seconds / 60) % 60]}:${TWO[seconds % 60]}`;
}

const ERA_DAYS = 146_097;

/**
 * The date of a day since 1970 in the Gregorian calendar, by arithmetic: `Date` takes several times as long. Years are
 * counted from March, so that a leap day is the last day of its year (H. Hinnant, civil_from_days).
 */
function dateOf(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${TWO[Math.floor(year / 100)]}${TWO[year % 100]}-${TWO[month]}-${TWO[day]}`;
}

function fractionText(nanos: number): string {
  return nanos === 0 ? "" : `.${String(Math.round(nanos)).padStart(9, "0").replace(/0+$/, "")}`;
}
