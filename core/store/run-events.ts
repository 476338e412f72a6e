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

/** The candidate whose rounds were told last; null where none has told any since the last start. */
export function latestTrained(store: Store, runId: string): string | null {
  const row = store.get<{ candidate: string }>(
    `SELECT json_extract(data, '$.candidate') AS candidate FROM run_events
     WHERE run_id = $runId AND type = 'round.finished' ORDER BY seq DESC LIMIT 1`,
    { runId },
  );
  return row?.candidate ?? null;
}
