/**
 * Which rows does a model learn from, and which does it answer for?
 * Folds that keep the shares of the classes, keep a group (and with it exact duplicates) on one side, and never
 * let the future explain the past where rows are ordered by time.
 */
import type { Random, Target } from "./samples.ts";

export interface Fold {
  train: Int32Array;
  valid: Int32Array;
}

export interface FoldOptions {
  folds: number;
  random: Random;
  /** Rows with the same number stay together; null: each row by itself. Indexed by row, not by position. */
  groups: Int32Array | null;
}

/** Every row is in exactly one `valid`; classes (or fifths of a numeric target) are spread evenly. */
export function stratifiedFolds(rows: Int32Array, target: Target, options: FoldOptions): Fold[] {
  const strata = strataOf(rows, target);
  const units = shuffled(unitsOf(rows, options.groups), options.random);
  units.sort((a, b) => Number(b.length > 1) - Number(a.length > 1) || b.length - a.length);
  const assigned = new Map<number, number>();
  const sizes = new Float64Array(options.folds);
  const sizesByStratum = new Map<number, Float64Array>();
  for (const unit of units) {
    const stratum = strata.get(unit[0])!;
    let inStratum = sizesByStratum.get(stratum);
    if (!inStratum) {
      inStratum = new Float64Array(options.folds);
      sizesByStratum.set(stratum, inStratum);
    }
    const fold = emptiest(inStratum, sizes);
    for (const row of unit) assigned.set(row, fold);
    inStratum[fold] += unit.length;
    sizes[fold] += unit.length;
  }
  return Array.from({ length: options.folds }, (_, fold) => ({
    train: rows.filter((row) => assigned.get(row) !== fold),
    valid: rows.filter((row) => assigned.get(row) === fold),
  }));
}

/** Forward chaining over rows in order of time: fold k learns from the blocks before block k + 1 and answers for it. */
export function timeFolds(ordered: Int32Array, folds: number): Fold[] {
  const block = ordered.length / (folds + 1);
  return Array.from({ length: folds }, (_, k) => ({
    train: ordered.slice(0, Math.round(block * (k + 1))),
    valid: ordered.slice(Math.round(block * (k + 1)), Math.round(block * (k + 2))),
  }));
}

/** Class of each row; for numbers a fifth by rank, so that every fold sees small and large targets alike. */
function strataOf(rows: Int32Array, target: Target): Map<number, number> {
  const strata = new Map<number, number>();
  if (target.task !== "regression") {
    for (const row of rows) strata.set(row, target.values[row]);
    return strata;
  }
  const ranked = rows.slice().sort((a, b) => target.values[a] - target.values[b] || a - b);
  for (let i = 0; i < ranked.length; i++) strata.set(ranked[i], Math.floor((i * 5) / ranked.length));
  return strata;
}

function unitsOf(rows: Int32Array, groups: Int32Array | null): number[][] {
  if (!groups) return Array.from(rows, (row) => [row]);
  const units = new Map<number, number[]>();
  for (const row of rows) {
    const unit = units.get(groups[row]);
    if (unit) unit.push(row);
    else units.set(groups[row], [row]);
  }
  return [...units.values()];
}

function shuffled<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** The fold with the fewest rows of this stratum; among equals the one with the fewest rows at all. */
function emptiest(inStratum: Float64Array, sizes: Float64Array): number {
  let best = 0;
  for (let fold = 1; fold < sizes.length; fold++) {
    const difference = inStratum[fold] - inStratum[best] || sizes[fold] - sizes[best];
    if (difference < 0) best = fold;
  }
  return best;
}
