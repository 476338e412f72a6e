/** SQL of responses that are stored for repeated requests. */
import type { Handle } from "./database.ts";

export interface StoredResponse {
  /** A hash of the user and the key that they chose. */
  key: string;
  /** A hash of the request. */
  fingerprint: string;
  status: number;
  headers: [string, string][];
  /** Null: too large, contains a secret, or its data was deleted. */
  body: string | null;
  at: number;
}

/** Null if there is none newer than `after`. */
export async function findAnswer(store: Handle, key: string, after: number): Promise<StoredResponse | null> {
  const row = await store.get<Omit<StoredResponse, "headers"> & { headers: string }>(
    "SELECT key, fingerprint, status, headers, body, at FROM answers WHERE key = $key AND at > $after",
    { key, after },
  );
  return row && { ...row, headers: JSON.parse(row.headers) as [string, string][] };
}

/** Claims a key before its request is executed; false: it is taken. A key older than `after` is free. */
export async function claimAnswer(store: Handle, claim: StoredResponse, after: number): Promise<boolean> {
  const { key, fingerprint, status, at } = claim;
  const claimed = await store.run(
    `INSERT INTO answers (key, fingerprint, status, headers, body, at)
     VALUES ($key, $fingerprint, $status, '[]', NULL, $at)
     ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE answers.status = 0 AND answers.at <= $after`,
    { key, fingerprint, status, at, after },
  );
  return claimed > 0;
}

/** Nothing was done under it. */
export async function releaseAnswer(store: Handle, key: string): Promise<void> {
  await store.run("DELETE FROM answers WHERE key = $key AND status = 0", { key });
}

/** Stores it, and drops what is older than `after`, beyond the newest `count`, or beyond `bytes` in total. */
export async function keepAnswer(
  store: Handle,
  answer: StoredResponse,
  bounds: { after: number; count: number; bytes: number },
): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.run("DELETE FROM answers WHERE key = $key", { key: answer.key });
    await tx.run(
      `INSERT INTO answers (key, fingerprint, status, headers, body, at)
       VALUES ($key, $fingerprint, $status, $headers, $body, $at)`,
      { ...answer, headers: JSON.stringify(answer.headers) },
    );
    await tx.run(
      `DELETE FROM answers WHERE at <= $after OR key IN (
         SELECT key FROM (
           SELECT key, row_number() OVER newest AS place, sum(length(body)) OVER newest AS total
           FROM answers WINDOW newest AS (ORDER BY at DESC, key ROWS UNBOUNDED PRECEDING)
         ) AS kept WHERE place > $count OR total > $bytes)`,
      bounds,
    );
  });
}

/** Deleted data must not survive in a response: the keys stay, so that nothing is done twice. */
export async function forgetAnswers(store: Handle): Promise<void> {
  await store.run("UPDATE answers SET body = NULL WHERE body IS NOT NULL");
}
