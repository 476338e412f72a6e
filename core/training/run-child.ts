/** Trains in a child process: options and dataset in, batches of reports during the run, result out. */
import { openTable } from "../csv/formats/open-table.ts";
import { serveParent } from "../platform/child.ts";
import { ReportPacer } from "./report-pacer.ts";
import { type RunInput, runStages } from "./run.ts";

export async function runRunChild(): Promise<void> {
  await serveParent(async (raw, { report, stop }) => {
    const input = raw as RunInput;
    await ensureTable(input);
    const pacer = new ReportPacer(report);
    // Cancelling kills the child: nothing in it needs a clean shutdown.
    const cancel = new AbortController().signal;
    try {
      // The time limit counts from when the user started waiting: the process has already started and read its table by
      // now.
      return await runStages(input, { report: pacer.take, stop, cancel, beganAt: 0 });
    } finally {
      pacer.flush();
    }
  });
}

/** A restored backup contains files, but not the tables that were made from them. */
async function ensureTable({ dataset, file, testFile }: RunInput): Promise<void> {
  if (file && file.path !== dataset.path)
    await openTable(file.path, { choices: file.choices, out: dataset.path });
  if (testFile && dataset.test && testFile.path !== dataset.test.path)
    await openTable(testFile.path, { choices: testFile.choices, out: dataset.test.path });
}

if (import.meta.main) await runRunChild();
