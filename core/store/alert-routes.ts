/** SQL of alert routes: where alerts are sent, and how far each route has come. */
import type { Handle } from "./database.ts";

export interface StoredAlertRoute {
  id: string;
  name: string;
  /** JSON of the settings that are not secret. */
  spec: string;
  /** Encrypted: the address. */
  target: string;
  /** The part of the address that may be shown. */
  shown: string;
  isEnabled: number;
  cursor: number;
  /** For errors that quiet hours do not hold back. */
  urgentCursor: number;
  delivered: number;
  givenUp: number;
  attempts: number;
  lastError: string | null;
  /** When its next digest is due; null: it sends none. */
  digestAt: number | null;
  /** JSON: the figures of the last digest. */
  figures: string | null;
  /** When the last digest was made. */
  figuresAt: number | null;
  createdAt: number;
}

const COLUMNS = `id, name, spec, target, shown, is_enabled AS "isEnabled", cursor,
  urgent_cursor AS "urgentCursor", delivered, given_up AS "givenUp",
  attempts, last_error AS "lastError", digest_at AS "digestAt", figures, figures_at AS "figuresAt", created_at AS "createdAt"`;

export async function listAlertRoutes(store: Handle): Promise<StoredAlertRoute[]> {
  return store.all<StoredAlertRoute>(`SELECT ${COLUMNS} FROM alert_routes ORDER BY created_at, id`);
}

export async function findAlertRoute(store: Handle, id: string): Promise<StoredAlertRoute | null> {
  return store.get<StoredAlertRoute>(`SELECT ${COLUMNS} FROM alert_routes WHERE id = $id`, { id });
}

export async function insertAlertRoute(store: Handle, route: StoredAlertRoute): Promise<void> {
  await store.run(
    `INSERT INTO alert_routes (id, name, spec, target, shown, is_enabled, cursor, urgent_cursor, delivered, given_up,
       attempts, last_error, digest_at, figures, figures_at, created_at)
     VALUES ($id, $name, $spec, $target, $shown, $isEnabled, $cursor, $urgentCursor, $delivered, $givenUp, $attempts,
       $lastError, $digestAt, $figures, $figuresAt, $createdAt)`,
    { ...route },
  );
}

export async function changeAlertRoute(
  store: Handle,
  route: Pick<
    StoredAlertRoute,
    "id" | "name" | "spec" | "target" | "shown" | "isEnabled" | "digestAt" | "cursor" | "urgentCursor"
  >,
): Promise<void> {
  const { id, name, spec, target, shown, isEnabled, digestAt, cursor, urgentCursor } = route;
  await store.run(
    `UPDATE alert_routes SET name = $name, spec = $spec, target = $target, shown = $shown, is_enabled = $isEnabled,
       digest_at = $digestAt, cursor = $cursor, urgent_cursor = $urgentCursor, attempts = 0, last_error = NULL
     WHERE id = $id`,
    { id, name, spec, target, shown, isEnabled, digestAt, cursor, urgentCursor },
  );
}

export async function sealAlertRoute(
  store: Handle,
  { id, target }: { id: string; target: string },
): Promise<void> {
  await store.run("UPDATE alert_routes SET target = $target WHERE id = $id", { id, target });
}

/** How far one of a route's two lanes has come, and its additions to the counts since it was read. */
export interface RouteProgress {
  id: string;
  isUrgent: boolean;
  cursor: number;
  delivered: number;
  givenUp: number;
  attempts: number;
  lastError: string | null;
}

export async function saveRouteProgress(store: Handle, progress: RouteProgress): Promise<void> {
  const { id, isUrgent, cursor, delivered, givenUp, attempts, lastError } = progress;
  await store.run(
    `UPDATE alert_routes SET ${isUrgent ? "urgent_cursor" : "cursor"} = $cursor, delivered = delivered + $delivered,
       given_up = given_up + $givenUp, attempts = $attempts, last_error = $lastError WHERE id = $id`,
    { id, cursor, delivered, givenUp, attempts, lastError },
  );
}

/** Until then nobody else sends this digest; it is due again then if this host dies. False: another host sends it. */
export async function claimDigest(
  store: Handle,
  { id, dueAt, until }: { id: string; dueAt: number; until: number },
): Promise<boolean> {
  const claimed = await store.run(
    "UPDATE alert_routes SET digest_at = $until WHERE id = $id AND digest_at = $dueAt AND is_enabled = 1",
    { id, dueAt, until },
  );
  return claimed > 0;
}

/** It was sent; the next one is due at `nextAt`. */
export async function endDigest(
  store: Handle,
  { id, figures, at, nextAt }: { id: string; figures: string; at: number; nextAt: number },
): Promise<void> {
  await store.run(
    `UPDATE alert_routes SET figures = $figures, figures_at = $at, digest_at = $nextAt, delivered = delivered + 1,
       attempts = 0, last_error = NULL WHERE id = $id`,
    { id, figures, at, nextAt },
  );
}

/** It was not accepted: it is retried at `nextAt`, or given up until the next one. */
export async function failDigest(
  store: Handle,
  { id, error, nextAt, isGivenUp }: { id: string; error: string; nextAt: number; isGivenUp: boolean },
): Promise<void> {
  await store.run(
    `UPDATE alert_routes SET last_error = $error, digest_at = $nextAt,
       attempts = CASE WHEN $lost = 1 THEN 0 ELSE attempts + 1 END, given_up = given_up + $lost WHERE id = $id`,
    { id, error, nextAt, lost: isGivenUp ? 1 : 0 },
  );
}

export async function deleteAlertRoute(store: Handle, id: string): Promise<boolean> {
  return (await store.run("DELETE FROM alert_routes WHERE id = $id", { id })) > 0;
}
