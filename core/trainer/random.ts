/**
 * Generates every random number of the trainer. One seed gives one sequence, on every machine; it must never read a
 * clock or the system's entropy.
 */
import type { Random } from "./samples.ts";

/** sfc32 (Doty-Humphrey, PractRand), seeded through splitmix32: numbers in [0, 1) with 32 random bits. */
export function seededRandom(seed: number): Random {
  let mix = seed | 0;
  const next = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, counter] = [next(), next(), next(), 1];
  return () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 4294967296;
  };
}

/** The first `count` of a random permutation of `rows` (Fisher-Yates), in ascending order; `rows` is not changed. */
export function sampleRows(rows: Int32Array, count: number, random: Random): Int32Array {
  const pool = rows.slice();
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (pool.length - i));
    const row = pool[i];
    pool[i] = pool[j];
    pool[j] = row;
  }
  return pool.subarray(0, count).sort();
}

/** A random permutation of this many indices (Fisher-Yates). */
export function shuffledPlaces(count: number, random: Random): Int32Array {
  const places = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const place = places[i];
    places[i] = places[j];
    places[j] = place;
  }
  return places;
}

/**
 * Indices of `count` of this many rows, evenly spread: a file may be sorted, so its first rows are not representative.
 */
export function spreadRows(rows: number, count: number): Int32Array {
  const taken = Math.min(rows, Math.max(0, Math.floor(count)));
  return Int32Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * rows) / taken));
}
