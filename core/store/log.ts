/** SQL of the event log. */
import type { Handle } from "./database.ts";

export interface EventRow {
  seq: number;
  type: string;
  at: number;
  data: string;
}

/** In a transaction. Returns its number. `activity`: 1 if it has a row in the activity feed. */
export async function insertEvent(
  tx: Handle,
  event: { type: string; at: number; data: string; activity: 0 | 1 },
): Promise<number> {
  // One row is read in half the time that a list of one takes in SQLite.
  const row = await tx.get<{ seq: number }>(
    "INSERT INTO events (type, at, data, activity) VALUES ($type, $at, $data, $activity) RETURNING seq",
    event,
  );
  return row!.seq;
}

/** Rows with seq > since, oldest first; every type where `type` is null. */
export async function eventsAfter(
  store: Handle,
  range: { since: number; limit: number; type: string | null },
): Promise<EventRow[]> {
  return store.all<EventRow>(
    `SELECT seq, type, at, data FROM events
     WHERE seq > $since AND (CAST($type AS TEXT) IS NULL OR type = $type) ORDER BY seq LIMIT $limit`,
    range,
  );
}

/** Rows that belong in the activity feed with seq < before, newest first. */
export async function activityBefore(
  store: Handle,
  range: { before: number; limit: number },
): Promise<EventRow[]> {
  return store.all<EventRow>(
    `SELECT seq, type, at, data FROM events WHERE activity = 1 AND seq < $before ORDER BY seq DESC LIMIT $limit`,
    range,
  );
}

/** The newest rows of one type that belongs in the activity feed, newest first. */
export async function latestActivity(
  store: Handle,
  wanted: { type: string; limit: number },
): Promise<EventRow[]> {
  return store.all<EventRow>(
    "SELECT seq, type, at, data FROM events WHERE activity = 1 AND type = $type ORDER BY seq DESC LIMIT $limit",
    wanted,
  );
}

/** How many events of each type happened since then, of those still in the log. */
export async function eventCounts(
  store: Handle,
  { types, since }: { types: readonly string[]; since: number },
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const type of types) {
    const row = await store.get<{ n: number }>(
      "SELECT count(*) AS n FROM events WHERE type = $type AND at > $since",
      { type, since },
    );
    counts[type] = row?.n ?? 0;
  }
  return counts;
}

/** The first seq still in the log and the last one ever used. */
async function logBounds(store: Handle): Promise<{ first: number; last: number }> {
  const last = await lastSeq(store);
  return { first: (await firstSeq(store)) ?? last + 1, last };
}

/** The last number ever used. */
export async function lastSeq(store: Handle): Promise<number> {
  return (await store.get<{ seq: number }>("SELECT seq FROM log_head"))!.seq;
}

/** Of the events that are still in the log; null if it is empty. */
export async function firstSeq(store: Handle): Promise<number | null> {
  return (await store.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM events"))?.seq ?? null;
}

/**
 * Drops at most `limit` of the oldest rows: those older than `before`, and all but the newest `keep`. Only from the
 * front, even if the clock was changed: a reader that continues from its position never meets a gap.
 */
export async function trimEvents(
  store: Handle,
  bound: { before: number; keep: number; limit: number },
): Promise<number> {
  const { first, last } = await logBounds(store);
  const young = (
    await store.get<{ seq: number }>(
      "SELECT seq FROM events WHERE at >= $before AND seq < $end ORDER BY seq LIMIT 1",
      { before: bound.before, end: first + bound.limit },
    )
  )?.seq;
  const end = Math.max(young ?? first + bound.limit, Math.min(last + 1 - bound.keep, first + bound.limit));
  return store.run("DELETE FROM events WHERE seq < $end", { end });
}
