/**
 * Records which rows a model learned from: one hash per row over the columns that the model reads, without the target.
 * Rows that the model has seen are thus recognised in other files and left out when versions are compared. Two
 * different rows share a hash once in four thousand million pairs; such a row is then left out needlessly.
 */
import type { Column, Table } from "../../csv/types.ts";

const PRIME = 0x01000193;

/** By row; null if the table lacks one of the columns, so that rows cannot be told apart. */
export function rowHashes(table: Table, names: readonly string[]): Uint32Array | null {
  const hashes = new Int32Array(table.rows).fill(0x811c9dc5 | 0);
  for (const name of names) {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (!column) return null;
    mix(hashes, column);
  }
  return Uint32Array.from(hashes, finished);
}

function mix(hashes: Int32Array, column: Column): void {
  if ("values" in column) {
    const { values } = column;
    for (let row = 0; row < hashes.length; row++) hashes[row] = mixed(hashes[row], numberHash(values[row]));
    return;
  }
  const ofLabels = column.labels.map(labelHash);
  const { codes } = column;
  const missing = numberHash(Number.NaN);
  for (let row = 0; row < hashes.length; row++)
    hashes[row] = mixed(hashes[row], codes[row] < 0 ? missing : ofLabels[codes[row]]);
}

const mixed = (hash: number, word: number) => Math.imul(((hash << 5) | (hash >>> 27)) ^ word, PRIME);

const number = new Float64Array(1);
const words = new Int32Array(number.buffer);

/** All NaNs are equal, and so are the two zeros. */
function numberHash(value: number): number {
  number[0] = Number.isNaN(value) ? Number.NaN : value + 0;
  return Math.imul(words[0] ^ 0x2545f491, 0x85ebca6b) ^ words[1];
}

/** A number that another version read as a label is the same number. */
function labelHash(label: string): number {
  const text = label.trim();
  if (text !== "" && Number.isFinite(Number(text))) return numberHash(Number(text));
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

function finished(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (half ^ (half >>> 13)) >>> 0;
}

/** Hashes of the given rows, ascending and distinct: what a model file keeps. */
export function learnedRows(hashes: Uint32Array, rows: Int32Array): Uint32Array {
  return Uint32Array.from(new Set(Array.from(rows, (row) => hashes[row]))).sort();
}

/** Whether a hash is among the stored ones. */
export function hasLearned(learned: Uint32Array, hash: number): boolean {
  let [low, high] = [0, learned.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (learned[middle] < hash) low = middle + 1;
    else high = middle;
  }
  return learned[low] === hash;
}

/** By row of the table, whether the model learned from an equal row; null if that cannot be decided. */
export function learnedTest(
  { plans, learned }: { plans: readonly { name: string }[]; learned?: Uint32Array },
  table: Table,
): ((row: number) => boolean) | null {
  const names = plans.map(({ name }) => name);
  const hashes = learned ? rowHashes(table, names) : null;
  return hashes && learned ? (row) => hasLearned(learned, hashes[row]) : null;
}
