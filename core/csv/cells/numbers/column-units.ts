/**
 * Decides which units a column of numbers has, and how they convert: into each other, into a count, or not at all
 * because there is only one.
 */
import { type NumberFormat, splitUnit } from "./numbers.ts";
import {
  CURRENCY_BEFORE,
  CURRENCY_BEHIND,
  LEDGER_SIDES,
  MAGNITUDES,
  TEMPERATURES,
  TIME_UNITS,
  UNIT_FAMILIES,
} from "./units.ts";

const MOST_UNITS = 12;

type Units = Required<Pick<NumberFormat, "units">> & Pick<NumberFormat, "zeros">;

/** Null if the values have no units that fit together. */
export function unitsOf(values: readonly string[]): Units | null {
  const counts = new Map<string, number>();
  const sizes = new Map<string, number[]>();
  let [bare, withCurrency] = [0, 0];
  for (const value of values) {
    const amount = value
      .trim()
      .replace(/^[-−+]\s*/, "")
      .replace(CURRENCY_BEFORE, "");
    if (amount !== value.trim()) withCurrency++;
    const parts = splitUnit(amount.replace(CURRENCY_BEHIND, ""));
    if (parts) counts.set(parts.unit, (counts.get(parts.unit) ?? 0) + 1);
    else bare++;
    const unit = parts?.unit ?? "";
    const size = Number((parts?.digits ?? amount).replace(/[\s'’_]/g, "").replace(",", "."));
    if (Number.isFinite(size)) sizes.set(unit, [...(sizes.get(unit) ?? []), Math.abs(size)]);
  }
  const common = [...counts].filter(([, count]) => count >= 0.01 * values.length || count > 2);
  common.sort((a, b) => b[1] - a[1]);
  if (common.length === 0 || common.length > MOST_UNITS) return null;
  const named = common.map(([unit]) => unit);
  const units =
    ledgerSides(named, values) ??
    (areSizes(sizes) ? magnitudes(named, bare, withCurrency > 0) : null) ??
    family(named);
  if (units) return { units };
  const only = onlyUnit(named, { bare, all: values.length });
  return only ? { units: only } : temperatures(named, sizes);
}

/** `12.50 CR` beside `3.00 DR`: money that came and money that went. */
function ledgerSides(units: readonly string[], values: readonly string[]): Record<string, number> | null {
  const sides = LEDGER_SIDES.find(
    ([came, went]) =>
      units.length === 2 && [came, went].every((side) => units.some((unit) => isSide(unit, side))),
  );
  if (!sides) return null;
  // Single letters also name sizes and seats, which have no cents.
  const withCents = values.filter((value) => /[.,]\d{2}\s?\p{L}+\.?$/u.test(value.trim())).length;
  if (sides[0].length === 1 && withCents < 0.5 * values.length) return null;
  return Object.fromEntries(units.map((unit) => [unit, isSide(unit, sides[0]) ? 1 : -1]));
}

const isSide = (unit: string, side: string) => unit.toLowerCase().replace(/\.$/, "") === side;

/** The same weather is this much more in °F, at least. */
const LEAST_APART = 20;

/** In °C, if there are several scales. */
function temperatures(units: readonly string[], sizes: ReadonlyMap<string, number[]>): Units | null {
  const scales = units.map((unit) => TEMPERATURES.get(unit.replace(/\s/g, "")));
  if (!scales.every((scale) => scale !== undefined)) return null;
  const medians = units.map((unit) => middle(sizes.get(unit) ?? []));
  const areBare = units.every((unit) => /^\p{L}$/u.test(unit));
  // C and F alone are also grades and seats: the warmer scale has the larger numbers.
  const isOrdered = scales.every(({ zero }, k) =>
    scales.every((other, j) => zero <= other.zero || medians[k]! > medians[j]! + LEAST_APART),
  );
  if (areBare && !isOrdered) return null;
  return {
    units: Object.fromEntries(units.map((unit, k) => [unit, scales[k]!.factor])),
    zeros: Object.fromEntries(units.map((unit, k) => [unit, scales[k]!.zero])),
  };
}

/** With a letter for millions or billions, numbers are so much smaller than those without: else it is a footnote's. */
function areSizes(sizes: ReadonlyMap<string, number[]>): boolean {
  const bare = sizes.get("") ?? [];
  if (bare.length < LEAST_BARE) return true;
  return [...sizes].every(
    ([unit, values]) => !((MAGNITUDES[unit] ?? 0) >= 1e6) || middle(values) <= MOST_OF_BARE * middle(bare),
  );
}

const LEAST_BARE = 5;
const MOST_OF_BARE = 0.2;

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function magnitudes(
  units: readonly string[],
  bare: number,
  hasCurrency: boolean,
): Record<string, number> | null {
  if (!units.every((unit) => Object.hasOwn(MAGNITUDES, unit))) return null;
  const isClear =
    hasCurrency ||
    units.length > 1 ||
    bare > 0 ||
    /^(?:[kKMBT]|bn|mio|Mio\.?|mrd|Mrd\.?|\w{4,})$/.test(units[0]!);
  const isLength = units.every((unit) => unit === "m" || unit === "mm");
  if (!isClear || (isLength && !hasCurrency)) return null;
  return Object.fromEntries(units.map((unit) => [unit, MAGNITUDES[unit]!]));
}

/** Each unit expressed in the commonest one. */
function family(units: readonly string[]): Record<string, number> | null {
  const [first] = units;
  const found = UNIT_FAMILIES.find((candidate) => units.every((unit) => Object.hasOwn(candidate, unit)));
  if (found) return Object.fromEntries(units.map((unit) => [unit, found[unit]! / found[first!]!]));
  const seconds = units.map((unit) => TIME_UNITS.get(unit.toLowerCase().replace(/\.$/, "")));
  if (seconds.some((worth) => worth === undefined)) return null;
  return Object.fromEntries(units.map((unit, k) => [unit, seconds[k]! / seconds[0]!]));
}

/** `km/h`, `€/m2`, `°C`, or `/5` and `out of 5`. */
const UNIT = /^(?:(?:\/|out of|of|von|sur|de|su|van|av|из)\s?\d{1,4}|[^\d.,+±-][^\d]*[23]?)$/u;

const PLURAL = /^(?:e?s|e?n|e)?$/;

/** An unknown suffix is a unit if at least half of the numbers have it; its singular and plural count too. */
function onlyUnit(
  units: readonly string[],
  given: { bare: number; all: number },
): Record<string, number> | null {
  const [shortest] = units.toSorted((a, b) => a.length - b.length);
  const isOne = (unit: string) => PLURAL.test(unit.slice(shortest!.length)) && unit.startsWith(shortest!);
  if (units.some((unit) => unit.length > 16 || !UNIT.test(unit) || !isOne(unit))) return null;
  return given.bare <= 0.5 * given.all ? Object.fromEntries(units.map((unit) => [unit, 1])) : null;
}
