/** Trains in a child process: options and dataset in, batches of reports while it works, result out. */
import { openTable } from "../csv/formats/open-table.ts";
import { serveParent } from "../platform/child.ts";
import { ReportPacer } from "./report-pacer.ts";
import { type RunInput, runStages } from "./run.ts";

export async function runRunChild(): Promise<void> {
  await serveParent(async (raw, { report, stop }) => {
    const input = raw as RunInput;
    await ensureTable(input);
    const pacer = new ReportPacer(report);
    // Cancelling is killing the child: there is nothing in it that needs a clean end.
    const cancel = new AbortController().signal;
    try {
      // The limit is for all that a reader waits for: this process has begun by then, and read its table.
      return await runStages(input, { report: pacer.take, stop, cancel, beganAt: 0 });
    } finally {
      pacer.flush();
    }
  });
}

/** A restored backup holds files, and not the tables that were made of them. */
async function ensureTable({ dataset, file }: RunInput): Promise<void> {
  if (file && file.path !== dataset.path)
    await openTable(file.path, { choices: file.choices, out: dataset.path });
}

if (import.meta.main) await runRunChild();
