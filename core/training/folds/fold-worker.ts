/**
 * The thread that runs folds: it receives the data once, then one job after the other. It uses no file, store or
 * socket.
 */

import { type FoldJob, runFoldJob } from "../../trainer/race/fold-job.ts";
import { portfolioFor } from "../../trainer/race/portfolio.ts";
import { heldFor } from "../../trainer/race/worker-pool.ts";
import { type FromThread, SPARE, STOPPED, type ToThread } from "./fold-messages.ts";

declare const self: Worker;

let held: (ReturnType<typeof heldFor> & { control: Int32Array; epochMs: number }) | null = null;

self.onmessage = ({ data: message }: MessageEvent<ToThread>) => {
  if (message.kind === "open") {
    const { data, control, epochMs } = message;
    held = { ...heldFor(data, portfolioFor(data)), control, epochMs };
  } else void run(message.job).then(say);
};

async function run(job: FoldJob): Promise<FromThread> {
  const { data, candidateConfigs, control, epochMs } = held!;
  const is = (word: number) => Atomics.load(control, word) === 1;
  try {
    const done = await runFoldJob(data, candidateConfigs.get(job.candidateConfig)!, job, {
      elapsedMs: () => performance.timeOrigin + performance.now() - epochMs,
      isStopped: () => is(STOPPED),
      isSpare: () => is(SPARE),
      // A busy thread receives no messages, so stop and spare are flags in shared memory.
      checkpoint: () => {},
      onRound: (report) => say({ kind: "round", report }),
    });
    return { kind: "done", done };
  } catch (error) {
    return {
      kind: "failed",
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function say(message: FromThread): void {
  self.postMessage(message);
}
