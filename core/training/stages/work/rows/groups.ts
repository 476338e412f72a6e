/**
 * Decides which rows stay on one side of every split: the requested groups, otherwise copies, which are rows that are
 * equal in all columns learned from, whatever their target. A group that is too large for its share of a fold is
 * divided, and reported.
 */

import type { Finding, Table } from "../../../../csv/types.ts";
import { count as grouped, percent } from "../../../../platform/figures.ts";
import { runPaced } from "../../../../trainer/cancellation.ts";
import type { Checkpoint } from "../../../../trainer/samples.ts";
import { rowGroups } from "./table.ts";

export interface Groups {
  /** By row: the same number for rows that stay together; null: each row is its own group. */
  groups: Int32Array | null;
  findings: Finding[];
}

/** A table with a smaller share of distinct rows is made of few combinations, which will also occur in use. */
const LEAST_DISTINCT = 0.1;
/** Share of the rows above which one group would fill too much of the test set or of a fold. */
const MOST_SHARE = 0.01;
/** Groups of this many rows stay whole in small tables, too. */
const LEAST_DIVIDED = 10;
/** The smallest fold: an eighth of the training set. */
const MOST_OF_FOLD = 0.5;
const FOLD_SHARE = 0.1;

/** Copies in the columns that are learned from. */
export async function duplicateGroups(table: Table, checkpoint: Checkpoint): Promise<Groups> {
  const groups = await runPaced(rowGroups(table), checkpoint);
  const sizes = sizesOf(groups);
  const duplicates = table.rows - sizes.length;
  if (duplicates === 0) return { groups: null, findings: [] };
  const isNature = sizes.length < table.rows * LEAST_DISTINCT;
  const what = `${counted(duplicates, "row repeats", "rows repeat")} another row in every column that is used`;
  if (isNature) {
    const message = `${what}: with only ${grouped(sizes.length)} different rows this is normal for the table, and copies may be on both sides of a split.`;
    return { groups: null, findings: [info("duplicate_rows", message)] };
  }
  const most = mostTogether(table.rows);
  const large = sizes.filter((size) => size > most);
  const findings = [info("duplicate_rows", `${what}; copies are kept on one side of every split.`)];
  if (large.length > 0) findings.push(divided(large, table.rows));
  return { groups: large.length > 0 ? divide(groups, sizes, most) : groups, findings };
}

/** The maximum number of rows of one group that stay together. */
export function mostTogether(rows: number): number {
  return Math.max(2, Math.min(Math.max(LEAST_DIVIDED, rows * MOST_SHARE), rows * FOLD_SHARE * MOST_OF_FOLD));
}

/** Rows of groups above `most` count as single rows and are dealt out like any others. */
function divide(groups: Int32Array, sizes: Int32Array, most: number): Int32Array {
  let next = sizes.length;
  return groups.map((group) => (sizes[group] > most ? next++ : group));
}

function divided(large: Int32Array, rows: number): Finding {
  const largest = large.reduce((a, b) => Math.max(a, b));
  const which =
    large.length === 1
      ? `One row occurs ${grouped(largest)} times`
      : `${large.length} rows occur very often, one of them ${grouped(largest)} times`;
  const message = `${which} (${percent(largest / rows)} of the rows) in the columns that are used. ${large.length === 1 ? "Its copies are" : "Their copies are"} divided between training and test like other rows, so that they fill no more than their share of either.`;
  return info("large_copies", message);
}

function sizesOf(groups: Int32Array): Int32Array {
  const sizes = new Int32Array(groups.reduce((most, group) => Math.max(most, group), -1) + 1);
  for (const group of groups) sizes[group]++;
  return sizes;
}

/** The groups of a column; a row without a value is its own group. `isMissing` by value. */
export function columnGroups(keys: Float64Array): Int32Array {
  const known = new Map<number, number>();
  let next = 0;
  return Int32Array.from(keys, (key) => {
    if (!Number.isFinite(key)) return next++;
    let group = known.get(key);
    if (group === undefined) {
      group = next++;
      known.set(key, group);
    }
    return group;
  });
}

/** Groups with more than this share of the rows are never tested on: too little would be left to learn from. */
const MOST_TESTED = 0.2;

/** By group, whether it has more than `most` of the rows, so that it is never tested on; the smallest one always is. */
export function onlyLearnedGroups(
  groups: Int32Array,
  most: number = MOST_TESTED,
): {
  isOnlyLearned: boolean[];
  count: number;
  share: number;
} {
  const sizes = sizesOf(groups);
  const isOnlyLearned = Array.from(sizes, (size) => size > most * groups.length);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  if (isOnlyLearned.every(Boolean)) {
    isOnlyLearned[sizes.indexOf(sizes.reduce((a, b) => Math.min(a, b)))] = false;
  }
  return { isOnlyLearned, count: isOnlyLearned.filter(Boolean).length, share: largest / groups.length };
}

export function largeGroups(column: string, { count, share }: { count: number; share: number }): Finding {
  const [which, rows] =
    count === 1 ? ["One value", "holds up to"] : [`${grouped(count)} values`, "hold up to"];
  const message = `${which} of “${column}” ${rows} ${percent(share)} of the rows, more than the test set has: these rows are used for training and never tested.`;
  return { code: "large_group", severity: "warning", column, message, fix: null };
}

function info(code: string, message: string): Finding {
  return { code, severity: "info", column: null, message, fix: null };
}

const counted = (count: number, one: string, many: string) => `${grouped(count)} ${count === 1 ? one : many}`;
