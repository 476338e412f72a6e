/** SQL of sessions: browsers that signed in with a token. */
import type { Store } from "./database.ts";

export interface StoredSession {
  hash: string;
  tokenHash: string;
  createdAt: number;
  expiresAt: number;
}

export function findSession(store: Store, hash: string): StoredSession | null {
  return store.get<StoredSession>(
    `SELECT hash, token_hash AS tokenHash, created_at AS createdAt, expires_at AS expiresAt
     FROM sessions WHERE hash = $hash`,
    { hash },
  );
}

/** Adds it, drops those that have expired, and keeps the newest `keep`. */
export function insertSession(store: Store, session: StoredSession, keep: number): void {
  const { hash, tokenHash, createdAt, expiresAt } = session;
  store.transaction(() => {
    store.run("INSERT INTO sessions VALUES ($hash, $tokenHash, $createdAt, $expiresAt)", {
      hash,
      tokenHash,
      createdAt,
      expiresAt,
    });
    store.run(
      `DELETE FROM sessions WHERE expires_at <= $createdAt OR hash IN
       (SELECT hash FROM sessions ORDER BY created_at DESC LIMIT -1 OFFSET $keep)`,
      { createdAt, keep },
    );
  });
}

export function deleteSession(store: Store, hash: string): void {
  store.run("DELETE FROM sessions WHERE hash = $hash", { hash });
}
