/**
 * Measures drift between incoming rows and training rows: the population stability index by column, compared with its
 * size by chance alone; a test each for unseen categories and for more missing values; and the same for the
 * predictions. Below a minimum number of predictions it reports nothing.
 *
 *   PSI = sum over bins of (live - training) ln(live / training)
 *   by chance (1/N + 1/n) chi²(bins - 1)          Yurdakul and Naranjo 2020
 */
import { figure, count as grouped, percent, plain, plural } from "../../../platform/figures.ts";
import {
  type ColumnReference,
  type NumberReference,
  quantileOf,
  type TrainingReference,
} from "../../../trainer/model/reference.ts";
import { wilson } from "../live-metrics.ts";
import type { ColumnCounts, DriftCounts } from "./drift-counts.ts";

export interface ColumnDrift {
  column: string;
  /** Null if a side has no values. */
  psi: number | null;
  /** "moderate" from 0.1, "major" from 0.25, and beyond chance. */
  verdict: "none" | "moderate" | "major";
  missing: { training: number; live: number; isMore: boolean };
  /** Rows with categories that training never saw. */
  unseen: { rows: number; examples: string[]; isMore: boolean };
  /** Shares by bin, and what each bin holds. */
  bins: { label: string; training: number; live: number }[];
  sentence: string;
}

export interface DriftView {
  predictions: number;
  /** With fewer predictions `columns` is empty and `answers` null. */
  needed: number;
  /** The number of days covered: one, or more if one has too few predictions. */
  days: number;
  /** Largest drift first. */
  columns: ColumnDrift[];
  answers: ColumnDrift | null;
}

export const LEAST_PREDICTIONS = 200;
const MODERATE = 0.1;
const MAJOR = 0.25;
/** A group of bins holds at least this share of the training rows: rarer ones measure chance more than drift. */
const LEAST_SHARE = 0.05;
/** The probability that any column of a model is wrongly reported as drifted. */
const FALSE_POSITIVE_RATE = 0.01;
const LEAST_UNSEEN = 3;
const LEAST_MORE_MISSING = 0.02;

/** `days`: how many the counts are of. */
export function driftView(reference: TrainingReference, counts: DriftCounts, days: number): DriftView {
  const about = { predictions: counts.rows, needed: LEAST_PREDICTIONS, days };
  if (counts.rows < LEAST_PREDICTIONS) return { ...about, columns: [], answers: null };
  const doubt = FALSE_POSITIVE_RATE / (reference.columns.length + 1);
  const columns = reference.columns.map((column, i) => columnDrift(column, counts.columns[i]!, doubt));
  columns.sort((a, b) => rank(b) - rank(a));
  return { ...about, columns, answers: columnDrift(reference.answers, counts.answers, doubt) };
}

/** Sorted by severity, then by index, largest first. */
function rank({ verdict, psi, missing, unseen }: ColumnDrift): number {
  const flags = Number(missing.isMore) + Number(unseen.isMore);
  return { none: 0, moderate: 20, major: 40 }[verdict] + 10 * flags + Math.min(9, psi ?? 0);
}

function columnDrift(reference: ColumnReference, counts: ColumnCounts, doubt: number): ColumnDrift {
  const { column } = reference;
  const [trained, live] = [sum(reference.counts), sum(counts.bins)];
  const psi = trained > 0 && live > 0 ? stabilityIndex(reference.counts, counts.bins) : null;
  const isReal =
    psi !== null && psi.index > (1 / trained + 1 / live) * chiSquareQuantile(psi.groups - 1, 1 - doubt);
  const verdict = !isReal || psi.index < MODERATE ? "none" : psi.index < MAJOR ? "moderate" : "major";
  const drift = {
    ...({ column, psi: psi?.index ?? null, verdict } as const),
    missing: missingOf(reference, counts, { trained, live }),
    unseen: unseenOf(reference, counts, live),
    bins: binLabels(reference)
      .map((label, bin) => ({
        label,
        training: reference.counts[bin]! / Math.max(1, trained),
        live: counts.bins[bin]! / Math.max(1, live),
      }))
      .filter((bin) => reference.kind !== "category" || bin.training > 0 || bin.live > 0),
  };
  return { ...drift, sentence: driftSentence(drift, reference) };
}

/** Neighbouring bins are merged until each holds enough; half a row more in each keeps the logarithm finite. */
export function stabilityIndex(
  training: readonly number[],
  live: readonly number[],
): { index: number; groups: number } {
  const [all, allLive] = [sum(training), sum(live)];
  const groups: [number, number][] = [];
  let [held, heldLive] = [0, 0];
  training.forEach((count, bin) => {
    held += count;
    heldLive += live[bin]!;
    if (held < LEAST_SHARE * all) return;
    groups.push([held, heldLive]);
    [held, heldLive] = [0, 0];
  });
  const last = groups.at(-1);
  if (last) {
    last[0] += held;
    last[1] += heldLive;
  }
  const index = groups.reduce((total, [count, countLive]) => {
    const expected = (count + 0.5) / (all + 0.5 * groups.length);
    const actual = (countLive + 0.5) / (allLive + 0.5 * groups.length);
    return total + (actual - expected) * Math.log(actual / expected);
  }, 0);
  return { index, groups: groups.length };
}

/** Wilson and Hilferty (1931): accurate to two digits from one degree of freedom up. */
export function chiSquareQuantile(freedom: number, share: number): number {
  if (freedom <= 0) return 0;
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + normalQuantile(share) * Math.sqrt(spread)) ** 3;
}

/** By bisection of the distribution: it is evaluated a few times per page, for shares above a half. */
function normalQuantile(share: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (1 - upperTail(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** Abramowitz and Stegun 26.2.17, to 1e-7. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

function missingOf(
  reference: ColumnReference,
  counts: ColumnCounts,
  { trained, live }: { trained: number; live: number },
): ColumnDrift["missing"] {
  const rows = trained + reference.missing;
  const liveRows = live + counts.missing;
  const shares = {
    training: reference.missing / Math.max(1, rows),
    live: counts.missing / Math.max(1, liveRows),
  };
  const both = (reference.missing + counts.missing) / Math.max(1, rows + liveRows);
  const error = Math.sqrt(both * (1 - both) * (1 / Math.max(1, rows) + 1 / Math.max(1, liveRows)));
  const more = shares.live - shares.training;
  return { ...shares, isMore: more >= LEAST_MORE_MISSING && more > 3 * error };
}

/** More than Good and Turing would expect of a column that always has new labels. */
function unseenOf(reference: ColumnReference, { unseen, examples }: ColumnCounts, live: number) {
  const expected = reference.kind === "category" ? reference.unseen : 0;
  const isMore =
    unseen >= LEAST_UNSEEN && wilson(unseen / Math.max(1, live), Math.max(1, live), 2.58)[0] > expected;
  return { rows: unseen, examples, isMore };
}

function binLabels(reference: ColumnReference): string[] {
  if (reference.kind === "category") return [...reference.labels, "others"];
  const { edges, kind, range } = reference;
  const text = (value: number) =>
    kind === "date" ? new Date(value).toISOString().slice(0, 10) : plain(value);
  if (!edges.length) return [text(range[0])];
  return [
    `below ${text(edges[0]!)}`,
    ...edges.slice(1).map((edge, i) => `${text(edges[i]!)} to ${text(edge)}`),
    `from ${text(edges.at(-1)!)}`,
  ];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What changed in a column, for readers who do not know the index. */
function driftSentence(drift: Omit<ColumnDrift, "sentence">, reference: ColumnReference): string {
  const said = [moved(drift, reference), unseen(drift), missing(drift)].filter((part) => part !== null);
  return said.length ? said.join(" ") : "As in training.";
}

function moved({ verdict, bins }: Omit<ColumnDrift, "sentence">, reference: ColumnReference): string | null {
  if (verdict === "none") return null;
  const word = verdict === "major" ? "Very different from training" : "Different from training";
  if (reference.kind !== "category") {
    const of =
      reference.kind === "length" ? "half of the texts are longer than" : "half of the values are above";
    const [was, is] = [middle(reference, "training"), middle(reference, "live")];
    const [then, now] = [was(bins), is(bins)];
    if (then !== now) return `${word}: ${of} ${now} now, ${then} in training.`;
    return `${word}: same median, different spread.`;
  }
  const most = bins.reduce((a, b) => (Math.abs(b.live - b.training) > Math.abs(a.live - a.training) ? b : a));
  return `${word}: ${quoted(most.label)} makes up ${percent(most.live)} now, ${percent(most.training)} in training.`;
}

function middle(reference: NumberReference, side: "training" | "live") {
  const { kind, isWhole } = reference;
  return (bins: ColumnDrift["bins"]): string => {
    const value = quantileOf({ ...reference, counts: bins.map((bin) => bin[side]) }, 0.5);
    if (kind === "date") return new Date(value).toISOString().slice(0, 10);
    return isWhole ? grouped(Math.round(value)) : figure(value);
  };
}

function unseen({ unseen: { rows, examples, isMore } }: Omit<ColumnDrift, "sentence">): string | null {
  if (!isMore) return null;
  const named = examples.length ? `, such as ${examples.slice(0, 3).map(quoted).join(", ")}` : "";
  return `${plural(rows, "row")} ${rows === 1 ? "has" : "have"} a value that did not occur in training${named}.`;
}

function missing({ missing: { training, live, isMore } }: Omit<ColumnDrift, "sentence">): string | null {
  return isMore ? `Missing in ${percent(live)} of the rows; in training it was ${percent(training)}.` : null;
}

const quoted = (label: string) => `“${label}”`;
