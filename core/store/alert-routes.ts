/** SQL of alert routes: where alerts go, and how far each has been served. */
import type { Handle } from "./database.ts";

export interface StoredAlertRoute {
  id: string;
  name: string;
  /** JSON of what is no secret. */
  spec: string;
  /** Sealed: the address. */
  target: string;
  /** What of the address may be seen. */
  shown: string;
  isEnabled: number;
  cursor: number;
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

const COLUMNS = `id, name, spec, target, shown, is_enabled AS "isEnabled", cursor, delivered, given_up AS "givenUp",
  attempts, last_error AS "lastError", digest_at AS "digestAt", figures, figures_at AS "figuresAt", created_at AS "createdAt"`;

export async function listAlertRoutes(store: Handle): Promise<StoredAlertRoute[]> {
  return store.all<StoredAlertRoute>(`SELECT ${COLUMNS} FROM alert_routes ORDER BY created_at, id`);
}

export async function findAlertRoute(store: Handle, id: string): Promise<StoredAlertRoute | null> {
  return store.get<StoredAlertRoute>(`SELECT ${COLUMNS} FROM alert_routes WHERE id = $id`, { id });
}

export async function insertAlertRoute(store: Handle, route: StoredAlertRoute): Promise<void> {
  await store.run(
    `INSERT INTO alert_routes (id, name, spec, target, shown, is_enabled, cursor, delivered, given_up, attempts,
       last_error, digest_at, figures, figures_at, created_at)
     VALUES ($id, $name, $spec, $target, $shown, $isEnabled, $cursor, $delivered, $givenUp, $attempts, $lastError,
       $digestAt, $figures, $figuresAt, $createdAt)`,
    { ...route },
  );
}

export async function changeAlertRoute(
  store: Handle,
  route: Pick<
    StoredAlertRoute,
    "id" | "name" | "spec" | "target" | "shown" | "isEnabled" | "digestAt" | "cursor"
  >,
): Promise<void> {
  const { id, name, spec, target, shown, isEnabled, digestAt, cursor } = route;
  await store.run(
    `UPDATE alert_routes SET name = $name, spec = $spec, target = $target, shown = $shown, is_enabled = $isEnabled,
       digest_at = $digestAt, cursor = $cursor, attempts = 0, last_error = NULL WHERE id = $id`,
    { id, name, spec, target, shown, isEnabled, digestAt, cursor },
  );
}

export async function sealAlertRoute(
  store: Handle,
  { id, target }: { id: string; target: string },
): Promise<void> {
  await store.run("UPDATE alert_routes SET target = $target WHERE id = $id", { id, target });
}

export async function saveRouteProgress(
  store: Handle,
  route: Pick<StoredAlertRoute, "id" | "cursor" | "delivered" | "givenUp" | "attempts" | "lastError">,
): Promise<void> {
  const { id, cursor, delivered, givenUp, attempts, lastError } = route;
  await store.run(
    `UPDATE alert_routes SET cursor = $cursor, delivered = $delivered, given_up = $givenUp, attempts = $attempts,
       last_error = $lastError WHERE id = $id`,
    { id, cursor, delivered, givenUp, attempts, lastError },
  );
}

/** False: another host sends this digest. */
export async function claimDigest(
  store: Handle,
  { id, dueAt, nextAt }: { id: string; dueAt: number; nextAt: number },
): Promise<boolean> {
  const claimed = await store.run(
    "UPDATE alert_routes SET digest_at = $nextAt WHERE id = $id AND digest_at = $dueAt AND is_enabled = 1",
    { id, dueAt, nextAt },
  );
  return claimed > 0;
}

/** `retryAt`: it failed and is tried again then. */
export async function endDigest(
  store: Handle,
  end: { id: string; figures: string; at: number; error: string | null; retryAt: number | null },
): Promise<void> {
  const { id, figures, at, error, retryAt } = end;
  if (error === null) {
    await store.run(
      `UPDATE alert_routes SET figures = $figures, figures_at = $at, delivered = delivered + 1, attempts = 0,
         last_error = NULL WHERE id = $id`,
      { id, figures, at },
    );
    return;
  }
  await store.run(
    `UPDATE alert_routes SET last_error = $error, digest_at = coalesce($retryAt, digest_at),
       attempts = CASE WHEN $retryAt IS NULL THEN 0 ELSE attempts + 1 END,
       given_up = given_up + CASE WHEN $retryAt IS NULL THEN 1 ELSE 0 END WHERE id = $id`,
    { id, error, retryAt },
  );
}

export async function deleteAlertRoute(store: Handle, id: string): Promise<boolean> {
  return (await store.run("DELETE FROM alert_routes WHERE id = $id", { id })) > 0;
}
