/** FormValues reads and writes at byte offsets of a memory that may grow: all that the kernels' twins touch. */
export class Bytes {
  constructor(private readonly memory: WebAssembly.Memory) {}

  private get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  u8(at: number): number {
    return this.view.getUint8(at);
  }
  putU8(at: number, value: number): void {
    this.view.setUint8(at, value);
  }
  u32(at: number): number {
    return this.view.getUint32(at, true);
  }
  i32(at: number): number {
    return this.view.getInt32(at, true);
  }
  putI32(at: number, value: number): void {
    this.view.setInt32(at, value, true);
  }
  i64(at: number): bigint {
    return this.view.getBigInt64(at, true);
  }
  putI64(at: number, value: bigint): void {
    this.view.setBigInt64(at, value, true);
  }
  f32(at: number): number {
    return this.view.getFloat32(at, true);
  }
  putF32(at: number, value: number): void {
    this.view.setFloat32(at, value, true);
  }
  f64(at: number): number {
    return this.view.getFloat64(at, true);
  }
  putF64(at: number, value: number): void {
    this.view.setFloat64(at, value, true);
  }
  /** The row numbers of a list. */
  rows(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.u32(at + 4 * i));
  }
  fill(at: number, count: number): void {
    new Uint8Array(this.memory.buffer, at, count).fill(0);
  }
  copy(to: number, from: number, count: number): void {
    new Uint8Array(this.memory.buffer).copyWithin(to, from, from + count);
  }
}
