/** SQL of drift: by version and day, how many rows fell into each bin of the training data. */
import type { Store } from "./database.ts";

/** `change` gets the day's counts so far, null on its first row. */
export function updateDriftDay<Counts>(
  store: Store,
  at: { versionId: number; day: number },
  change: (counts: Counts | null) => Counts,
): void {
  const row = store.get<{ counts: string }>(
    "SELECT counts FROM drift_days WHERE version_id = $versionId AND day = $day",
    at,
  );
  const counts = JSON.stringify(change(row && (JSON.parse(row.counts) as Counts)));
  store.run(
    `INSERT INTO drift_days (version_id, day, counts) VALUES ($versionId, $day, $counts)
     ON CONFLICT DO UPDATE SET counts = excluded.counts`,
    { ...at, counts },
  );
}

/** Newest first, from `day` on. */
export function driftDays<Counts>(
  store: Store,
  { versionId, day }: { versionId: number; day: number },
): { day: number; counts: Counts }[] {
  return store
    .all<{ day: number; counts: string }>(
      "SELECT day, counts FROM drift_days WHERE version_id = $versionId AND day >= $day ORDER BY day DESC",
      { versionId, day },
    )
    .map((row) => ({ day: row.day, counts: JSON.parse(row.counts) as Counts }));
}

export function deleteDriftDays(store: Store, versionId: number): void {
  store.run("DELETE FROM drift_days WHERE version_id = $versionId", { versionId });
}

export function trimDriftDays(store: Store, before: number): void {
  store.run("DELETE FROM drift_days WHERE day < $before", { before });
}
