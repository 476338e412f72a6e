/** Trains as the product's child process does, and reports at the end each piece's expected and actual duration. */
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
