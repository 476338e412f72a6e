/**
 * SQL of canaries: which version predicts a share of a model's traffic, and what it and the live one have done since.
 */
import type { Handle } from "./database.ts";

/** What keeps a client with one version: a column of its rows, or a header of its requests. */
export interface CanaryKey {
  kind: "column" | "header";
  name: string;
}

export interface Canary {
  name: string;
  version: number;
  /** Percent of the traffic. */
  share: number;
  /** Null: the whole row. */
  key: CanaryKey | null;
  /** Percent of its requests that may fail. */
  maxErrors: number;
  /** How many times as long as the live version it may take. */
  maxSlowdown: number;
  startedAt: number;
}

/** What a version has done since the canary began. */
export interface CanaryCounts {
  requests: number;
  predictions: number;
  errors: number;
  /** Those that were timed, and the seconds that they took. */
  timedRequests: number;
  timedPredictions: number;
  seconds: number;
}

type Row = Omit<Canary, "key"> & { keyKind: CanaryKey["kind"] | null; keyName: string | null };

const CANARY = `c.name, c.version, c.share, c.key_kind AS "keyKind", c.key_name AS "keyName",
  c.max_errors AS "maxErrors", c.max_slowdown AS "maxSlowdown", c.started_at AS "startedAt"`;
/** One whose version, or whose model's live one, is gone has ended. */
const STANDING = `FROM canaries c
  JOIN models m ON m.name = c.name AND m.deletion IS NULL AND m.live_version <> c.version
  JOIN model_versions v ON v.name = c.name AND v.version = c.version AND v.deletion IS NULL`;

const readCanary = ({ keyKind, keyName, ...row }: Row): Canary => ({
  ...row,
  key: keyKind === null || keyName === null ? null : { kind: keyKind, name: keyName },
});

export async function findCanary(store: Handle, name: string): Promise<Canary | null> {
  const row = await store.get<Row>(`SELECT ${CANARY} ${STANDING} WHERE c.name = $name`, { name });
  return row && readCanary(row);
}

export async function listCanaries(store: Handle): Promise<Canary[]> {
  return (await store.all<Row>(`SELECT ${CANARY} ${STANDING} ORDER BY c.name`)).map(readCanary);
}

/** Starts or changes it. Counts of another version, or from before this one was restarted, are dropped. */
export async function saveCanary(store: Handle, { key, ...canary }: Canary): Promise<void> {
  const { name, startedAt } = canary;
  const before = await store.get<{ startedAt: number }>(
    'SELECT started_at AS "startedAt" FROM canaries WHERE name = $name',
    { name },
  );
  if (before?.startedAt !== startedAt)
    await store.run("DELETE FROM canary_counts WHERE name = $name", { name });
  await store.run(
    `INSERT INTO canaries (name, version, share, key_kind, key_name, max_errors, max_slowdown, started_at)
     VALUES ($name, $version, $share, $keyKind, $keyName, $maxErrors, $maxSlowdown, $startedAt)
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, share = excluded.share,
       key_kind = excluded.key_kind, key_name = excluded.key_name, max_errors = excluded.max_errors,
       max_slowdown = excluded.max_slowdown, started_at = excluded.started_at`,
    { ...canary, keyKind: key?.kind ?? null, keyName: key?.name ?? null },
  );
}

export async function deleteCanary(store: Handle, name: string): Promise<void> {
  await store.run("DELETE FROM canaries WHERE name = $name", { name });
}

/** Adds: other servers count too. */
export async function addCanaryCounts(
  store: Handle,
  of: { name: string; version: number },
  counts: CanaryCounts,
): Promise<void> {
  await store.run(
    `INSERT INTO canary_counts (name, version, requests, predictions, errors, timed_requests, timed_predictions, seconds)
     VALUES ($name, $version, $requests, $predictions, $errors, $timedRequests, $timedPredictions, $seconds)
     ON CONFLICT (name, version) DO UPDATE SET requests = canary_counts.requests + excluded.requests,
       predictions = canary_counts.predictions + excluded.predictions,
       errors = canary_counts.errors + excluded.errors,
       timed_requests = canary_counts.timed_requests + excluded.timed_requests,
       timed_predictions = canary_counts.timed_predictions + excluded.timed_predictions,
       seconds = canary_counts.seconds + excluded.seconds`,
    { ...of, ...counts },
  );
}

export async function canaryCounts(store: Handle, name: string): Promise<Map<number, CanaryCounts>> {
  const rows = await store.all<CanaryCounts & { version: number }>(
    `SELECT version, requests, predictions, errors, timed_requests AS "timedRequests",
       timed_predictions AS "timedPredictions", seconds FROM canary_counts WHERE name = $name`,
    { name },
  );
  return new Map(rows.map(({ version, ...counts }) => [version, counts]));
}
