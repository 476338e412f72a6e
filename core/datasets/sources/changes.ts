/**
 * Describes how a new file differs from the previous one: rows, columns, types and distributions, from the two profiles
 * alone.
 */
import type { ColumnProfile, CsvProfile } from "../../csv/types.ts";
import { count, percent } from "../../platform/figures.ts";
import type { DatasetChanges } from "../../store/datasets.ts";

/** A smaller difference between shares is not reported. */
const LEAST_DISTANCE = 0.1;
/** Two samples of one distribution differ by less in 999 of 1,000 cases, times the root of 1/n + 1/m (Smirnov 1948). */
const CHANCE = 1.95;
const MOST_COLUMNS = 20;
const NAMED = 3;

export interface Compared {
  version: number;
  before: CsvProfile;
  after: CsvProfile;
  /** What the reading had to leave out. */
  notes: readonly string[];
}

export function changesBetween({ version, before, after, notes }: Compared): DatasetChanges {
  const [old, now] = [columnsByName(before), columnsByName(after)];
  const came = [...now.keys()].filter((name) => !old.has(name));
  const went = [...old.keys()].filter((name) => !now.has(name));
  const both = [...now.values()].flatMap((column) => {
    const known = old.get(column.name);
    return known ? [{ known, column }] : [];
  });
  const types = both
    .filter(({ known, column }) => known.type !== column.type)
    .map(({ known, column }) => ({ column: column.name, from: known.type, to: column.type }));
  const distributions = both
    .flatMap(({ known, column }) => distributionChange(known, column) ?? [])
    .sort((a, b) => b.distance - a.distance)
    .slice(0, MOST_COLUMNS);
  const rows = { from: before.rows, to: after.rows };
  const changed = { since: version, rows, came, went, types, distributions };
  const warnings = [...warningsOf(changed, before.target), ...notes];
  return { ...changed, warnings, sentence: sentenceOf(changed) };
}

const columnsByName = ({ columns }: CsvProfile) => new Map(columns.map((column) => [column.name, column]));

type Changed = Omit<DatasetChanges, "warnings" | "sentence">;

function warningsOf({ went, types }: Changed, target: string | null): string[] {
  return [
    ...went.map((name) =>
      name === target ? `The target column “${name}” is missing.` : `The column “${name}” is missing.`,
    ),
    ...types.map(({ column, from, to }) => `“${column}” was read as ${from} and is now ${to}.`),
  ];
}

function sentenceOf({ rows, came, went, types, distributions }: Changed): string {
  const difference = rows.to - rows.from;
  const by =
    difference === 0
      ? "as many as before"
      : `${count(Math.abs(difference))} ${difference > 0 ? "more" : "fewer"}`;
  const parts = [
    `${count(rows.to)} rows, ${by}`,
    came.length > 0 && `new ${columnWord(came)} ${named(came)}`,
    went.length > 0 && `${columnWord(went)} ${named(went)} gone`,
    types.length > 0 && `changed types: ${named(types.map(({ column }) => column))}`,
    distributions.length > 0 && `changed values: ${named(distributions.map(({ column }) => column))}`,
  ].filter((part) => part !== false);
  return `${parts.join("; ")}.`;
}

const columnWord = (names: readonly unknown[]) => (names.length === 1 ? "column" : "columns");

function named(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return `${names
    .slice(0, NAMED)
    .map((name) => `“${name}”`)
    .join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

type Change = DatasetChanges["distributions"][number];

function distributionChange(before: ColumnProfile, after: ColumnProfile): Change | null {
  const [n, m] = [before.count - before.missing, after.count - after.missing];
  const column = after.name;
  const [lost, lostNow] = [shareMissing(before), shareMissing(after)];
  const missing = Math.abs(lostNow - lost);
  if (isMore(missing, before.count, after.count))
    return { column, distance: missing, from: `${percent(lost)} missing`, to: `${percent(lostNow)} missing` };
  if (before.type !== after.type || n === 0 || m === 0) return null;
  if (after.type === "number") {
    const distance = quantileDistance(before, after);
    if (!isMore(distance, n, m)) return null;
    return { column, distance, from: `median ${medianOf(before)}`, to: `median ${medianOf(after)}` };
  }
  if (after.type !== "category" && after.type !== "boolean") return null;
  const { distance, value, was, is } = labelDistance(before, after, [n, m]);
  if (!isMore(distance, n, m)) return null;
  return { column, distance, from: `“${value}” ${percent(was)}`, to: `“${value}” ${percent(is)}` };
}

function isMore(distance: number, n: number, m: number): boolean {
  return distance >= LEAST_DISTANCE && distance > CHANCE * Math.sqrt(1 / Math.max(1, n) + 1 / Math.max(1, m));
}

const shareMissing = ({ count: all, missing }: ColumnProfile) => (all > 0 ? missing / all : 0);
const medianOf = ({ quantiles }: ColumnProfile) => Number((quantiles?.p50 ?? 0).toPrecision(3));

/**
 * Kolmogorov's distance, as far as the known quantiles tell: at each of them, the gap between what the two distribution
 * functions can be.
 */
function quantileDistance(before: ColumnProfile, after: ColumnProfile): number {
  const [a, b] = [knownQuantiles(before), knownQuantiles(after)];
  let most = 0;
  for (const [value] of [...a, ...b]) {
    const [[lowA, highA], [lowB, highB]] = [boundsAt(a, value), boundsAt(b, value)];
    most = Math.max(most, lowA - highB, lowB - highA);
  }
  return most;
}

type Quantile = [value: number, share: number];

function knownQuantiles({ quantiles, min, max }: ColumnProfile): Quantile[] {
  if (!quantiles || min === null || max === null) return [];
  const { p05, p25, p50, p75, p95 } = quantiles;
  return [
    [min, 0],
    [p05, 0.05],
    [p25, 0.25],
    [p50, 0.5],
    [p75, 0.75],
    [p95, 0.95],
    [max, 1],
  ];
}

/** The minimum and maximum of the share below or at `value`; between two quantiles it is interpolated. */
function boundsAt(quantiles: readonly Quantile[], value: number): [number, number] {
  const at = quantiles.filter(([known]) => known === value);
  const before = quantiles.findLast(([known]) => known < value);
  const after = quantiles.find(([known]) => known > value);
  if (at.length) {
    // A value that many rows have extends from one known quantile to the next.
    return [at[0]![1], at.length > 1 ? (after?.[1] ?? 1) : at[0]![1]];
  }
  if (!before) return [0, 0];
  if (!after) return [1, 1];
  const share = before[1] + ((value - before[0]) / (after[0] - before[0])) * (after[1] - before[1]);
  return [share, share];
}

/** Total variation over the commonest values, with the one that changed most. */
function labelDistance(before: ColumnProfile, after: ColumnProfile, [n, m]: readonly [number, number]) {
  const [old, now] = [sharesOf(before, n), sharesOf(after, m)];
  let [sum, most] = [0, { value: "", was: 0, is: 0 }];
  let [knownOld, knownNow] = [0, 0];
  for (const value of new Set([...old.keys(), ...now.keys()])) {
    // If it is in one list only, it may be among the other's rest.
    if (!isKnown(value, before, old) || !isKnown(value, after, now)) continue;
    const [was, is] = [old.get(value) ?? 0, now.get(value) ?? 0];
    [knownOld, knownNow] = [knownOld + was, knownNow + is];
    sum += Math.abs(is - was);
    if (Math.abs(is - was) > Math.abs(most.is - most.was)) most = { value, was, is };
  }
  return { distance: (sum + Math.abs(knownOld - knownNow)) / 2, ...most };
}

function sharesOf({ top }: ColumnProfile, values: number): Map<string, number> {
  return new Map(top.map(({ value, count: times }) => [value, times / values]));
}

/** Listed, or absent because the list is complete. */
function isKnown(
  value: string,
  { distinct, distinctExact, top }: ColumnProfile,
  shares: Map<string, number>,
) {
  return shares.has(value) || (distinctExact && distinct <= top.length);
}
