/** The best split of a leaf by trying every one: the specification of kernels/assembly/splitting.ts. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

interface Leaf {
  G: number;
  H: number;
  l2: number;
  least: number;
  categoryL2: number;
  smoothing: number;
  floor: number;
  group: number;
  scaleG: number;
  scaleH: number;
  lower: number;
  upper: number;
}

interface Found {
  score: number;
  feature: number;
  bin: number;
  missingLeft: boolean;
  left: number[] | null;
  word: bigint;
}

interface Column {
  feature: number;
  cells: bigint[];
  monotone: number;
}

const gOf = (word: bigint) => Number(word >> 32n);
const hOf = (word: bigint) => Number(BigInt.asIntN(32, word));
const sum = (words: bigint[]) => words.reduce((a, b) => a + b, 0n);

export function splitKernels(bytes: Bytes): Pick<Kernels, "findSplit"> {
  return {
    findSplit(hist, table, features, count, at, out, _scratch, bounded) {
      const [G, H, l2, least, best, categoryL2, smoothing, floor, scaleG, scaleH, lower, upper, group] =
        Array.from({ length: 13 }, (_, i) => bytes.f64(at + 8 * i));
      const leaf: Leaf = {
        G,
        H,
        l2,
        least,
        categoryL2,
        smoothing,
        floor,
        group,
        scaleG,
        scaleH,
        lower,
        upper,
      };
      let found: Found | null = null;
      for (const feature of bytes.rows(features, count)) {
        const [first, bins, kind, monotone] = [0, 4, 8, 12].map((offset) =>
          bytes.i32(table + 32 * feature + offset),
        );
        const cells = Array.from({ length: bins }, (_, bin) => bytes.i64(hist + 8 * (first + bin)));
        const column = { feature, cells, monotone };
        const all = kind === 1 ? byCategory(leaf, column) : byNumber(leaf, column, bounded === 1);
        for (const candidate of all) if (candidate.score > (found?.score ?? best)) found = candidate;
      }
      write(bytes, out, found);
      bytes.putF64(out, found?.score ?? best);
    },
  };
}

function write(bytes: Bytes, out: number, found: Found | null): void {
  bytes.putI32(out + 8, found?.feature ?? -1);
  if (!found) return;
  bytes.putI32(out + 12, found.bin);
  bytes.putI32(out + 16, found.missingLeft ? 1 : 0);
  bytes.putI32(out + 20, found.left ? 1 : 0);
  bytes.putI64(out + 24, found.word);
  if (!found.left) return;
  bytes.fill(out + 32, 32);
  for (const bin of found.left)
    bytes.putU8(out + 32 + (bin >> 3), bytes.u8(out + 32 + (bin >> 3)) | (1 << (bin & 7)));
}

function byNumber(leaf: Leaf, { feature, cells, monotone }: Column, isBounded: boolean): Found[] {
  const all: Found[] = [];
  const isSeen = cells[0] !== 0n;
  for (const start of isSeen ? [0n, cells[0]] : [0n]) {
    for (let bin = 1; bin < cells.length; bin++) {
      const word = start + sum(cells.slice(1, bin + 1));
      const score = isBounded ? boundedScore(leaf, word, monotone) : freeScore(leaf, word);
      if (score === null) continue;
      const heavier = hOf(word) * leaf.scaleH * 2 >= leaf.H;
      all.push({ score, feature, bin, missingLeft: isSeen ? start !== 0n : heavier, left: null, word });
    }
  }
  return all;
}

/** Both sides' scores, as G^2 / T + D^2 / (T Hl Hr). */
function freeScore(leaf: Leaf, word: bigint): number | null {
  const { scaleG, scaleH, least } = leaf;
  const extra = leaf.l2 / scaleH;
  const g0 = leaf.G / scaleG;
  const t = leaf.H / scaleH + extra + extra;
  const left = hOf(word) + extra;
  const right = t - left;
  if (left < least / scaleH + extra || right < least / scaleH + extra) return null;
  const d = gOf(word) * t - g0 * left;
  const unit = (scaleG * scaleG) / scaleH;
  return ((d * d) / (left * right)) * (unit / t) + (unit * g0 * g0) / t;
}

function boundedScore(leaf: Leaf, word: bigint, monotone: number): number | null {
  const { G, H, l2, least, lower, upper } = leaf;
  const g = gOf(word) * leaf.scaleG;
  const h = hOf(word) * leaf.scaleH;
  if (h < least || H - h < least) return null;
  const left = Math.min(Math.max(-g / (h + l2), lower), upper);
  const right = Math.min(Math.max((g - G) / (H - h + l2), lower), upper);
  if (monotone * (left - right) > 0) return null;
  const saved = (a: number, b: number, value: number) => -(2 * a * value + (b + l2) * value * value);
  return saved(g, h, left) + saved(G - g, H - h, right);
}

function byCategory(leaf: Leaf, { feature, cells }: Column): Found[] {
  const { G, H, scaleG, scaleH } = leaf;
  const few = cells.length <= 5;
  const [smoothing, l2, floor, group] = few
    ? [1e-9, leaf.l2, 0, 0]
    : [leaf.smoothing, leaf.categoryL2, leaf.floor, leaf.group];
  const key = (bin: number) => (gOf(cells[bin]) * scaleG) / (hOf(cells[bin]) * scaleH + smoothing);
  const order = Array.from(cells.keys())
    .filter((bin) => cells[bin] !== 0n && hOf(cells[bin]) * scaleH >= floor)
    .sort((a, b) => key(a) - key(b) || a - b);
  const all: Found[] = [];
  const isComplete = order.length === cells.filter((cell) => cell !== 0n).length && order.length <= 32;
  for (const direction of isComplete ? [order] : [order, order.toReversed()]) {
    for (let taken = 1; taken <= Math.min(32, order.length); taken++) {
      const left = direction.slice(0, taken);
      const word = sum(left.map((bin) => cells[bin]));
      const g = gOf(word) * scaleG;
      const h = hOf(word) * scaleH;
      const least = Math.max(leaf.least, group);
      if (h < least || H - h < least) continue;
      const score = (g * g) / (h + l2) + ((G - g) * (G - g)) / (H - h + l2);
      if (cells[0] === 0n && h * 2 >= H) left.push(0);
      all.push({ score, feature, bin: 0, missingLeft: left.includes(0), left, word });
    }
  }
  return all;
}
