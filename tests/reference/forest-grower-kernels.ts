/** One tree of a forest by plain recursion: the specification of kernels/assembly/forest-grower.ts. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

type Single = Pick<Kernels, "forestTotals" | "forestSplit" | "partition">;

export function forestGrowerKernels(
  bytes: Bytes,
  kernels: Single,
): Pick<Kernels, "startForestTree" | "growForestTree"> {
  function random(plan: number): number {
    const [a, b, c, counter] = [88, 92, 96, 100].map((at) => bytes.u32(plan + at));
    const drawn = (a + b + counter) >>> 0;
    const rotated = (c << 21) | (c >>> 11);
    [b ^ (b >>> 9), c + (c << 3), rotated + drawn, counter + 1].forEach((word, i) => {
      bytes.putI32(plan + 88 + 4 * i, word | 0);
    });
    return drawn / 2 ** 32;
  }

  return {
    startForestTree(plan, count) {
      for (const at of [76, 84]) bytes.putI32(plan + at, 0);
      bytes.putI32(plan + 68, count);
    },
    growForestTree(plan) {
      const word = (at: number) => bytes.u32(plan + at);
      const next = (at: number) => {
        bytes.putI32(plan + at, word(at) + 1);
        return word(at) - 1;
      };
      const outputs = word(16);
      const grow = (start: number, count: number): number => {
        const rows = word(20) + 4 * start;
        const squares = kernels.forestTotals(rows, count, word(12), outputs, word(32));
        const totals = Array.from({ length: outputs + 1 }, (_, k) => bytes.f64(word(32) + 8 * k));
        const best = isPure(totals, squares) || count < 2 * word(56) ? null : search(plan, rows, count);
        if (!best) return addLeaf(plan, totals, next(84));
        const node = next(76);
        best.forEach((byte, i) => {
          bytes.putU8(word(72) + 64 * node + i, byte);
        });
        const split = new DataView(best.buffer);
        const [feature, bin, flags] = [0, 4, 16].map((at) => split.getInt32(at, true));
        for (let b = 0; b < 256; b++) {
          const byMask = (best[32 + (b >> 3)] >> (b & 7)) & 1;
          bytes.putU8(word(28) + b, flags & 2 ? byMask : b === 0 ? flags & 1 : b <= bin ? 1 : 0);
        }
        const column = bytes.u32(word(0) + 4 * feature);
        const left = kernels.partition(column, word(28), rows, count, word(24));
        bytes.putI32(word(72) + 64 * node + 8, grow(start, left));
        bytes.putI32(word(72) + 64 * node + 12, grow(start + left, count - left));
        return node;
      };
      grow(0, word(68));
      return 1;
    },
  };

  function isPure([count, ...sums]: number[], squares: number): boolean {
    if (sums.length > 1) return sums.includes(count);
    return squares - (sums[0] * sums[0]) / count <= 1e-12 * squares;
  }

  function addLeaf(plan: number, [count, ...sums]: number[], leaf: number): number {
    const at = bytes.u32(plan + 80) + 8 * (sums.length + 1) * leaf;
    const mean = bytes.f64(plan + 104);
    [count, ...sums.map((sum) => mean + sum / count)].forEach((value, i) => {
      bytes.putF64(at + 8 * i, value);
    });
    return -1 - leaf;
  }

  /** The 64 bytes of the best split, or null. */
  function search(plan: number, rows: number, count: number): Uint8Array | null {
    const word = (at: number) => bytes.u32(plan + at);
    const features = word(4);
    const order = Array.from({ length: features }, (_, i) => i);
    let best: DataView | null = null;
    for (let i = 0, looked = 0; i < features && looked < word(52); i++) {
      const j = i + Math.floor(random(plan) * (features - i));
      const feature = order[j];
      order[j] = order[i];
      const draw = word(60) ? random(plan) : -1;
      const coin = random(plan) < 0.5 ? 1 : 0;
      const isCategory = bytes.i32(word(8) + 4 * feature);
      const state = kernels.forestSplit(
        ...([
          bytes.u32(word(0) + 4 * feature),
          rows,
          count,
          word(12),
          word(16),
          word(32),
          isCategory,
        ] as const),
        ...([word(56), draw, coin, word(36), word(40), word(44)] as const),
      );
      if (state === 0) continue;
      looked++;
      const gain = bytes.f64(word(44));
      if (state === 2 && (!best || gain > best.getFloat64(24, true)))
        best = splitOf(word(44), { feature, isCategory, count });
    }
    return best && new Uint8Array(best.buffer);
  }

  function splitOf(out: number, by: { feature: number; isCategory: number; count: number }): DataView {
    const split = new DataView(new ArrayBuffer(64));
    const bin = bytes.i32(out + 12);
    const isSeen = bytes.i32(out + 16) === 1;
    const missingLeft = isSeen ? (bytes.u8(out + 32) & 1) === 1 : 2 * bytes.i32(out + 8) >= by.count;
    const isExchanged = !by.isCategory && bin === 0;
    const goesLeft = missingLeft && !isExchanged ? 1 : 0;
    split.setInt32(0, by.feature, true);
    split.setInt32(4, isExchanged ? 255 : bin, true);
    split.setInt32(16, goesLeft + 2 * by.isCategory, true);
    split.setInt32(20, by.count, true);
    split.setFloat64(24, bytes.f64(out), true);
    for (let i = 0; i < 32; i++) split.setUint8(32 + i, bytes.u8(out + 32 + i));
    if (goesLeft) split.setUint8(32, split.getUint8(32) | 1);
    return split;
  }
}
