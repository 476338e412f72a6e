/** SQL of the audit log: who changed what, from where, when. */
import type { Handle } from "./database.ts";

export interface AuditEntry {
  id: number;
  at: number;
  who: string;
  via: string;
  /** The client's address, through trusted proxies. */
  address: string;
  /** The route that did it: "POST /api/train". */
  action: string;
  /** The requested path. */
  target: string;
  /** The path of the result. */
  made: string | null;
  status: number;
  requestId: string;
}

export async function insertAudit(store: Handle, entry: Omit<AuditEntry, "id">): Promise<void> {
  const { at, who, via, address, action, target, made, status, requestId } = entry;
  await store.run(
    `INSERT INTO audit (at, who, via, address, action, target, made, status, request_id)
     VALUES ($at, $who, $via, $address, $action, $target, $made, $status, $requestId)`,
    { at, who, via, address, action, target, made, status, requestId },
  );
}

/** Newest first. */
export async function listAudit(
  store: Handle,
  { before, limit }: { before: number; limit: number },
): Promise<AuditEntry[]> {
  return store.all<AuditEntry>(
    `SELECT id, at, who, via, address, action, target, made, status, request_id AS "requestId"
     FROM audit WHERE id < $before ORDER BY id DESC LIMIT $limit`,
    { before, limit },
  );
}

/** Deletes at most `limit` entries that are older than `before` or beyond the newest `keep`; returns how many. */
export async function trimAudit(
  store: Handle,
  { before, keep, limit }: { before: number; keep: number; limit: number },
): Promise<number> {
  return store.run(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit
     WHERE at < $before OR id <= (SELECT max(id) FROM audit) - $keep ORDER BY id LIMIT $limit)`,
    { before, keep, limit },
  );
}
