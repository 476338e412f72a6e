/** SQL of workers: who trains and reads on this database, and when each was last alive by the database's clock. */
import type { Handle } from "./database.ts";

export interface StoredWorker {
  id: string;
  host: string;
  role: string;
  version: string;
  startedAt: number;
  beatAt: number;
  /** JSON of a HostLoad. */
  load: string;
}

export interface HostLoad {
  cpuPercent: number;
  memoryPercent: number;
}

/** Records that it is alive now. */
export async function beat(
  store: Handle,
  { id, host, role, version, load }: Omit<StoredWorker, "startedAt" | "beatAt">,
): Promise<void> {
  await store.run(
    `INSERT INTO workers (id, host, role, version, started_at, beat_at, load)
     VALUES ($id, $host, $role, $version, (SELECT at FROM clock), (SELECT at FROM clock), $load)
     ON CONFLICT (id) DO UPDATE SET host = excluded.host, role = excluded.role, version = excluded.version,
       beat_at = excluded.beat_at, load = excluded.load, told_at = NULL`,
    { id, host, role, version, load },
  );
}

/** Milliseconds since 1970 by the database's own clock. */
export async function databaseTime(store: Handle): Promise<number> {
  return (await store.get<{ at: number }>("SELECT at FROM clock"))!.at;
}

/** Records a proper shutdown. */
export async function removeWorker(store: Handle, id: string): Promise<void> {
  await store.run("DELETE FROM workers WHERE id = $id", { id });
}

export async function listWorkers(store: Handle): Promise<(StoredWorker & { silentMs: number })[]> {
  return store.all(
    `SELECT id, host, role, version, started_at AS "startedAt", beat_at AS "beatAt", load,
       (SELECT at FROM clock) - beat_at AS "silentMs" FROM workers ORDER BY host, id`,
  );
}

/** Workers that have been silent for this long and that nobody has reported yet: they are marked as reported. */
export async function claimVanished(
  store: Handle,
  silentMs: number,
): Promise<Pick<StoredWorker, "id" | "host" | "role">[]> {
  return store.returning(
    `UPDATE workers SET told_at = (SELECT at FROM clock)
     WHERE told_at IS NULL AND beat_at <= (SELECT at FROM clock) - $silentMs RETURNING id, host, role`,
    { silentMs },
  );
}

/** Removes those that have been silent for longer. */
export async function forgetWorkers(store: Handle, silentMs: number): Promise<void> {
  await store.run("DELETE FROM workers WHERE beat_at < (SELECT at FROM clock) - $silentMs", { silentMs });
}

/** What each worker trains now: numbers of runs by the worker's ID. */
export async function runsByWorker(store: Handle): Promise<{ worker: string; id: string; number: number }[]> {
  return store.all(
    "SELECT worker, id, number FROM runs WHERE status = 'running' AND worker IS NOT NULL ORDER BY number",
  );
}

/** Runs of a worker that was not alive for `silentMs`, or is unknown. */
export async function orphanedRuns(store: Handle, silentMs: number): Promise<string[]> {
  const rows = await store.all<{ id: string }>(
    `SELECT id FROM runs WHERE status = 'running' AND NOT EXISTS
     (SELECT 1 FROM workers WHERE workers.id = runs.worker AND beat_at > (SELECT at FROM clock) - $silentMs)
     ORDER BY number`,
    { silentMs },
  );
  return rows.map(({ id }) => id);
}

/** As `orphanedRuns`, for files that were being read. */
export async function orphanedReadings(store: Handle, silentMs: number): Promise<string[]> {
  const rows = await store.all<{ id: string }>(
    `SELECT id FROM datasets WHERE status = 'reading' AND NOT EXISTS
     (SELECT 1 FROM workers WHERE workers.id = datasets.worker AND beat_at > (SELECT at FROM clock) - $silentMs)
     ORDER BY position`,
    { silentMs },
  );
  return rows.map(({ id }) => id);
}

/** Files that wait for any worker to read them. */
export async function unclaimedReadings(store: Handle): Promise<string[]> {
  const rows = await store.all<{ id: string }>(
    "SELECT id FROM datasets WHERE status = 'reading' AND worker IS NULL ORDER BY position",
  );
  return rows.map(({ id }) => id);
}

/** Files whose reading this worker has claimed. */
export async function claimedReadings(store: Handle, worker: string): Promise<string[]> {
  const rows = await store.all<{ id: string }>(
    "SELECT id FROM datasets WHERE status = 'reading' AND worker = $worker ORDER BY position",
    { worker },
  );
  return rows.map(({ id }) => id);
}

/**
 * Whether this worker still has the reading of the file. Exact in a transaction, because transactions are serialised.
 */
export async function holdsReading(
  store: Handle,
  { id, worker }: { id: string; worker: string },
): Promise<boolean> {
  const held = await store.get(
    "SELECT 1 FROM datasets WHERE id = $id AND status = 'reading' AND worker = $worker",
    {
      id,
      worker,
    },
  );
  return held !== null;
}

/** Takes over the reading of a file; false: somebody else has it by now. */
export async function claimReading(
  store: Handle,
  { id, worker, silentMs }: { id: string; worker: string; silentMs: number },
): Promise<boolean> {
  const taken = await store.run(
    `UPDATE datasets SET worker = $worker WHERE id = $id AND status = 'reading' AND NOT EXISTS
     (SELECT 1 FROM workers WHERE workers.id = datasets.worker AND workers.id <> $worker
      AND beat_at > (SELECT at FROM clock) - $silentMs)`,
    { id, worker, silentMs },
  );
  return taken > 0;
}
