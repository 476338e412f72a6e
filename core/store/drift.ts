/** SQL of drift: by version and day, how many rows fell into each bin of the training data. */
import type { Handle } from "./database.ts";

/** `change` gets the day's counts so far, null on its first row. */
export async function updateDriftDay<Counts>(
  store: Handle,
  at: { versionId: number; day: number },
  change: (counts: Counts | null) => Counts,
): Promise<void> {
  const row = await store.get<{ counts: string }>(
    "SELECT counts FROM drift_days WHERE version_id = $versionId AND day = $day",
    at,
  );
  const counts = JSON.stringify(change(row && (JSON.parse(row.counts) as Counts)));
  await store.run(
    `INSERT INTO drift_days (version_id, day, counts) VALUES ($versionId, $day, $counts)
     ON CONFLICT (version_id, day) DO UPDATE SET counts = excluded.counts`,
    { ...at, counts },
  );
}

/** Newest first, from `day` on. */
export async function driftDays<Counts>(
  store: Handle,
  { versionId, day }: { versionId: number; day: number },
): Promise<{ day: number; counts: Counts }[]> {
  return (
    await store.all<{ day: number; counts: string }>(
      "SELECT day, counts FROM drift_days WHERE version_id = $versionId AND day >= $day ORDER BY day DESC",
      { versionId, day },
    )
  ).map((row) => ({ day: row.day, counts: JSON.parse(row.counts) as Counts }));
}

export async function deleteDriftDays(store: Handle, versionId: number): Promise<void> {
  await store.run("DELETE FROM drift_days WHERE version_id = $versionId", { versionId });
}

export async function trimDriftDays(store: Handle, before: number): Promise<void> {
  await store.run("DELETE FROM drift_days WHERE day < $before", { before });
}
