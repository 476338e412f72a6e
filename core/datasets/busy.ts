/** Keeps a dataset from being deleted while a run learns from it. */
import { AppError } from "../platform/errors.ts";
import type { Handle } from "../store/database.ts";
import { runsOfDataset } from "../store/runs.ts";

/** Throws AppError `conflict` if a run is queued or active. */
export async function refuseBusy(store: Handle, { id, name }: { id: string; name: string }): Promise<void> {
  const runs = await runsOfDataset(store, id);
  const busy = runs.find(({ status }) => status === "queued" || status === "running");
  if (busy) {
    throw new AppError("conflict", `Run ${busy.number} is training on ${name}`, {
      fix: "Cancel the run, or wait until it ends.",
    });
  }
}
