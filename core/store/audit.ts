/** SQL of the audit: who changed what, from where, when. */
import type { Store } from "./database.ts";

export interface AuditEntry {
  id: number;
  at: number;
  who: string;
  via: string;
  /** The client's, seen through the proxies that are trusted. */
  address: string;
  /** Which route did it: "POST /api/train". */
  action: string;
  /** The path that was asked for. */
  target: string;
  /** The path of what came of it. */
  made: string | null;
  status: number;
  requestId: string;
}

export function insertAudit(store: Store, entry: Omit<AuditEntry, "id">): void {
  const { at, who, via, address, action, target, made, status, requestId } = entry;
  store.run(
    `INSERT INTO audit (at, who, via, address, action, target, made, status, request_id)
     VALUES ($at, $who, $via, $address, $action, $target, $made, $status, $requestId)`,
    { at, who, via, address, action, target, made, status, requestId },
  );
}

/** Newest first. */
export function listAudit(store: Store, { before, limit }: { before: number; limit: number }): AuditEntry[] {
  return store.all<AuditEntry>(
    `SELECT id, at, who, via, address, action, target, made, status, request_id AS requestId
     FROM audit WHERE id < $before ORDER BY id DESC LIMIT $limit`,
    { before, limit },
  );
}

/** Deletes at most `limit` of what is older than `before` or beyond the newest `keep`; says how many. */
export function trimAudit(
  store: Store,
  { before, keep, limit }: { before: number; keep: number; limit: number },
): number {
  return store.run(
    `DELETE FROM audit WHERE id IN (SELECT id FROM audit
     WHERE at < $before OR id <= (SELECT max(id) FROM audit) - $keep ORDER BY id LIMIT $limit)`,
    { before, keep, limit },
  ).changes;
}
