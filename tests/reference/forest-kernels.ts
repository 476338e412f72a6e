/** One feature at one node of a forest, by plain arrays: the specification of kernels/assembly/forest.ts. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

interface BinStats {
  bin: number;
  count: number;
  sums: number[];
}

export function forestKernels(bytes: Bytes): Pick<Kernels, "forestTotals" | "forestSplit"> {
  return {
    forestTotals(rows, count, y, outputs, totals) {
      const targets = bytes.rows(rows, count).map((row) => bytes.f64(y + 8 * row));
      const sums = targetSums(targets, outputs);
      [count, ...sums].forEach((value, i) => {
        bytes.putF64(totals + 8 * i, value);
      });
      return targets.reduce((sum, target) => sum + target * target, 0);
    },
    forestSplit(
      column,
      rows,
      count,
      y,
      outputs,
      totals,
      isCategory,
      least,
      draw,
      coin,
      _cells,
      _scratch,
      out,
    ) {
      const list = bytes.rows(rows, count);
      const own: BinStats = {
        bin: -1,
        count,
        sums: Array.from({ length: outputs }, (_, k) => bytes.f64(totals + 8 * (k + 1))),
      };
      const present = [...new Set(list.map((row) => bytes.u8(column + row)))].sort((a, b) => a - b);
      const stats = present.map((bin): BinStats => {
        const targets = list
          .filter((row) => bytes.u8(column + row) === bin)
          .map((row) => bytes.f64(y + 8 * row));
        return { bin, count: targets.length, sums: targetSums(targets, outputs) };
      });
      bytes.putI32(out + 16, present[0] === 0 ? 1 : 0);
      const order = isCategory
        ? byMean(stats, own)
        : coin && present[0] === 0
          ? [...stats.slice(1), stats[0]]
          : stats;
      if (order.length < 2) return 0;
      const only = draw < 0 ? -1 : isCategory ? Math.floor(draw * (order.length - 1)) : cutAt(order, draw);
      return bestCut(bytes, order, { own, only, least, out }) ? 2 : 1;
    },
  };
}

function targetSums(targets: number[], outputs: number): number[] {
  const sums = new Array<number>(outputs).fill(0);
  for (const target of targets) {
    if (outputs === 1) sums[0] += target;
    else sums[target]++;
  }
  return sums;
}

function byMean(stats: BinStats[], own: BinStats): BinStats[] {
  const top = own.sums.length > 1 ? own.sums.indexOf(Math.max(...own.sums)) : 0;
  return stats.toSorted((a, b) => a.sums[top] / a.count - b.sums[top] / b.count || a.bin - b.bin);
}

function cutAt(order: BinStats[], draw: number): number {
  const keys = order.map(({ bin }) => bin);
  if (keys[0] === 0) keys[0] = keys[1] - 1;
  const last = keys.length - 1;
  if (keys[last] === 0) keys[last] = keys[last - 1] + 1;
  const threshold = keys[0] + Math.floor(draw * (keys[last] - keys[0]));
  return Math.min(last - 1, keys.filter((key) => key <= threshold).length - 1);
}

function bestCut(
  bytes: Bytes,
  order: BinStats[],
  by: { own: BinStats; only: number; least: number; out: number },
): boolean {
  const { own, only, least, out } = by;
  const score = (sums: number[], count: number) => sums.reduce((total, sum) => total + sum * sum, 0) / count;
  let best: { gain: number; cut: number } | null = null;
  const left = own.sums.map(() => 0);
  let count = 0;
  for (let cut = 0; cut < order.length - 1; cut++) {
    count += order[cut].count;
    order[cut].sums.forEach((sum, k) => {
      left[k] += sum;
    });
    if ((only >= 0 && cut !== only) || count < least || own.count - count < least) continue;
    const right = own.sums.map((sum, k) => sum - left[k]);
    const gain = score(left, count) + score(right, own.count - count) - score(own.sums, own.count);
    if (best && gain <= best.gain) continue;
    best = { gain, cut };
    bytes.putI32(out + 8, count);
  }
  if (!best) return false;
  const bins = order.slice(0, best.cut + 1).map(({ bin }) => bin);
  bytes.putF64(out, best.gain);
  bytes.putI32(out + 12, Math.max(...bins));
  bytes.fill(out + 32, 32);
  for (const bin of bins)
    bytes.putU8(out + 32 + (bin >> 3), bytes.u8(out + 32 + (bin >> 3)) | (1 << (bin & 7)));
  return true;
}
