/**
 * Shares the work of a fit between threads. Threads share the arena's memory, and each takes its part of a job. With
 * one thread there is no team. It must never change a result: see kernels/assembly/team.ts.
 */

import type { Scope } from "../../../kernels/arena.ts";
import { kernelModule } from "../../../kernels/kernels.ts";

/** The jobs started from here; the growing kernel starts others itself. */
export const JOBS = { gradients: 2, pack: 3 } as const;

const CONTROL_BYTES = 128;
const PART_BYTES = 16;

/** The worker's source; from a blob, so that a program compiled to one file has it too. */
const WORKER = `
self.onmessage = ({ data: { module, memory, control, part } }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  self.postMessage("ready");
  exports.work(control, part);
};`;

export class Team {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;

  private constructor(
    private readonly scope: Scope,
    /** Offset of the words through which jobs are started. */
    readonly control: number,
    private readonly workers: Worker[],
  ) {
    this.words = scope.i32(control, (CONTROL_BYTES + this.size * PART_BYTES) / 4);
    this.numbers = scope.f64(control + 64, 2);
    this.words[3] = this.size;
  }

  /** Starts threads - 1 workers over the scope's arena and waits until they are up. */
  static async open(scope: Scope, threads: number): Promise<Team> {
    const control = scope.bytes(CONTROL_BYTES + threads * PART_BYTES);
    const url = URL.createObjectURL(new Blob([WORKER], { type: "application/javascript" }));
    const message = { module: kernelModule(), memory: scope.arena.memory, control };
    const parts = Array.from({ length: threads - 1 }, (_, i) => i + 1);
    const started = parts.map((part) => startWorker(url, { ...message, part }));
    try {
      return new Team(scope, control, await Promise.all(started));
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** Number of threads, including the caller's. */
  get size(): number {
    return this.workers.length + 1;
  }

  /** Runs one job to its end; its arguments are listed in kernels/assembly/team.ts. */
  run(job: number, words: number[], numbers: number[] = []): void {
    this.words[2] = job;
    this.words.set(words, 4);
    this.numbers.set(numbers);
    this.scope.kernels.runJob(this.control);
  }

  /** Ends the workers. */
  close(): void {
    this.words[2] = 0;
    this.scope.kernels.wake(this.control);
    for (const worker of this.workers) worker.terminate();
  }
}

function startWorker(url: string, message: object): Promise<Worker> {
  const worker = new Worker(url);
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => reject(new Error(`A training thread did not start: ${event.message}`));
    worker.postMessage(message);
  });
}
