// Fully connected layers over a batch, 32-bit floats, row-major; every width is padded to a multiple of eight, a batch
// to a multiple of four rows. Sums run in a fixed order, four lanes at a time.
//
//            outputs, 8 at once                 x: rows x inputs      w: inputs x outputs
//   rows   +----------------------+
//   4 at   | acc  acc             |             out = x w + bias      forward
//   once   | acc  acc   ...       |             g   = x' d            what the weights would change
//          | acc  acc             |             out = d w'            what the layer before would change
//          | acc  acc             |
//          +----------------------+

// @ts-ignore: decorator
@inline
function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

// out = x w + bias, negative values cut to zero where `rectified`.
export function denseForward(x: usize, w: usize, bias: usize, out: usize, rows: i32, inputs: i32, outputs: i32, rectified: i32): void {
  const rowBytes = <usize>inputs << 2;
  const outBytes = <usize>outputs << 2;
  const floor = rectified ? f32x4.splat(0) : f32x4.splat(-Infinity);
  for (let r = 0; r < rows; r += 4) {
    const x0 = x + <usize>r * rowBytes;
    for (let c: usize = 0; c < outBytes; c += 32) {
      let a0 = v128.load(bias + c);
      let b0 = v128.load(bias + c, 16);
      let a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
      let at = w + c;
      for (let i: usize = 0; i < rowBytes; i += 4) {
        const low = v128.load(at);
        const high = v128.load(at, 16);
        at += outBytes;
        const v0 = v128.load_splat<f32>(x0 + i);
        const v1 = v128.load_splat<f32>(x0 + rowBytes + i);
        const v2 = v128.load_splat<f32>(x0 + 2 * rowBytes + i);
        const v3 = v128.load_splat<f32>(x0 + 3 * rowBytes + i);
        a0 = addProduct(a0, v0, low);
        b0 = addProduct(b0, v0, high);
        a1 = addProduct(a1, v1, low);
        b1 = addProduct(b1, v1, high);
        a2 = addProduct(a2, v2, low);
        b2 = addProduct(b2, v2, high);
        a3 = addProduct(a3, v3, low);
        b3 = addProduct(b3, v3, high);
      }
      const to = out + <usize>r * outBytes + c;
      v128.store(to, f32x4.pmax(floor, a0));
      v128.store(to, f32x4.pmax(floor, b0), 16);
      v128.store(to + outBytes, f32x4.pmax(floor, a1));
      v128.store(to + outBytes, f32x4.pmax(floor, b1), 16);
      v128.store(to + 2 * outBytes, f32x4.pmax(floor, a2));
      v128.store(to + 2 * outBytes, f32x4.pmax(floor, b2), 16);
      v128.store(to + 3 * outBytes, f32x4.pmax(floor, a3));
      v128.store(to + 3 * outBytes, f32x4.pmax(floor, b3), 16);
    }
  }
}

// g = x' d, and the sums of d's columns into `bias`.
export function denseGradient(x: usize, d: usize, g: usize, bias: usize, rows: i32, inputs: i32, outputs: i32): void {
  const rowBytes = <usize>inputs << 2;
  const outBytes = <usize>outputs << 2;
  for (let c: usize = 0; c < outBytes; c += 32) {
    for (let i: usize = 0; i < rowBytes; i += 16) {
      let a0 = f32x4.splat(0);
      let a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let from = x + i;
      let at = d + c;
      for (let r = 0; r < rows; r++) {
        const low = v128.load(at);
        const high = v128.load(at, 16);
        const v0 = v128.load_splat<f32>(from);
        const v1 = v128.load_splat<f32>(from, 4);
        const v2 = v128.load_splat<f32>(from, 8);
        const v3 = v128.load_splat<f32>(from, 12);
        from += rowBytes;
        at += outBytes;
        a0 = addProduct(a0, v0, low);
        b0 = addProduct(b0, v0, high);
        a1 = addProduct(a1, v1, low);
        b1 = addProduct(b1, v1, high);
        a2 = addProduct(a2, v2, low);
        b2 = addProduct(b2, v2, high);
        a3 = addProduct(a3, v3, low);
        b3 = addProduct(b3, v3, high);
      }
      const to = g + (i >> 2) * outBytes + c;
      v128.store(to, a0);
      v128.store(to, b0, 16);
      v128.store(to + outBytes, a1);
      v128.store(to + outBytes, b1, 16);
      v128.store(to + 2 * outBytes, a2);
      v128.store(to + 2 * outBytes, b2, 16);
      v128.store(to + 3 * outBytes, a3);
      v128.store(to + 3 * outBytes, b3, 16);
    }
    let low = f32x4.splat(0);
    let high = low;
    let at = d + c;
    for (let r = 0; r < rows; r++) {
      low = f32x4.add(low, v128.load(at));
      high = f32x4.add(high, v128.load(at, 16));
      at += outBytes;
    }
    v128.store(bias + c, low);
    v128.store(bias + c, high, 16);
  }
}

// The sums of four vectors' lanes, side by side.
// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

// out = d w' where the layer before answered above zero (`active`), else zero.
export function denseBackward(d: usize, w: usize, active: usize, out: usize, rows: i32, inputs: i32, outputs: i32): void {
  const rowBytes = <usize>inputs << 2;
  const outBytes = <usize>outputs << 2;
  const zero = f32x4.splat(0);
  for (let r = 0; r < rows; r += 2) {
    for (let i: usize = 0; i < rowBytes; i += 16) {
      let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
      let from = d + <usize>r * outBytes;
      let at = w + (i >> 2) * outBytes;
      for (let c: usize = 0; c < outBytes; c += 16) {
        const first = v128.load(from);
        const second = v128.load(from + outBytes);
        const w0 = v128.load(at);
        const w1 = v128.load(at + outBytes);
        const w2 = v128.load(at + 2 * outBytes);
        const w3 = v128.load(at + 3 * outBytes);
        from += 16;
        at += 16;
        a0 = addProduct(a0, first, w0);
        a1 = addProduct(a1, first, w1);
        a2 = addProduct(a2, first, w2);
        a3 = addProduct(a3, first, w3);
        b0 = addProduct(b0, second, w0);
        b1 = addProduct(b1, second, w1);
        b2 = addProduct(b2, second, w2);
        b3 = addProduct(b3, second, w3);
      }
      const to = <usize>r * rowBytes + i;
      const isA = f32x4.gt(v128.load(active + to), zero);
      const isB = f32x4.gt(v128.load(active + to + rowBytes), zero);
      v128.store(out + to, v128.and(isA, sumLanes(a0, a1, a2, a3)));
      v128.store(out + to + rowBytes, v128.and(isB, sumLanes(b0, b1, b2, b3)));
    }
  }
}

// One step of Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019); `rate` holds the correction of the means.
export function adamStep(w: usize, g: usize, m: usize, v: usize, count: i32, rate: f32, keep: f32): void {
  const first = f32x4.splat(0.1);
  const second = f32x4.splat(0.001);
  const steps = f32x4.splat(rate);
  const kept = f32x4.splat(keep);
  const least = f32x4.splat(1e-8);
  const bytes = <usize>count << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const slope = v128.load(g + at);
    let mean = v128.load(m + at);
    mean = addProduct(mean, first, f32x4.sub(slope, mean));
    let square = v128.load(v + at);
    square = addProduct(square, second, f32x4.sub(f32x4.mul(slope, slope), square));
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const step = f32x4.div(f32x4.mul(steps, mean), f32x4.add(f32x4.sqrt(square), least));
    v128.store(w + at, f32x4.sub(f32x4.mul(kept, v128.load(w + at)), step));
  }
}
