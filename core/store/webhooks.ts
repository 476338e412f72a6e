/** SQL of webhooks: address, events, and the position of each. */
import type { Handle } from "./database.ts";

export interface StoredWebhook {
  id: string;
  url: string;
  /** Event types; empty: every type that has a sentence. */
  types: string[];
  secret: string;
  /** Every event up to here was delivered, skipped or dropped. */
  cursor: number;
  delivered: number;
  givenUp: number;
  /** Failed attempts at the next event. */
  attempts: number;
  lastError: string | null;
  createdAt: number;
}

const COLUMNS = `id, url, types, secret, cursor, delivered, given_up AS "givenUp", attempts, last_error AS "lastError",
  created_at AS "createdAt"`;

type Row = Omit<StoredWebhook, "types"> & { types: string };
const readRow = (row: Row): StoredWebhook => ({ ...row, types: JSON.parse(row.types) as string[] });

export async function listWebhooks(store: Handle): Promise<StoredWebhook[]> {
  return (await store.all<Row>(`SELECT ${COLUMNS} FROM webhooks ORDER BY created_at, id`)).map(readRow);
}

export async function findWebhook(store: Handle, id: string): Promise<StoredWebhook | null> {
  const row = await store.get<Row>(`SELECT ${COLUMNS} FROM webhooks WHERE id = $id`, { id });
  return row && readRow(row);
}

export async function insertWebhook(
  store: Handle,
  webhook: Pick<StoredWebhook, "id" | "url" | "types" | "secret" | "cursor" | "createdAt">,
): Promise<void> {
  await store.run(
    `INSERT INTO webhooks (id, url, types, secret, cursor, delivered, given_up, attempts, created_at)
     VALUES ($id, $url, $types, $secret, $cursor, 0, 0, 0, $createdAt)`,
    { ...webhook, types: JSON.stringify(webhook.types) },
  );
}

/** The address in the environment may change; delivered events stay delivered. */
export async function moveWebhook(store: Handle, { id, url, types }: StoredWebhook): Promise<void> {
  await store.run("UPDATE webhooks SET url = $url, types = $types WHERE id = $id", {
    id,
    url,
    types: JSON.stringify(types),
  });
}

export async function saveProgress(store: Handle, webhook: StoredWebhook): Promise<void> {
  const { id, cursor, delivered, givenUp, attempts, lastError } = webhook;
  await store.run(
    `UPDATE webhooks SET cursor = $cursor, delivered = $delivered, given_up = $givenUp, attempts = $attempts,
     last_error = $lastError WHERE id = $id`,
    { id, cursor, delivered, givenUp, attempts, lastError },
  );
}

export async function deleteWebhook(store: Handle, id: string): Promise<boolean> {
  return (await store.run("DELETE FROM webhooks WHERE id = $id", { id })) > 0;
}
