/**
 * Which features does free text hold?
 * Words, pairs of words and character n-grams, hashed into buckets (Weinberger et al. 2009), weighted by tf-idf
 * with sublinear term frequency and unit length. The common words stay readable for trees.
 */

import type { Steps } from "../pace.ts";

/** Buckets of the hashed n-grams. A power of two, so that the hash is cut by a mask. */
export const TEXT_BUCKETS = 1 << 15;
const TOP_WORDS = 24;
const MAX_CHARACTERS = 2000;

/** Compressed sparse rows: row r holds entries starts[r] .. starts[r + 1]. */
export interface SparseRows {
  columns: number;
  starts: Int32Array;
  indices: Int32Array;
  values: Float32Array;
}

/** Lower-case words: runs of letters, digits and apostrophes, in any script. */
export function words(text: string): string[] {
  return (
    text
      .slice(0, MAX_CHARACTERS)
      .toLowerCase()
      .match(/[\p{L}\p{N}']+/gu) ?? []
  );
}

/** Buckets with term counts: words, neighbouring pairs, and the 3- and 4-grams inside word borders. */
export function hashedTerms(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (seed: number, term: string) => {
    const bucket = hash(term, seed) & (TEXT_BUCKETS - 1);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  };
  let before = "";
  for (const word of words(text)) {
    add(1, word);
    if (before) add(2, `${before} ${word}`);
    before = word;
    const padded = ` ${word} `;
    for (let length = 3; length <= 4; length++) {
      for (let i = 0; i + length <= padded.length; i++) add(3, padded.slice(i, i + length));
    }
  }
  return counts;
}

/** Documents between two pauses; one takes up to a millisecond. */
export const DOCUMENTS_PER_STEP = 32;

/** Smoothed inverse document frequency by bucket, as scikit-learn: ln((1 + n) / (1 + df)) + 1. */
export function* inverseDocumentFrequency(documents: Iterable<string>): Steps<Float32Array> {
  const frequency = new Float64Array(TEXT_BUCKETS);
  let count = 0;
  for (const document of documents) {
    if (++count % DOCUMENTS_PER_STEP === 0) yield;
    for (const bucket of hashedTerms(document).keys()) frequency[bucket]++;
  }
  return Float32Array.from(frequency, (df) => Math.log((1 + count) / (1 + df)) + 1);
}

/** The words that occur in at least 1 % and at most 70 % of the documents, commonest first. */
export function* commonWords(documents: Iterable<string>): Steps<string[]> {
  const frequency = new Map<string, number>();
  let count = 0;
  for (const document of documents) {
    if (++count % DOCUMENTS_PER_STEP === 0) yield;
    for (const word of new Set(words(document))) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  }
  return [...frequency]
    .filter(([, df]) => df >= Math.max(3, count * 0.01) && df <= count * 0.7)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TOP_WORDS)
    .map(([word]) => word);
}

/** One document as buckets and weights of unit length. */
export function weightTerms(text: string, idf: Float32Array): { indices: number[]; values: number[] } {
  const indices: number[] = [];
  const values: number[] = [];
  let squares = 0;
  for (const [bucket, count] of hashedTerms(text)) {
    const weight = (1 + Math.log(count)) * idf[bucket];
    indices.push(bucket);
    values.push(weight);
    squares += weight * weight;
  }
  const norm = Math.sqrt(squares) || 1;
  return { indices, values: values.map((value) => value / norm) };
}

/** FNV-1a over UTF-16 units, finished by a xor-shift so that the low bits are mixed too. */
function hash(term: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < term.length; i++) h = Math.imul(h ^ term.charCodeAt(i), 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
