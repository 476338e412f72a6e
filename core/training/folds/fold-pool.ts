/**
 * Runs the folds of a race on several cores: threads that share the same data without copies, each with one fold at a
 * time. This thread only starts jobs and collects results. The threads are part of the process, so they count against
 * the run's memory.
 */
import { availableParallelism } from "node:os";
import { IS_ONE_FILE } from "../../platform/child.ts";
import type { FoldDone } from "../../trainer/race/fold-job.ts";
import type { TrainingData } from "../../trainer/race/training-data.ts";
import {
  type OpenWorkerPool,
  ownThread,
  type WorkerPool,
  type WorkerPoolControls,
  type WorkerPoolTask,
} from "../../trainer/race/worker-pool.ts";
import { type FromThread, SPARE, STOPPED, type ToThread } from "./fold-messages.ts";

const MOST_THREADS = 8;
/** Bins and records of one thread take about this many bytes per cell; all threads together get this much. */
const BYTES_PER_CELL = 4;
const MOST_BYTES = 1e9;

/** A pool of at most this many threads; only this thread if that is one, or the data is too large. */
export const threadsUpTo =
  (most: number): OpenWorkerPool =>
  async (data, candidateConfigs, controls) => {
    const size = Math.min(most, affordable(data));
    if (size < 2) return ownThread(data, candidateConfigs, controls);
    const control = new Int32Array(new SharedArrayBuffer(8));
    const threads = Array.from({ length: size }, () => new Thread());
    const pool = new ThreadPool(threads, control, controls);
    pool.hold(data);
    return pool;
  };

/** One per core. */
export const openThreads = threadsUpTo(Math.min(availableParallelism(), MOST_THREADS));

function affordable(data: TrainingData): number {
  const cells = data.encoded.samples.rows * Math.max(1, data.encoded.samples.features.length);
  return Math.floor(MOST_BYTES / (cells * BYTES_PER_CELL));
}

class ThreadPool implements WorkerPool {
  readonly size: number;
  private readonly idle: Thread[];
  private readonly waiting: ((thread: Thread) => void)[] = [];

  constructor(
    private readonly threads: Thread[],
    private readonly control: Int32Array,
    private readonly controls: WorkerPoolControls,
  ) {
    this.size = threads.length;
    this.idle = [...threads];
    const tell = () => Atomics.store(control, STOPPED, 1);
    if (controls.stop.aborted) tell();
    else controls.stop.addEventListener("abort", tell, { once: true });
  }

  async run({ job, onRound }: WorkerPoolTask): Promise<FoldDone | null> {
    const thread = this.idle.pop() ?? (await new Promise<Thread>((resolve) => this.waiting.push(resolve)));
    try {
      await this.controls.checkpoint();
      const given = job();
      return given && (await thread.run(given, onRound));
    } finally {
      const next = this.waiting.shift();
      if (next) next(thread);
      else this.idle.push(thread);
    }
  }

  hold(data: TrainingData): void {
    // In place, so that the original arrays do not stay in memory too.
    Object.assign(data, share({ ...data, supervised: [...data.supervised], treeParts: new Map() }));
    const epochMs = performance.timeOrigin + performance.now() - this.controls.elapsedMs();
    for (const thread of this.threads) thread.open({ kind: "open", data, control: this.control, epochMs });
  }

  spare(): void {
    Atomics.store(this.control, SPARE, 1);
  }

  isSpare(): boolean {
    return Atomics.load(this.control, SPARE) === 1;
  }

  close(): void {
    for (const thread of this.threads) thread.close();
  }
}

/** One worker; runs one job at a time. */
class Thread {
  private readonly worker: Worker;
  private hear: (message: FromThread) => void = () => {};
  private fail: (error: Error) => void = () => {};
  private failed: Error | null = null;

  constructor() {
    this.worker = new Worker(
      IS_ONE_FILE
        ? "./core/training/folds/fold-worker.ts"
        : new URL("./fold-worker.ts", import.meta.url).href,
    );
    this.worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.hear(data);
    this.worker.onerror = ({ message }) => {
      this.failed = new Error(`A training thread failed: ${message}`);
      this.fail(this.failed);
    };
  }

  open(message: ToThread): void {
    this.worker.postMessage(message);
  }

  run(
    job: NonNullable<ReturnType<WorkerPoolTask["job"]>>,
    onRound: WorkerPoolTask["onRound"],
  ): Promise<FoldDone | null> {
    return new Promise((resolve, reject) => {
      if (this.failed) return reject(this.failed);
      this.fail = reject;
      this.hear = (message) => {
        if (message.kind === "round") onRound(message.report);
        else if (message.kind === "failed") reject(new Error(message.reason));
        else resolve(message.done);
      };
      this.worker.postMessage({ kind: "job", job } satisfies ToThread);
    });
  }

  close(): void {
    this.worker.terminate();
  }
}

/** The same plain data with every typed array in shared memory. */
export function share<T>(value: T): T {
  return shareAny(value) as T;
}

function shareAny(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return shareArray(value as Float64Array);
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [key, shareAny(entry)]));
  if (Array.isArray(value)) return typeof value[0] === "string" ? value : value.map(shareAny);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shareAny(entry)]));
}

function shareArray(array: Float64Array): unknown {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const Kind = array.constructor as Float64ArrayConstructor;
  const shared = new Kind(new SharedArrayBuffer(array.byteLength) as unknown as ArrayBuffer);
  shared.set(array);
  return shared;
}
