/** Limits how much runs at once; the rest waits in order of arrival. Repeats what must not be missed. */
import { StoreUnavailable } from "./errors.ts";

const AGAIN_MS = 1000;

/** Runs once the database responds: an event is delivered only once, and must not be lost with a connection. */
export async function whenReachable<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await Bun.sleep(AGAIN_MS);
    }
  }
}

export class Semaphore {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Runs `work` when it is its turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken < this.limit) this.taken += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.taken -= 1;
    }
  }
}

const AT_ONCE = 10;

/** Lets a few through in each turn of the event loop, so that other requests are answered in between. */
export class Throttle {
  private readonly waiting: (() => void)[] = [];
  private passed = 0;

  /** Resolves when the caller may continue: at once unless many ask. */
  async pass(): Promise<void> {
    if (this.passed === 0) setImmediate(() => this.letIn());
    this.passed += 1;
    if (this.passed > AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private letIn(): void {
    const group = this.waiting.splice(0, AT_ONCE);
    this.passed = group.length && AT_ONCE;
    if (group.length) setImmediate(() => this.letIn());
    for (const resolve of group) resolve();
  }
}
