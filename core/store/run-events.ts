/** SQL of a run's own record: every event that named it, kept as long as the run. */
import type { Store } from "./database.ts";
import type { EventRow } from "./log.ts";

export function insertRunEvent(store: Store, event: EventRow & { runId: string }): void {
  store.run("INSERT INTO run_events (run_id, seq, type, at, data) VALUES ($runId, $seq, $type, $at, $data)", {
    ...event,
  });
}

/** All of a run's events, oldest first. */
export function runEvents(store: Store, runId: string): EventRow[] {
  return store.all("SELECT seq, type, at, data FROM run_events WHERE run_id = $runId ORDER BY seq", {
    runId,
  });
}
