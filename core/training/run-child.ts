/** The child that trains: options and dataset in, reports while it works, result out. It knows no store and no socket. */
import { openTable } from "../csv/formats/open-table.ts";
import { serveParent } from "../platform/child.ts";
import { type RunInput, runStages } from "./run.ts";

export async function runRunChild(): Promise<void> {
  await serveParent(async (raw, { report, stop }) => {
    const input = raw as RunInput;
    await ensureTable(input);
    // Cancelling is killing the child: there is nothing in it that needs a tidy end.
    return runStages(input, { report, stop, cancel: new AbortController().signal });
  });
}

/** A restored backup holds files, and not the tables that were made of them. */
async function ensureTable({ dataset, file }: RunInput): Promise<void> {
  if (file && file.path !== dataset.path)
    await openTable(file.path, { choices: file.choices, out: dataset.path });
}

if (import.meta.main) await runRunChild();
