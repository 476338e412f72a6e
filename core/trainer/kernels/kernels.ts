/**
 * Declares and loads the numeric kernels. The contract of assembly/ (compiled to WebAssembly) and of its plain twin in
 * tests/reference: byte offsets into one shared memory, plain numbers, no allocation. The layouts are drawn in
 * assembly/*.ts.
 */
import { KERNELS_WASM } from "./kernels.wasm.ts";

/** scores, y: f64 by position; g, h: f32 by position; sums: two f64, sum of |g| and of h. */
type GradientKernel = (
  scores: number,
  y: number,
  from: number,
  to: number,
  g: number,
  h: number,
  sums: number,
) => void;

/** Sum of the loss over positions [from, to). */
type LossKernel = (scores: number, y: number, from: number, to: number) => number;

export interface Kernels {
  squaredGradients: GradientKernel;
  logisticGradients: GradientKernel;
  poissonGradients: GradientKernel;
  gammaGradients: GradientKernel;
  /** Output-major arrays, `stride` elements per output; scratch: 16 bytes per output. */
  softmaxGradients(
    ...args: [...Parameters<GradientKernel>, outputs: number, stride: number, scratch: number]
  ): void;
  /** Gradients times the weights (f64 by position) of their rows, with the sums of both; unit 1: every hessian was one. */
  weightGradients(
    ...args: [weights: number, from: number, to: number, g: number, h: number, sums: number, unit: number]
  ): void;
  squaredLoss: LossKernel;
  logisticLoss: LossKernel;
  poissonLoss: LossKernel;
  gammaLoss: LossKernel;
  softmaxLoss(...args: [...Parameters<LossKernel>, outputs: number, stride: number]): number;
  /** Quantises gradients into records; h = 0: every hessian is one. */
  packGradients(
    ...args: [
      records: number,
      stride: number,
      g: number,
      h: number,
      from: number,
      to: number,
      scaleG: number,
      scaleH: number,
    ]
  ): void;
  /** slot byte += (bin - base) * factor, for `count` records. */
  buildSlot(
    ...args: [
      records: number,
      stride: number,
      slot: number,
      column: number,
      count: number,
      base: number,
      factor: number,
    ]
  ): void;
  /** Bins of numbers (count: a multiple of four); edges padded with Infinity to `size`, a power of two; `last`: number of edges. */
  binNumbers(
    ...args: [values: number, count: number, edges: number, size: number, last: number, out: number]
  ): void;
  histogram(
    ...args: [records: number, stride: number, slots: number, rows: number, count: number, out: number]
  ): number;
  /** Slot sums to feature sums; clears the slots. */
  marginals(slots: number, plan: number, features: number, out: number): void;
  /** Grows a tree over a plan, in pieces: see assembly/grower.ts. */
  startTree(plan: number, count: number): void;
  growTree(plan: number, cells: number): number;
  finishTree(plan: number, scores: number): number;
  findSplit(
    ...args: [
      hist: number,
      table: number,
      features: number,
      count: number,
      leaf: number,
      out: number,
      scratch: number,
      bounded: number,
    ]
  ): void;
  /** The leaf of each row (count padded to eight). See assembly/prediction.ts. */
  walkTree(
    ...args: [
      nodes: number,
      root: number,
      depth: number,
      codes: number,
      features: number,
      count: number,
      leaves: number,
    ]
  ): void;
  addLeaves(
    ...args: [
      leaves: number,
      count: number,
      values: number,
      width: number,
      sums: number,
      outputs: number,
      first: number,
    ]
  ): void;
  /** Grows a tree of a forest over a plan, in pieces: see assembly/forest-grower.ts. */
  startForestTree(plan: number, count: number): void;
  growForestTree(plan: number, work: number): number;
  /** Totals of a node (count, then classes or the sum); returns the sum of squared targets. */
  forestTotals(rows: number, count: number, y: number, outputs: number, totals: number): number;
  /** 0: one bin only; 1: no cut fits; 2: found. See assembly/forest.ts. */
  forestSplit(
    ...args: [
      column: number,
      rows: number,
      count: number,
      y: number,
      outputs: number,
      totals: number,
      isCategory: number,
      least: number,
      draw: number,
      coin: number,
      cells: number,
      scratch: number,
      out: number,
    ]
  ): number;
  /** In place and stable; returns how many went left. */
  partition(column: number, goesLeft: number, rows: number, count: number, side: number): number;
  /** Runs a job of several threads (assembly/team.ts) and waits for all its parts. */
  runJob(control: number): void;
  wake(control: number): void;
  copyBytes(to: number, from: number, count: number): void;
  /** to[i] = from[order[i]], bytes or records of a multiple of eight bytes. */
  gatherBytes(to: number, from: number, order: number, count: number): void;
  gatherRecords(to: number, from: number, order: number, count: number, size: number): void;
  /** Copies the members of a list below `limit` (one more may be written); returns how many. */
  listBelow(to: number, list: number, count: number, limit: number): number;
  /**
   * out = x w + bias; rectified 1: negative values become zero. Rows padded to four, widths to eight: see
   * assembly/dense.ts.
   */
  denseForward(
    ...args: [
      x: number,
      w: number,
      bias: number,
      out: number,
      rows: number,
      inputs: number,
      outputs: number,
      rectified: number,
    ]
  ): void;
  /** g = x' d, bias = column sums of d. */
  denseGradient(
    ...args: [x: number, d: number, g: number, bias: number, rows: number, inputs: number, outputs: number]
  ): void;
  /** out = d w' where `active` is above zero. */
  denseBackward(
    ...args: [
      d: number,
      w: number,
      active: number,
      out: number,
      rows: number,
      inputs: number,
      outputs: number,
    ]
  ): void;
  /** w = keep w - rate mean / sqrt(square), with running means of the gradient g and of its square. */
  adamStep(
    ...args: [w: number, g: number, mean: number, square: number, count: number, rate: number, keep: number]
  ): void;
  addToRows(scores: number, rows: number, count: number, value: number): void;
}

let compiled: WebAssembly.Module | null = null;

/** The compiled module, once per process; workers receive it by message. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM, "base64"));
  return compiled;
}

/** Instantiates the WebAssembly kernels over a memory. */
export function loadKernels(memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(kernelModule(), { env: { memory } });
  return exports as unknown as Kernels;
}
