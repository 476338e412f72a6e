/**
 * Turns free text into features: words, pairs of words and character n-grams, hashed into buckets (Weinberger et al.
 * 2009), weighted by tf-idf with sublinear term frequency and unit length. The common words stay readable for trees.
 */

/** Buckets of the hashed n-grams. A power of two, so that a mask maps the hash to a bucket. */
export const TEXT_BUCKETS = 1 << 15;
const TOP_WORDS = 24;
const MOST_CHARACTERS = 2000;
const LEAST_CHARACTERS = 100;
/** Characters of all documents together: each becomes about one matrix entry of eight bytes. */
const MOST_CHARACTERS_IN_ALL = 15_000_000;

/** How much of each document is read, so that the total stays affordable. */
export function affordableCharacters(lengths: Int32Array): number {
  let most = MOST_CHARACTERS;
  const total = () => lengths.reduce((sum, length) => sum + Math.min(length, most), 0);
  while (most > LEAST_CHARACTERS && total() > MOST_CHARACTERS_IN_ALL) most = Math.floor(0.8 * most);
  return most;
}

/** Lower-case words: runs of letters, digits and apostrophes, in any script. */
export function words(text: string, characters = MOST_CHARACTERS): string[] {
  return (
    text
      .slice(0, characters)
      .toLowerCase()
      .match(/[\p{L}\p{N}']+/gu) ?? []
  );
}

/** Counts the buckets of one document at a time; created once and reused. */
const counts = new Int32Array(TEXT_BUCKETS);
const MOST_KNOWN_WORDS = 50_000;
/** A word's own bucket, then those of the 3- and 4-grams inside its borders. Cached, because words repeat. */
const known = new Map<string, Int32Array>();

/** Distinct buckets of words, neighbouring pairs and character n-grams, in order of appearance, with their counts. */
function countTerms(found: string[]): { buckets: number[]; counts: number[] } {
  const buckets: number[] = [];
  let before = "";
  for (const word of found) {
    const own = bucketsOf(word);
    addTerm(buckets, own[0]);
    if (before) addTerm(buckets, pairBucket(before, word));
    before = word;
    for (let i = 1; i < own.length; i++) addTerm(buckets, own[i]);
  }
  const counted = new Array<number>(buckets.length);
  for (let i = 0; i < buckets.length; i++) {
    counted[i] = counts[buckets[i]];
    counts[buckets[i]] = 0;
  }
  return { buckets, counts: counted };
}

function addTerm(buckets: number[], bucket: number): void {
  if (counts[bucket]++ === 0) buckets.push(bucket);
}

function bucketsOf(word: string): Int32Array {
  let buckets = known.get(word);
  if (buckets) return buckets;
  const padded = ` ${word} `;
  const groups: number[] = [];
  for (let length = 3; length <= 4; length++) {
    for (let i = 0; i + length <= padded.length; i++) groups.push(bucketOf(padded.slice(i, i + length), 3));
  }
  buckets = Int32Array.of(bucketOf(word, 1), ...groups);
  if (known.size >= MOST_KNOWN_WORDS) known.clear();
  known.set(word, buckets);
  return buckets;
}

const bucketOf = (term: string, seed: number) => finish(mix(SEED ^ seed, term));

const pairBucket = (first: string, second: string) => finish(mix(mix(mix(SEED ^ 2, first), " "), second));

/** In how many documents each word and bucket occurs. */
export interface Vocabulary {
  documents: number;
  words: Map<string, number>;
  buckets: Float64Array;
}

export function newVocabulary(): Vocabulary {
  return { documents: 0, words: new Map(), buckets: new Float64Array(TEXT_BUCKETS) };
}

export function addDocument(into: Vocabulary, text: string, characters?: number): void {
  const found = words(text, characters);
  into.documents++;
  for (const word of new Set(found)) into.words.set(word, (into.words.get(word) ?? 0) + 1);
  for (const bucket of countTerms(found).buckets) into.buckets[bucket]++;
}

/** Smoothed inverse document frequency by bucket, as scikit-learn: ln((1 + n) / (1 + df)) + 1. */
export function inverseDocumentFrequency({ documents, buckets }: Vocabulary): Float32Array {
  return Float32Array.from(buckets, (df) => Math.log((1 + documents) / (1 + df)) + 1);
}

/** Words that occur in at least 1 % and at most 70 % of the documents, commonest first. */
export function commonWords({ documents, words: frequency }: Vocabulary): string[] {
  return [...frequency]
    .filter(([, df]) => df >= Math.max(3, documents * 0.01) && df <= documents * 0.7)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TOP_WORDS)
    .map(([word]) => word);
}

/** One document as buckets and weights of unit length. */
export function weightTerms(found: string[], idf: Float32Array): { indices: number[]; values: number[] } {
  const terms = countTerms(found);
  let squares = 0;
  const values = terms.buckets.map((bucket, i) => {
    const weight = (1 + Math.log(terms.counts[i])) * idf[bucket];
    squares += weight * weight;
    return weight;
  });
  const norm = Math.sqrt(squares) || 1;
  return { indices: terms.buckets, values: values.map((value) => value / norm) };
}

const SEED = 0x811c9dc5;

/** FNV-1a over UTF-16 units. */
function mix(hash: number, term: string): number {
  let h = hash;
  for (let i = 0; i < term.length; i++) h = Math.imul(h ^ term.charCodeAt(i), 0x01000193);
  return h;
}

/** A xor-shift, so that the low bits are mixed too. */
const finish = (h: number) => ((h ^ (h >>> 15)) >>> 0) & (TEXT_BUCKETS - 1);
