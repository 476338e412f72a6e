// Walks one tree for many rows at once: bins only, no branch per level, eight rows side by side so that their waits
// overlap. A leaf is a node whose children are itself, so that a row which has arrived just stays.
//
// node (48 bytes): 0 i32 feature   4 i32 left   8 i32 right   12 i32 leaf   16 .. 47 a bit per bin: goes left
// codes: row-major bins, `features` bytes a row, padded to a multiple of eight rows

const NODE: usize = 48;

// @ts-ignore: decorator
@inline
function step(nodes: usize, node: i32, row: usize): i32 {
  const at = nodes + <usize>node * NODE;
  const bin = <u32>load<u8>(row + <usize>load<i32>(at));
  const bit = (<u32>load<u8>(at + <usize>(bin >> 3), 16) >> (bin & 7)) & 1;
  return load<i32>(at + (<usize>(1 - bit) << 2), 4);
}

// Leaf of each row into `leaves` (i32). `root` is an index; `depth` the longest path.
export function walkTree(nodes: usize, root: i32, depth: i32, codes: usize, features: i32, count: i32, leaves: usize): void {
  const pitch = <usize>features;
  for (let i = 0; i < count; i += 8) {
    const r0 = codes + <usize>i * pitch;
    const r1 = r0 + pitch;
    const r2 = r1 + pitch;
    const r3 = r2 + pitch;
    const r4 = r3 + pitch;
    const r5 = r4 + pitch;
    const r6 = r5 + pitch;
    const r7 = r6 + pitch;
    let a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;
    for (let level = 0; level < depth; level++) {
      const a1 = step(nodes, a, r0);
      const b1 = step(nodes, b, r1);
      const c1 = step(nodes, c, r2);
      const d1 = step(nodes, d, r3);
      const e1 = step(nodes, e, r4);
      const f1 = step(nodes, f, r5);
      const g1 = step(nodes, g, r6);
      const h1 = step(nodes, h, r7);
      const moved = (a ^ a1) | (b ^ b1) | (c ^ c1) | (d ^ d1) | (e ^ e1) | (f ^ f1) | (g ^ g1) | (h ^ h1);
      a = a1; b = b1; c = c1; d = d1; e = e1; f = f1; g = g1; h = h1;
      if (moved == 0) break;
    }
    const out = leaves + (<usize>i << 2);
    putLeaf(out, nodes, a);
    putLeaf(out + 4, nodes, b);
    putLeaf(out + 8, nodes, c);
    putLeaf(out + 12, nodes, d);
    putLeaf(out + 16, nodes, e);
    putLeaf(out + 20, nodes, f);
    putLeaf(out + 24, nodes, g);
    putLeaf(out + 28, nodes, h);
  }
}

// @ts-ignore: decorator
@inline
function putLeaf(out: usize, nodes: usize, node: i32): void {
  store<i32>(out, load<i32>(nodes + <usize>node * NODE, 12));
}

// sums[row * outputs + k] += values[leaf * width + k - first] for k in [first, first + width).
export function addLeaves(
  leaves: usize, count: i32, values: usize, width: i32, sums: usize, outputs: i32, first: i32,
): void {
  for (let i = 0; i < count; i++) {
    const from = values + (<usize>(load<i32>(leaves + (<usize>i << 2)) * width) << 3);
    const to = sums + (<usize>(i * outputs + first) << 3);
    for (let k = 0; k < width; k++) {
      const at = <usize>k << 3;
      store<f64>(to + at, load<f64>(to + at) + load<f64>(from + at));
    }
  }
}
