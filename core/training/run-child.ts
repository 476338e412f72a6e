/** The child that trains: options and dataset in, reports while it works, result out. It knows no store and no socket. */
import { serveParent } from "../platform/child.ts";
import { type RunInput, runStages } from "./run.ts";

export async function runRunChild(): Promise<void> {
  await serveParent((input, { report, stop }) =>
    // Cancelling is killing the child: there is nothing in it that needs a tidy end.
    runStages(input as RunInput, { report, stop, cancel: new AbortController().signal }),
  );
}

if (import.meta.main) await runRunChild();
