/**
 * Summarises a million values in bounded memory: how many are distinct (exact while few, then HyperLogLog), and a
 * uniform sample for quantiles (reservoir). Both are seeded: the same file gives the same figures.
 */

const REGISTER_BITS = 11;
const REGISTERS = 1 << REGISTER_BITS;
/** 2^-rank. */
const HALVES = Float64Array.from({ length: 33 }, (_, rank) => 2 ** -rank);

/**
 * HyperLogLog (Flajolet et al., 2007): estimates the number of distinct values from the longest run of zeros in their
 * hashes; 2.3 % standard error at 2,048 registers. Small ranges use linear counting.
 */
export class DistinctEstimate {
  private readonly registers = new Uint8Array(REGISTERS);

  /** `hash`: 32 mixed bits. */
  add(hash: number): void {
    const register = hash >>> (32 - REGISTER_BITS);
    const rank = Math.clz32((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))) + 1;
    if (rank > this.registers[register]) this.registers[register] = rank;
  }

  addNumbers(values: Float64Array): void {
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    for (let i = 0; i < halves.length; i += 2) this.add(mixHalves(halves[i], halves[i + 1]));
  }

  estimate(): number {
    let sum = 0;
    let zeros = 0;
    for (let k = 0; k < REGISTERS; k++) {
      const rank = this.registers[k];
      sum += HALVES[rank];
      if (rank === 0) zeros++;
    }
    const alpha = 0.7213 / (1 + 1.079 / REGISTERS);
    const raw = (alpha * REGISTERS * REGISTERS) / sum;
    if (raw <= 2.5 * REGISTERS && zeros > 0) return Math.round(REGISTERS * Math.log(REGISTERS / zeros));
    const limit = 2 ** 32;
    return Math.round(raw > limit / 30 ? -limit * Math.log(1 - raw / limit) : raw);
  }
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** 32 mixed bits of a number; equal numbers give equal bits. */
function hashNumber(value: number): number {
  float[0] = value;
  return mixHalves(words[0], words[1]);
}

function mixHalves(low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Integers below this are counted by index, without a hash. */
const SMALL = 256;

/** Counts distinct numbers while there are at most `maxSize` of them. */
export class NumberCounts {
  size = 0;
  private readonly small = new Uint32Array(SMALL);
  private keys = new Float64Array(32);
  private counts = new Uint32Array(32);

  constructor(private readonly maxSize: number) {}

  /** False if the number is new and there is no room. */
  add(value: number): boolean {
    const index = value | 0;
    if (index !== value || index < 0 || index >= SMALL) return this.addHashed(value, hashNumber(value));
    if (this.small[index]++ === 0) this.size++;
    return true;
  }

  private addHashed(value: number, hash: number): boolean {
    const { keys, counts } = this;
    const mask = keys.length - 1;
    let slot = hash & mask;
    while (counts[slot] !== 0) {
      if (keys[slot] === value) {
        counts[slot]++;
        return true;
      }
      slot = (slot + 1) & mask;
    }
    if (this.size >= this.maxSize) return false;
    keys[slot] = value;
    counts[slot] = 1;
    this.size++;
    if (2 * this.size > keys.length) this.grow();
    return true;
  }

  forEach(visit: (value: number, count: number) => void): void {
    for (let value = 0; value < SMALL; value++) if (this.small[value] > 0) visit(value, this.small[value]);
    for (let k = 0; k < this.keys.length; k++) if (this.counts[k] > 0) visit(this.keys[k], this.counts[k]);
  }

  private grow(): void {
    const { keys, counts } = this;
    this.keys = new Float64Array(2 * keys.length);
    this.counts = new Uint32Array(2 * keys.length);
    const mask = this.keys.length - 1;
    for (let k = 0; k < keys.length; k++) {
      if (counts[k] === 0) continue;
      let slot = hashNumber(keys[k]) & mask;
      while (this.counts[slot] !== 0) slot = (slot + 1) & mask;
      this.keys[slot] = keys[k];
      this.counts[slot] = counts[k];
    }
  }
}

/** The commonest of many values, without an object for each. */
export class Commonest {
  readonly entries: { value: number; count: number }[] = [];

  constructor(private readonly limit: number) {}

  offer(value: number, count: number): void {
    const { entries, limit } = this;
    let at = entries.length;
    while (
      at > 0 &&
      (entries[at - 1].count < count || (entries[at - 1].count === count && entries[at - 1].value > value))
    )
      at--;
    if (at === limit) return;
    entries.splice(at, 0, { value, count });
    if (entries.length > limit) entries.pop();
  }
}

let scratch = new Float64Array(0);

/**
 * A uniform sample of a stream (Vitter's algorithm R, 1985, with skips by Li's algorithm L, 1994): after the first
 * `capacity` values only kept ones cost anything.
 */
export class Reservoir {
  count = 0;
  private values = new Float64Array(64);
  private next = 0;
  private weight = 0;
  private state = 0x2545f491;

  constructor(private readonly capacity: number) {}

  addAll(values: Float64Array): void {
    const from = this.count;
    const end = from + values.length;
    let at = from;
    for (; at < end && at < this.capacity; at++) {
      if (at >= this.values.length) this.grow();
      this.values[at] = values[at - from];
      if (at + 1 === this.capacity) this.start();
    }
    this.count = end;
    if (at < this.capacity) return;
    while (this.next < end) {
      this.values[Math.floor(this.random() * this.capacity)] = values[this.next - from];
      this.weight *= Math.exp(Math.log(this.random()) / this.capacity);
      this.skip();
    }
  }

  /** In memory that all reservoirs share: valid until another one is asked. */
  sorted(): Float64Array {
    const size = Math.min(this.count, this.capacity);
    if (scratch.length < size) scratch = new Float64Array(size);
    const sorted = scratch.subarray(0, size);
    sorted.set(this.values.subarray(0, size));
    return sorted.sort();
  }

  private start(): void {
    this.weight = Math.exp(Math.log(this.random()) / this.capacity);
    this.next = this.capacity - 1;
    this.skip();
  }

  private skip(): void {
    this.next += Math.floor(Math.log(this.random()) / Math.log(1 - this.weight)) + 1;
  }

  private grow(): void {
    const longer = new Float64Array(Math.min(this.capacity, 4 * this.values.length));
    longer.set(this.values);
    this.values = longer;
  }

  /** xorshift32 (Marsaglia, 2003), in (0, 1). */
  private random(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return ((x >>> 0) + 0.5) / 2 ** 32;
  }
}
