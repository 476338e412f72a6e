/** SQL of sessions: browsers that signed in with a token. */
import type { Handle } from "./database.ts";

export interface StoredSession {
  hash: string;
  tokenHash: string;
  createdAt: number;
  expiresAt: number;
}

/** Also one that has expired. */
export async function findSession(store: Handle, hash: string): Promise<StoredSession | null> {
  return store.get<StoredSession>(
    `SELECT hash, token_hash AS "tokenHash", created_at AS "createdAt", expires_at AS "expiresAt"
     FROM sessions WHERE hash = $hash`,
    { hash },
  );
}

/** Those that have not expired at `now`. */
export async function listSessions(store: Handle, now: number): Promise<StoredSession[]> {
  return store.all<StoredSession>(
    `SELECT hash, token_hash AS "tokenHash", created_at AS "createdAt", expires_at AS "expiresAt"
     FROM sessions WHERE expires_at > $now`,
    { now },
  );
}

/** Adds it, drops those that have expired, and keeps the newest `keep`. */
export async function insertSession(store: Handle, session: StoredSession, keep: number): Promise<void> {
  const { hash, tokenHash, createdAt, expiresAt } = session;
  await store.transaction(async (tx) => {
    await tx.run("INSERT INTO sessions VALUES ($hash, $tokenHash, $createdAt, $expiresAt)", {
      hash,
      tokenHash,
      createdAt,
      expiresAt,
    });
    await tx.run(
      `DELETE FROM sessions WHERE expires_at <= $createdAt OR hash NOT IN
       (SELECT hash FROM sessions ORDER BY created_at DESC LIMIT $keep)`,
      { createdAt, keep },
    );
  });
}

export async function deleteSession(store: Handle, hash: string): Promise<boolean> {
  return (await store.run("DELETE FROM sessions WHERE hash = $hash", { hash })) > 0;
}
