/** SQL of access tokens: their hashes, never the tokens. */
import type { Handle } from "./database.ts";

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

const COLUMNS = `id, hash, name, scopes, created_by AS "createdBy", created_at AS "createdAt", last_used_at AS "lastUsedAt",
  expires_at AS "expiresAt"`;

type Row = Omit<StoredToken, "scopes"> & { scopes: string };
const readRow = (row: Row): StoredToken => ({ ...row, scopes: JSON.parse(row.scopes) as string[] });

/** Newest first. */
export async function listTokens(store: Handle): Promise<StoredToken[]> {
  return (await store.all<Row>(`SELECT ${COLUMNS} FROM tokens ORDER BY created_at DESC, id`)).map(readRow);
}

/** Also one that has expired. */
export async function findTokenByHash(store: Handle, hash: string): Promise<StoredToken | null> {
  const row = await store.get<Row>(`SELECT ${COLUMNS} FROM tokens WHERE hash = $hash`, { hash });
  return row && readRow(row);
}

export async function countTokens(store: Handle): Promise<number> {
  return (await store.get<{ count: number }>("SELECT count(*) AS count FROM tokens"))!.count;
}

export async function insertToken(store: Handle, token: StoredToken): Promise<void> {
  await store.run(
    `INSERT INTO tokens (id, hash, name, scopes, created_by, created_at, last_used_at, expires_at)
     VALUES ($id, $hash, $name, $scopes, $createdBy, $createdAt, $lastUsedAt, $expiresAt)`,
    { ...token, scopes: JSON.stringify(token.scopes) },
  );
}

export async function touchToken(store: Handle, id: string, at: number): Promise<void> {
  await store.run("UPDATE tokens SET last_used_at = $at WHERE id = $id", { id, at });
}

/** The token and every browser session that used it; false if it does not exist. */
export async function deleteToken(store: Handle, id: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    await tx.run("DELETE FROM sessions WHERE token_hash = (SELECT hash FROM tokens WHERE id = $id)", { id });
    return (await tx.run("DELETE FROM tokens WHERE id = $id", { id })) > 0;
  });
}
