/** Draws words, numbers and missing values for generated samples from one seeded sequence. */
import { DAY_MS } from "../../platform/figures.ts";
import { seededRandom } from "../../trainer/random.ts";

export interface Draw {
  /** In [0, 1). */
  share: () => number;
  /** True in `share` of all cases. */
  happens: (share: number) => boolean;
  /** An integer, both ends included. */
  whole: (low: number, high: number) => number;
  /** Mean 0, deviation 1 (Box and Muller, 1958). */
  normal: () => number;
  one: <T>(of: readonly T[]) => T;
  /** One of the keys, with probability proportional to its weight. */
  weighted: <K extends string>(weights: Record<K, number>) => K;
}

export function drawFrom(seed: number): Draw {
  const share = seededRandom(seed);
  return {
    share,
    happens: (odds) => share() < odds,
    whole: (low, high) => low + Math.floor(share() * (high - low + 1)),
    normal: () => Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share()),
    one: (of) => of[Math.floor(share() * of.length)]!,
    weighted: <K extends string>(weights: Record<K, number>) => {
      const entries = Object.entries(weights) as [K, number][];
      let left = share() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        left -= weight;
        if (left < 0) return key;
      }
      return entries.at(-1)![0];
    },
  };
}

export const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** The probability for a score: 0 is even odds. */
export const chance = (score: number) => 1 / (1 + Math.exp(-score));

/** 2024-03-01 plus this many days. */
export function dayAfter(start: string, days: number): string {
  return new Date(Date.parse(start) + days * DAY_MS).toISOString().slice(0, 10);
}
