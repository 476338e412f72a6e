/**
 * Parses a time of day and its zone: 12 and 24 hours, full stops or colons, fractions, offsets and named zones. Time
 * linear in the length of the cell.
 */

export interface Cursor {
  text: string;
  at: number;
  /** A zone given by region: its UTC offset depends on the day. */
  region?: string;
}

const TIME =
  /^(\d{1,2})([:.h])(\d{2})(?:\2(\d{2})(?:[.,:](\d{1,9}))?)?(?:\s?([ap]\.?\s?m\.?(?![a-z])))?(?:\s?(?:Uhr|hrs?|h)\b)?/i;
const COMPACT = /^(\d{2})(\d{2})(\d{2})?(?:[.,](\d{1,9}))?(?=$|Z|[-+\s])/;
const HOURS = /^(\d{1,2})\s?(?:([ap])\.?m\.?|Uhr|h)$/i;

/** Milliseconds since midnight, in UTC if a zone follows; NaN if it is not a time. "last": nothing else may follow. */
export function readTime(cursor: Cursor, place: "inside" | "last"): number {
  const rest = cursor.text.slice(cursor.at);
  const time = readColons(cursor, rest) ?? readCompact(cursor, rest, place) ?? readHour(cursor, rest);
  if (time === null || Number.isNaN(time)) return Number.NaN;
  if (place === "inside") return time;
  while (cursor.text[cursor.at] === " ") cursor.at++;
  if (cursor.at === cursor.text.length) return time;
  const zone = readZone(cursor);
  return cursor.at === cursor.text.length ? time - zone : Number.NaN;
}

function readColons(cursor: Cursor, rest: string): number | null {
  const match = TIME.exec(rest);
  if (!match) return null;
  cursor.at += match[0].length;
  const [, hours, , minutes, seconds, fraction, half] = match;
  return milliseconds({ hours: Number(hours), minutes, seconds, fraction, half });
}

/** "20200101T030000Z". */
function readCompact(cursor: Cursor, rest: string, place: string): number | null {
  const match = place === "last" ? COMPACT.exec(rest) : null;
  if (!match) return null;
  cursor.at += match[0].length;
  const [, hours, minutes, seconds, fraction] = match;
  return milliseconds({ hours: Number(hours), minutes: minutes!, seconds, fraction });
}

/** "3 pm", "15 Uhr". */
function readHour(cursor: Cursor, rest: string): number | null {
  const match = HOURS.exec(rest);
  if (!match) return null;
  cursor.at += match[0].length;
  return milliseconds({ hours: Number(match[1]), minutes: "0", half: match[2] });
}

function milliseconds(time: {
  hours: number;
  minutes: string | undefined;
  seconds?: string;
  fraction?: string;
  half?: string;
}): number {
  const { minutes, seconds = "0", fraction = "", half } = time;
  let hour = time.hours;
  if (half) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (half[0]!.toLowerCase() === "p" ? 12 : 0);
  }
  if (hour > 24 || Number(minutes) > 59 || Number(seconds) > 60) return Number.NaN;
  const fractionMs = fraction ? Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6) : 0;
  return ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + fractionMs;
}

/** UTC offsets in hours of the zones that programs write by name. */
const ZONES: Readonly<Record<string, number>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  UT: 0,
  WET: 0,
  WEST: 1,
  BST: 1,
  CET: 1,
  MEZ: 1,
  CEST: 2,
  MESZ: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  IST: 5.5,
  SGT: 8,
  HKT: 8,
  AWST: 8,
  JST: 9,
  KST: 9,
  ACST: 9.5,
  AEST: 10,
  AEDT: 11,
  NZST: 12,
  NZDT: 13,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
  BRT: -3,
  ART: -3,
  UYT: -3,
  CLT: -4,
  CLST: -3,
  PET: -5,
  COT: -5,
  AST: -4,
  ADT: -3,
  NST: -3.5,
  NDT: -2.5,
  WAT: 1,
  CAT: 2,
  SAST: 2,
  EAT: 3,
  TRT: 3,
  PKT: 5,
  NPT: 5.75,
  ICT: 7,
  WIB: 7,
  WITA: 8,
  PHT: 8,
  WIT: 9,
};

/** Names that stand for summer and winter time. */
const REGIONS: Readonly<Record<string, string>> = {
  ET: "America/New_York",
  CT: "America/Chicago",
  MT: "America/Denver",
  PT: "America/Los_Angeles",
};

const OFFSET = /^(?:GMT|UTC|UT)?([-+−])(\d{1,2})(?::?(\d{2}))?(?:\s?[([][^)\]]{1,40}[)\]])?/;
const NAME = /^[A-Za-z]{1,5}(?![A-Za-z/])/;
const REGION =
  /^\[?((?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)\/[\w/+-]{2,40})\]?/;

/** Milliseconds that a zone is ahead of UTC, 0 for a region, which the cursor keeps; NaN if it is not a zone. */
export function readZone(cursor: Cursor): number {
  const rest = cursor.text.slice(cursor.at);
  const offset = OFFSET.exec(rest);
  if (offset) {
    cursor.at += offset[0].length;
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? "0");
    return (offset[1] === "+" ? 1 : -1) * minutes * 60_000;
  }
  const region = REGION.exec(rest);
  if (region && isRegion(region[1]!)) {
    cursor.at += region[0].length;
    cursor.region = region[1]!;
    return 0;
  }
  const name = NAME.exec(rest)?.[0].toUpperCase();
  if (name === undefined || !(Object.hasOwn(ZONES, name) || Object.hasOwn(REGIONS, name))) return Number.NaN;
  cursor.at += name.length;
  if (Object.hasOwn(REGIONS, name)) {
    cursor.region = REGIONS[name]!;
    return 0;
  }
  return ZONES[name]! * 3_600_000;
}

const clocks = new Map<string, Intl.DateTimeFormat | null>();

function isRegion(name: string): boolean {
  return clockOf(name) !== null;
}

function clockOf(region: string): Intl.DateTimeFormat | null {
  let clock = clocks.get(region);
  if (clock === undefined) {
    try {
      clock = new Intl.DateTimeFormat("en-US", { timeZone: region, timeZoneName: "longOffset" });
    } catch {
      clock = null;
    }
    clocks.set(region, clock);
  }
  return clock;
}

/** Milliseconds that a region is ahead of UTC when its clocks show `local` (epoch ms). */
export function offsetOf(region: string, local: number): number {
  if (Number.isNaN(local)) return Number.NaN;
  const first = offsetAt(region, local);
  return offsetAt(region, local - first);
}

function offsetAt(region: string, moment: number): number {
  const parts = clockOf(region)!.formatToParts(moment);
  const name = parts.find(({ type }) => type === "timeZoneName")!.value;
  const match = /([-+])(\d{2}):(\d{2})/.exec(name);
  if (!match) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}
