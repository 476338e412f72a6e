/** SQL of sign-ins: browsers of people whom an OpenID Connect provider identified. */
import type { Handle } from "./database.ts";

export interface StoredSignIn {
  /** Of the cookie. */
  hash: string;
  issuer: string;
  /** Who it is at that issuer, for good. */
  subject: string;
  /** The session at the provider; null if it names none. */
  sid: string | null;
  /** As people read it. */
  name: string;
  groups: string[];
  createdAt: number;
  expiresAt: number;
}

const COLUMNS = `hash, issuer, subject, sid, name, member_of AS "groups", created_at AS "createdAt", expires_at AS "expiresAt"`;
type Row = Omit<StoredSignIn, "groups"> & { groups: string };
const readRow = (row: Row): StoredSignIn => ({ ...row, groups: JSON.parse(row.groups) as string[] });

export async function findSignIn(store: Handle, hash: string): Promise<StoredSignIn | null> {
  const row = await store.get<Row>(`SELECT ${COLUMNS} FROM sign_ins WHERE hash = $hash`, { hash });
  return row && readRow(row);
}

/** Those that have not expired at `now`. */
export async function listSignIns(store: Handle, now: number): Promise<StoredSignIn[]> {
  const rows = await store.all<Row>(`SELECT ${COLUMNS} FROM sign_ins WHERE expires_at > $now`, { now });
  return rows.map(readRow);
}

/** Adds it, drops those that have expired, and keeps the newest `keep`. */
export async function insertSignIn(store: Handle, signIn: StoredSignIn, keep: number): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.run(
      `INSERT INTO sign_ins (hash, issuer, subject, sid, name, member_of, created_at, expires_at)
       VALUES ($hash, $issuer, $subject, $sid, $name, $groups, $createdAt, $expiresAt)`,
      { ...signIn, groups: JSON.stringify(signIn.groups) },
    );
    await tx.run(
      `DELETE FROM sign_ins WHERE expires_at <= $createdAt OR hash NOT IN
       (SELECT hash FROM sign_ins ORDER BY created_at DESC LIMIT $keep)`,
      { createdAt: signIn.createdAt, keep },
    );
  });
}

/** Those of one session at the provider, or of a person; ended now. Their hashes. */
export async function deleteSignIns(
  store: Handle,
  { issuer, subject, sid }: { issuer: string; subject: string | null; sid: string | null },
): Promise<string[]> {
  const rows = await store.returning<{ hash: string }>(
    `DELETE FROM sign_ins WHERE issuer = $issuer
       AND (CAST($sid AS TEXT) IS NULL OR sid = $sid)
       AND (CAST($subject AS TEXT) IS NULL OR subject = $subject) RETURNING hash`,
    { issuer, subject, sid },
  );
  return rows.map(({ hash }) => hash);
}

export async function deleteSignIn(store: Handle, hash: string): Promise<boolean> {
  return (await store.run("DELETE FROM sign_ins WHERE hash = $hash", { hash })) > 0;
}
