/** SQL of access tokens: their hashes, never the tokens. */
import type { Store } from "./database.ts";

export interface StoredToken {
  id: string;
  hash: string;
  name: string;
  scopes: string[];
  createdBy: string;
  createdAt: number;
  lastUsedAt: number | null;
  expiresAt: number | null;
}

const COLUMNS = `id, hash, name, scopes, created_by AS createdBy, created_at AS createdAt, last_used_at AS lastUsedAt,
  expires_at AS expiresAt`;

type Row = Omit<StoredToken, "scopes"> & { scopes: string };
const readRow = (row: Row): StoredToken => ({ ...row, scopes: JSON.parse(row.scopes) as string[] });

/** Newest first. */
export function listTokens(store: Store): StoredToken[] {
  return store.all<Row>(`SELECT ${COLUMNS} FROM tokens ORDER BY created_at DESC, id`).map(readRow);
}

export function findTokenByHash(store: Store, hash: string): StoredToken | null {
  const row = store.get<Row>(`SELECT ${COLUMNS} FROM tokens WHERE hash = $hash`, { hash });
  return row && readRow(row);
}

export function countTokens(store: Store): number {
  return store.get<{ count: number }>("SELECT count(*) AS count FROM tokens")!.count;
}

export function insertToken(store: Store, token: StoredToken): void {
  store.run(
    `INSERT INTO tokens (id, hash, name, scopes, created_by, created_at, last_used_at, expires_at)
     VALUES ($id, $hash, $name, $scopes, $createdBy, $createdAt, $lastUsedAt, $expiresAt)`,
    { ...token, scopes: JSON.stringify(token.scopes) },
  );
}

export function touchToken(store: Store, id: string, at: number): void {
  store.run("UPDATE tokens SET last_used_at = $at WHERE id = $id", { id, at });
}

/** The token and every browser that signed in with it; false where there is none. */
export function deleteToken(store: Store, id: string): boolean {
  return store.transaction(() => {
    store.run("DELETE FROM sessions WHERE token_hash = (SELECT hash FROM tokens WHERE id = $id)", { id });
    return store.run("DELETE FROM tokens WHERE id = $id", { id }).changes > 0;
  });
}
