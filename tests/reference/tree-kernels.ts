/** Records, histograms, partition and walking, one element at a time: the specification of kernels/assembly. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

type Names =
  | ("buildSlot" | "binNumbers" | "histogram" | "marginals")
  | ("gatherBytes" | "gatherRecords" | "listBelow")
  | ("partition" | "addToRows" | "copyBytes" | "walkTree" | "addLeaves");

export function treeKernels(bytes: Bytes): Pick<Kernels, Names> {
  const addCell = (at: number, word: bigint) => bytes.putI64(at, bytes.i64(at) + word);
  return {
    buildSlot(records, stride, slot, column, count, base, factor) {
      for (let i = 0; i < count; i++) {
        const at = records + i * stride + 8 + slot;
        bytes.putU8(at, bytes.u8(at) + (bytes.u8(column + i) - base) * factor);
      }
    },
    binNumbers(values, count, edges, _size, last, out) {
      for (let i = 0; i < count; i++) {
        const value = bytes.f64(values + 8 * i);
        let bin = 1;
        for (let k = 0; k < last; k++) if (bytes.f64(edges + 8 * k) < value) bin++;
        bytes.putU8(out + i, Number.isNaN(value) ? 0 : bin);
      }
    },
    histogram(records, stride, slots, rows, count, out) {
      for (const row of bytes.rows(rows, count)) {
        const record = records + row * stride;
        for (let s = 0; s < slots; s++)
          addCell(out + 8 * (256 * s + bytes.u8(record + 8 + s)), bytes.i64(record));
      }
      return 0;
    },
    marginals(slots, plan, features, out) {
      const words = (f: number) => [0, 4, 8, 12].map((offset) => bytes.i32(plan + 16 * f + offset));
      for (let f = 0; f < features; f++) {
        const [slot, factor, digits, first] = words(f);
        bytes.fill(out + 8 * first, 8 * digits);
        for (let joint = 0; joint < 256; joint++) {
          const digit = Math.floor(joint / factor) % digits;
          addCell(out + 8 * (first + digit), bytes.i64(slots + 8 * (256 * slot + joint)));
        }
      }
      for (let f = 0; f < features; f++) bytes.fill(slots + 2048 * words(f)[0], 2048);
    },
    partition(column, goesLeft, rows, count) {
      const all = bytes.rows(rows, count);
      const left = all.filter((row) => bytes.u8(goesLeft + bytes.u8(column + row)) === 1);
      const right = all.filter((row) => bytes.u8(goesLeft + bytes.u8(column + row)) === 0);
      [...left, ...right].forEach((row, i) => {
        bytes.putI32(rows + 4 * i, row);
      });
      return left.length;
    },
    addToRows(scores, rows, count, value) {
      for (const row of bytes.rows(rows, count))
        bytes.putF64(scores + 8 * row, bytes.f64(scores + 8 * row) + value);
    },
    gatherBytes(to, from, order, count) {
      bytes.rows(order, count).forEach((old, i) => {
        bytes.putU8(to + i, bytes.u8(from + old));
      });
    },
    gatherRecords(to, from, order, count, size) {
      bytes.rows(order, count).forEach((old, i) => {
        bytes.copy(to + i * size, from + old * size, size);
      });
    },
    listBelow(to, list, count, limit) {
      const below = bytes.rows(list, count).filter((row) => row < limit);
      below.forEach((row, i) => {
        bytes.putI32(to + 4 * i, row);
      });
      return below.length;
    },
    copyBytes: (to, from, count) => bytes.copy(to, from, count),
    walkTree(nodes, root, _depth, codes, features, count, leaves) {
      for (let i = 0; i < count; i++) {
        let at = nodes + 48 * root;
        while (bytes.i32(at + 4) !== (at - nodes) / 48) {
          const bin = bytes.u8(codes + i * features + bytes.i32(at));
          const isLeft = (bytes.u8(at + 16 + (bin >> 3)) >> (bin & 7)) & 1;
          at = nodes + 48 * bytes.i32(at + (isLeft ? 4 : 8));
        }
        bytes.putI32(leaves + 4 * i, bytes.i32(at + 12));
      }
    },
    addLeaves(leaves, count, values, width, sums, outputs, first) {
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < width; k++) {
          const to = sums + 8 * (i * outputs + first + k);
          bytes.putF64(to, bytes.f64(to) + bytes.f64(values + 8 * (bytes.i32(leaves + 4 * i) * width + k)));
        }
      }
    },
  };
}
