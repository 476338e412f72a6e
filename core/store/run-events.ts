/** SQL of a run's own record: every event that named it, kept as long as the run. */
import type { Handle } from "./database.ts";
import type { EventRow } from "./log.ts";

export async function insertRunEvent(store: Handle, event: EventRow & { runId: string }): Promise<void> {
  await store.run(
    "INSERT INTO run_events (run_id, seq, type, at, data) VALUES ($runId, $seq, $type, $at, $data)",
    {
      ...event,
    },
  );
}

/** All of a run's events, oldest first. */
export async function runEvents(store: Handle, runId: string): Promise<EventRow[]> {
  return store.all("SELECT seq, type, at, data FROM run_events WHERE run_id = $runId ORDER BY seq", {
    runId,
  });
}

/** The candidate that reported rounds last; null if none has since the last start. */
export async function latestTrained(store: Handle, runId: string): Promise<string | null> {
  const row = await store.get<{ candidate: string }>(
    `SELECT data ->> 'candidate' AS candidate FROM run_events
     WHERE run_id = $runId AND type = 'round.finished' ORDER BY seq DESC LIMIT 1`,
    { runId },
  );
  return row?.candidate ?? null;
}
