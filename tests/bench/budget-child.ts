/** Trains as the product's child does, and says at the end what each piece of the run was expected to take and took. */
import { serveParent } from "../../core/platform/child.ts";
import { ReportPacer } from "../../core/training/report-pacer.ts";
import { type RunInput, runStages } from "../../core/training/run.ts";

await serveParent(async (input, { report, stop }) => {
  const pacer = new ReportPacer(report);
  const cancel = new AbortController().signal;
  try {
    return await runStages(input as RunInput, {
      ...{ report: pacer.take, stop, cancel, beganAt: 0 },
      onAccount: (account) => report({ account, elapsedMs: performance.now() }),
    });
  } finally {
    pacer.flush();
  }
});
