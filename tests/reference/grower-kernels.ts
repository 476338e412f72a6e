/** One boosted tree by plain objects, every leaf summed afresh: the specification of kernels/assembly/grower.ts. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

type Single = Pick<Kernels, "histogram" | "marginals" | "findSplit" | "partition" | "addToRows">;

interface Leaf {
  start: number;
  count: number;
  heldOutStart: number;
  heldOutCount: number;
  g: number;
  h: number;
  lower: number;
  upper: number;
  parent: number;
  isLeft: boolean;
  /** Where the search left it: 64 bytes; null if there is none. */
  split: Uint8Array | null;
  gain: number;
}

/** Words and numbers of a plan, by name. */
function planAt(bytes: Bytes, at: number) {
  const words = [
    "records",
    "stride",
    "slots",
    "slotSums",
    "marginalPlan",
    "features",
    "cells",
    "table",
    "columns",
  ];
  const more = [
    "bounded",
    "drawn",
    "total",
    "rows",
    "heldOut",
    "side",
    "goesLeft",
    "search",
    "sorting",
    "control",
  ];
  const last = ["threads", "maxLeaves", "least", "used", "usedCount", "blocks", "blockCount", "leaves"];
  const names = [...words, ...more, ...last, "leafCount", "splits", "splitCount", "values"] as const;
  const word = Object.fromEntries(names.map((name, i) => [name, bytes.u32(at + 4 * i)]));
  const numbers = ["l2", "rate", "group", "scaleG", "scaleH"];
  const number = Object.fromEntries(numbers.map((name, i) => [name, bytes.f64(at + 128 + 8 * i)]));
  return { ...word, ...number };
}
type Plan = ReturnType<typeof planAt>;

export function growerKernels(
  bytes: Bytes,
  kernels: Single,
): Pick<Kernels, "startTree" | "growTree" | "finishTree"> {
  const trees = new Map<number, { leaves: Leaf[]; splits: number }>();

  function search(plan: Plan, leaf: Leaf): void {
    leaf.split = null;
    if (leaf.count < 2 * plan.least || leaf.h <= 0) return;
    const block = bytes.u32(plan.blocks);
    kernels.histogram(
      plan.records,
      plan.stride,
      plan.slots,
      plan.rows + 4 * leaf.start,
      leaf.count,
      plan.slotSums,
    );
    kernels.marginals(plan.slotSums, plan.marginalPlan, plan.features, block);
    const own = writeSearch(plan, leaf);
    const found = plan.leaves;
    kernels.findSplit(
      block,
      plan.table,
      plan.used,
      plan.usedCount,
      plan.search,
      found,
      plan.sorting,
      plan.bounded,
    );
    if (bytes.i32(found + 8) < 0) return;
    leaf.split = Uint8Array.from({ length: 64 }, (_, i) => bytes.u8(found + i));
    leaf.gain = bytes.f64(found) - own;
  }

  function writeSearch(plan: Plan, leaf: Leaf): number {
    const [G, H] = [leaf.g / plan.scaleG, leaf.h / plan.scaleH];
    const perRow = H / leaf.count;
    const value = Math.min(Math.max(-G / (H + plan.l2), leaf.lower), leaf.upper);
    const own = -(2 * G * value + (H + plan.l2) * value * value);
    const least = Math.max(1e-3, (plan.least - 0.5) * perRow);
    const floor = (Math.min(10, plan.group) - 0.5) * perRow;
    const sides = [least, own + Math.abs(own) * 1e-9, plan.l2 + 10, 10, floor];
    const scales = [1 / plan.scaleG, 1 / plan.scaleH, leaf.lower, leaf.upper, (plan.group - 0.5) * perRow];
    [G, H, plan.l2, ...sides, ...scales].forEach((x, i) => {
      bytes.putF64(plan.search + 8 * i, x);
    });
    return own;
  }

  function leafValue(plan: Plan, leaf: Leaf): number {
    const h = leaf.h / plan.scaleH + plan.l2;
    return Math.min(Math.max(h > 0 ? -leaf.g / plan.scaleG / h : 0, leaf.lower), leaf.upper);
  }

  function hang(plan: Plan, leaf: Leaf, child: number): void {
    if (leaf.parent >= 0) bytes.putI32(plan.splits + 64 * leaf.parent + (leaf.isLeft ? 8 : 12), child);
  }

  function divide(plan: Plan, leaf: Leaf, node: number): [Leaf, Leaf] {
    const found = leaf.split!;
    const view = new DataView(found.buffer);
    const [feature, bin, missingLeft, byCategory, h, g] = [8, 12, 16, 20, 24, 28].map((at) =>
      view.getInt32(at, true),
    );
    const at = plan.splits + 64 * node;
    for (const [i, value] of [feature, bin, 0, 0, missingLeft + 2 * byCategory, leaf.count].entries()) {
      bytes.putI32(at + 4 * i, value);
    }
    bytes.putF64(at + 24, leaf.gain);
    for (let i = 32; i < 64; i++) bytes.putU8(at + i, found[i]);
    for (let b = 0; b < 256; b++) {
      const goesLeft = byCategory
        ? (found[32 + (b >> 3)] >> (b & 7)) & 1
        : b === 0
          ? missingLeft
          : b <= bin
            ? 1
            : 0;
      bytes.putU8(plan.goesLeft + b, goesLeft);
    }
    const column = bytes.u32(plan.columns + 4 * feature);
    const part = (list: number, count: number) =>
      kernels.partition(column, plan.goesLeft, list, count, plan.side);
    const count = part(plan.rows + 4 * leaf.start, leaf.count);
    const heldOut = part(plan.heldOut + 4 * leaf.heldOutStart, leaf.heldOutCount);
    const left = { ...leaf, g, h, count, heldOutCount: heldOut, parent: node, isLeft: true };
    const right = {
      ...{ ...leaf, g: leaf.g - g, h: leaf.h - h, parent: node, isLeft: false },
      ...{ start: leaf.start + count, count: leaf.count - count },
      ...{ heldOutStart: leaf.heldOutStart + heldOut, heldOutCount: leaf.heldOutCount - heldOut },
    };
    const direction = bytes.i32(plan.table + 32 * feature + 12);
    const middle = (leafValue(plan, left) + leafValue(plan, right)) / 2;
    if (direction !== 0) (direction > 0 ? left : right).upper = middle;
    if (direction !== 0) (direction > 0 ? right : left).lower = middle;
    return [left, right];
  }

  return {
    startTree(at, count) {
      const plan = planAt(bytes, at);
      const heldOutCount = plan.total - count;
      bytes.copy(plan.rows, plan.drawn, 4 * count);
      bytes.copy(plan.heldOut, plan.drawn + 4 * count, 4 * heldOutCount);
      const words = bytes.rows(plan.rows, count).map((row) => bytes.i64(plan.records + row * plan.stride));
      const sums = words.reduce((a, b) => a + b, 0n);
      const root: Leaf = {
        ...{ start: 0, count, heldOutStart: 0, heldOutCount, parent: -1, isLeft: true, split: null, gain: 0 },
        ...{ g: Number(sums >> 32n), h: Number(sums & 0xffffffffn) },
        ...{ lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY },
      };
      search(plan, root);
      trees.set(at, { leaves: [root], splits: 0 });
    },
    growTree(at) {
      const plan = planAt(bytes, at);
      const tree = trees.get(at)!;
      while (tree.leaves.length < plan.maxLeaves) {
        const gain = (leaf: Leaf) => (leaf.split ? leaf.gain : 0);
        const best = tree.leaves.reduce((most, leaf) => (gain(leaf) > gain(most) ? leaf : most));
        if (gain(best) <= 0) break;
        const node = tree.splits++;
        const [left, right] = divide(plan, best, node);
        hang(plan, best, node);
        tree.leaves[tree.leaves.indexOf(best)] = left;
        tree.leaves.push(right);
        for (const child of [left, right]) search(plan, child);
      }
      return 1;
    },
    finishTree(at, scores) {
      const plan = planAt(bytes, at);
      const { leaves } = trees.get(at)!;
      leaves.forEach((leaf, i) => {
        const value = plan.rate * leafValue(plan, leaf);
        bytes.putF64(plan.values + 16 * i, leaf.count);
        bytes.putF64(plan.values + 16 * i + 8, value);
        hang(plan, leaf, -1 - i);
        kernels.addToRows(scores, plan.rows + 4 * leaf.start, leaf.count, value);
        kernels.addToRows(scores, plan.heldOut + 4 * leaf.heldOutStart, leaf.heldOutCount, value);
      });
      return leaves.length;
    },
  };
}
