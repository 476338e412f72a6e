/**
 * Gives each distinct value a code. Equal bytes get equal codes, numbered by first appearance. Open addressing over
 * MurmurHash3; a string is created only when it is requested.
 *
 *   slots  hash -> code + 1     ends  code -> end of its bytes     arena  all values, concatenated
 */

const decoder = new TextDecoder();
const FIRST_SLOTS = 16;

/** MurmurHash3_x86_32 (Austin Appleby, public domain), seed 0, as the kernel `hashCells`. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash ^= scrambled(word);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let k = end - 1; k >= i; k--) tail = (tail << 8) | bytes[k];
  hash ^= scrambled(tail) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

export class Dictionary {
  size = 0;
  counts = new Uint32Array(FIRST_SLOTS);
  private slots = new Int32Array(FIRST_SLOTS);
  private hashes = new Uint32Array(FIRST_SLOTS);
  private ends = new Int32Array(FIRST_SLOTS + 1);
  private arena = new Uint8Array(128);

  /** At most `maxSize` values, of at most `maxBytes` together. */
  constructor(
    private readonly maxSize: number,
    private readonly maxBytes = Number.POSITIVE_INFINITY,
  ) {}

  /** Returns the value's code and increments its count; -1 if the value is new and the dictionary is full. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    return this.internHashed(bytes, start, end, hashBytes(bytes, start, end));
  }

  /**
   * As intern, for a value whose hash is known. Four positional arguments: an object per cell would double the cost.
   */
  internHashed(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { slots, hashes, ends, arena } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let code = slots[slot] - 1; code >= 0; code = slots[slot] - 1) {
      if (hashes[code] === hash && ends[code + 1] - ends[code] === end - start) {
        let i = start;
        for (let at = ends[code]; i < end && arena[at] === bytes[i]; at++) i++;
        if (i === end) {
          this.counts[code]++;
          return code;
        }
      }
      slot = (slot + 1) & mask;
    }
    return this.add(bytes, { start, end, hash }, slot);
  }

  /** The string for a code. */
  text(code: number): string {
    return decoder.decode(this.arena.subarray(this.ends[code], this.ends[code + 1]));
  }

  texts(): string[] {
    return Array.from({ length: this.size }, (_, code) => this.text(code));
  }

  hashesInUse(): Uint32Array {
    return this.hashes.subarray(0, this.size);
  }

  private add(bytes: Uint8Array, key: { start: number; end: number; hash: number }, slot: number): number {
    const used = this.ends[this.size];
    const next = used + key.end - key.start;
    if (this.size >= this.maxSize || next > this.maxBytes) return -1;
    const code = this.size++;
    if (next > this.arena.length) this.arena = larger(this.arena, Math.max(next, 2 * this.arena.length));
    for (let i = key.start, at = used; i < key.end; i++) this.arena[at++] = bytes[i];
    this.ends[code + 1] = next;
    this.hashes[code] = key.hash;
    this.counts[code] = 1;
    this.slots[slot] = code + 1;
    if (2 * this.size >= this.slots.length) this.grow();
    return code;
  }

  private grow(): void {
    const slots = new Int32Array(2 * this.slots.length);
    const mask = slots.length - 1;
    for (let code = 0; code < this.size; code++) {
      let slot = this.hashes[code] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.slots = slots;
    const longer = new Int32Array(slots.length + 1);
    longer.set(this.ends);
    this.ends = longer;
    const counts = new Uint32Array(slots.length);
    counts.set(this.counts);
    this.counts = counts;
    const hashes = new Uint32Array(slots.length);
    hashes.set(this.hashes);
    this.hashes = hashes;
  }
}

function larger(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(size);
  copy.set(bytes);
  return copy;
}
