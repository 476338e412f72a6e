/** SQL of the event log. */
import type { Store } from "./database.ts";

export interface EventRow {
  seq: number;
  type: string;
  at: number;
  data: string;
}

export function insertEvent(
  store: Store,
  event: { type: string; at: number; data: string; activity: 0 | 1 },
): number {
  return store.run(
    "INSERT INTO events (type, at, data, activity) VALUES ($type, $at, $data, $activity)",
    event,
  ).lastInsertRowid;
}

/** Rows with seq > since, oldest first; every type where `type` is null. */
export function eventsAfter(
  store: Store,
  range: { since: number; limit: number; type: string | null },
): EventRow[] {
  return store.all<EventRow>(
    `SELECT seq, type, at, data FROM events
     WHERE seq > $since AND ($type IS NULL OR type = $type) ORDER BY seq LIMIT $limit`,
    range,
  );
}

/** Rows that belong into the activity feed with seq < before, newest first. */
export function activityBefore(store: Store, range: { before: number; limit: number }): EventRow[] {
  return store.all<EventRow>(
    `SELECT seq, type, at, data FROM events WHERE activity = 1 AND seq < $before ORDER BY seq DESC LIMIT $limit`,
    range,
  );
}

/** The newest rows of one type that belongs into the activity feed, newest first. */
export function latestActivity(store: Store, wanted: { type: string; limit: number }): EventRow[] {
  return store.all<EventRow>(
    "SELECT seq, type, at, data FROM events WHERE activity = 1 AND type = $type ORDER BY seq DESC LIMIT $limit",
    wanted,
  );
}

/** The first seq still in the log and the last one ever given out. */
export function logBounds(store: Store): { first: number; last: number } {
  const last = store.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?.seq ?? 0;
  return { first: firstSeq(store) ?? last + 1, last };
}

/** Of the events that are still in the log; null where it is empty. */
export function firstSeq(store: Store): number | null {
  return store.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM events")?.seq ?? null;
}

/**
 * Drops at most `limit` of the oldest rows: what is older than `before`, and all but the newest `keep`. Only from the
 * front, whatever the clock did in between: a reader that goes on after its position never steps over a hole.
 */
export function trimEvents(store: Store, bound: { before: number; keep: number; limit: number }): number {
  const { first, last } = logBounds(store);
  const young = store.get<{ seq: number }>(
    "SELECT seq FROM events WHERE at >= $before AND seq < $end ORDER BY seq LIMIT 1",
    { before: bound.before, end: first + bound.limit },
  )?.seq;
  const end = Math.max(young ?? first + bound.limit, Math.min(last + 1 - bound.keep, first + bound.limit));
  return store.run("DELETE FROM events WHERE seq < $end", { end }).changes;
}
