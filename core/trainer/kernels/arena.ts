/**
 * Allocates the arrays of a fit in blocks of one shared WebAssembly memory per process. A fit opens a scope, allocates,
 * and closes it; it must never touch a block after that.
 */
import { type Kernels, loadKernels } from "./kernels.ts";

const PAGE = 65_536;
const MAX_PAGES = 65_536;
/** The memory grows by at least this much at once, because each growth replaces its buffer. */
const STEP = 4 * 1024 * 1024;
/** The first page belongs to the compiled module. */
const FIRST = PAGE;
const ALIGN = 64;

interface Block {
  at: number;
  size: number;
}

export class Arena {
  private free: Block[] = [];
  private end = FIRST;
  /** Memory from here on was never handed out, and is zero. */
  private fresh = FIRST;

  constructor(
    readonly memory: WebAssembly.Memory,
    readonly kernels: Kernels,
  ) {}

  /** Zeroed bytes, aligned to a cache line; throws RangeError when 4 GiB are used up. */
  allocate(bytes: number): Block {
    const size = Math.ceil(Math.max(bytes, 1) / ALIGN) * ALIGN;
    const block = this.reuse(size) ?? this.extend(size);
    const used = Math.min(size, this.fresh - block.at);
    if (used > 0) new Uint8Array(this.memory.buffer, block.at, used).fill(0);
    this.fresh = Math.max(this.fresh, block.at + size);
    return block;
  }

  release(blocks: Block[]): void {
    const all = [...this.free, ...blocks].sort((a, b) => a.at - b.at);
    this.free = [];
    for (const block of all) {
      const last = this.free[this.free.length - 1];
      if (last && last.at + last.size === block.at) last.size += block.size;
      else this.free.push({ ...block });
    }
    const last = this.free[this.free.length - 1];
    if (last && last.at + last.size === this.end) {
      this.end = last.at;
      this.free.pop();
    }
  }

  private reuse(size: number): Block | null {
    const index = this.free.findIndex((block) => block.size >= size);
    if (index < 0) return null;
    const block = this.free[index];
    const taken = { at: block.at, size };
    block.at += size;
    block.size -= size;
    if (block.size === 0) this.free.splice(index, 1);
    return taken;
  }

  private extend(size: number): Block {
    const at = this.end;
    const missing = at + size - this.memory.buffer.byteLength;
    if (missing > 0) this.grow(missing);
    this.end = at + size;
    return { at, size };
  }

  /** Grows by what is missing, or by one step while there is room for it. */
  private grow(missing: number): void {
    const room = MAX_PAGES - this.memory.buffer.byteLength / PAGE;
    const pages = Math.max(Math.ceil(missing / PAGE), Math.min(STEP / PAGE, room));
    this.memory.grow(pages);
  }
}

/** What one fit allocates, and frees all at once. */
export class Scope {
  private readonly blocks: Block[] = [];

  constructor(readonly arena: Arena) {}

  get kernels(): Kernels {
    return this.arena.kernels;
  }

  /** Byte offset of zeroed memory. */
  bytes(count: number): number {
    const block = this.arena.allocate(count);
    this.blocks.push(block);
    return block.at;
  }

  u8(at: number, length: number): Uint8Array {
    return new Uint8Array(this.arena.memory.buffer, at, length);
  }

  i32(at: number, length: number): Int32Array {
    return new Int32Array(this.arena.memory.buffer, at, length);
  }

  f32(at: number, length: number): Float32Array {
    return new Float32Array(this.arena.memory.buffer, at, length);
  }

  f64(at: number, length: number): Float64Array {
    return new Float64Array(this.arena.memory.buffer, at, length);
  }

  close(): void {
    this.arena.release(this.blocks.splice(0));
  }
}

let shared: Arena | null = null;

/** This process's arena; the memory grows to what the largest simultaneous fits needed and is reused. */
export function sharedArena(): Arena {
  shared ??= newArena(loadKernels);
  return shared;
}

/** An arena of its own, with kernels for its memory: tests run whole fits on the plain twin. */
export function newArena(load: (memory: WebAssembly.Memory) => Kernels): Arena {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
  return new Arena(memory, load(memory));
}
