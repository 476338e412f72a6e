/**
 * Reads Parquet's hybrid of run lengths and bit-packed values, a few at a time. A run may claim any length, so nothing is
 * allocated by what the file says.
 */
import { contradiction } from "./damage.ts";

/** Bits that a 32-bit accumulator can add a whole byte to. */
const NARROW_BITS = 24;

export class HybridReader {
  /** How many values of the current run are left. */
  private left = 0;
  private isPacked = false;
  /** The value of the current run, if it is not packed. */
  private value = 0;
  /** Bits that were read and not yet used. */
  private held = 0;
  private heldBits = 0;

  /** Reads `bytes` from `at`; each value has `bits` bits, at most 32. */
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly bits: number,
  ) {
    if (bits > 32) throw contradiction(`values of ${bits} bits`);
  }

  /** Writes the next `count` values to the start of `out`. Throws AppError `invalid` if there are fewer. */
  take(out: Uint8Array | Uint32Array, count: number): void {
    if (this.bits === 0) {
      out.fill(0, 0, count);
      return;
    }
    for (let filled = 0; filled < count; ) {
      if (this.left === 0) this.startRun();
      const taken = Math.min(this.left, count - filled);
      if (!this.isPacked) out.fill(this.value, filled, filled + taken);
      else if (this.bits <= NARROW_BITS) this.unpack(out, filled, filled + taken);
      else this.unpackWide(out, filled, filled + taken);
      this.left -= taken;
      filled += taken;
    }
  }

  private startRun(): void {
    const header = this.length();
    this.isPacked = header % 2 === 1;
    this.left = this.isPacked ? 8 * Math.floor(header / 2) : header / 2;
    this.held = 0;
    this.heldBits = 0;
    if (this.isPacked) return;
    this.value = 0;
    for (let shift = 1; shift < 2 ** this.bits; shift *= 256) this.value += this.byte() * shift;
  }

  private length(): number {
    let length = 0;
    for (let shift = 1; shift <= 2 ** 28; shift *= 128) {
      const byte = this.byte();
      length += (byte & 0x7f) * shift;
      if (byte < 0x80) return length;
    }
    throw contradiction("a run is longer than any page");
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw contradiction("a page has fewer values than it says");
    return byte;
  }

  private unpack(out: Uint8Array | Uint32Array, from: number, to: number): void {
    const { bytes, bits } = this;
    const mask = (1 << bits) - 1;
    let { at, held, heldBits } = this;
    if (at + Math.ceil(((to - from) * bits - heldBits) / 8) > bytes.length)
      throw contradiction("a page has fewer values than it says");
    for (let k = from; k < to; k++) {
      while (heldBits < bits) {
        held |= bytes[at++]! << heldBits;
        heldBits += 8;
      }
      out[k] = held & mask;
      held >>>= bits;
      heldBits -= bits;
    }
    this.at = at;
    this.held = held;
    this.heldBits = heldBits;
  }

  /** More bits than a 32-bit accumulator holds together with a byte. */
  private unpackWide(out: Uint8Array | Uint32Array, from: number, to: number): void {
    const range = 2 ** this.bits;
    for (let k = from; k < to; k++) {
      while (this.heldBits < this.bits) {
        this.held += this.byte() * 2 ** this.heldBits;
        this.heldBits += 8;
      }
      out[k] = this.held % range;
      this.held = Math.floor(this.held / range);
      this.heldBits -= this.bits;
    }
  }
}
