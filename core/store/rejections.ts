/** SQL of files that were refused recently, and why. Nothing else of them is stored. */
import type { ErrorRecord } from "../platform/errors.ts";
import type { Handle } from "./database.ts";

export interface Rejection {
  id: string;
  name: string;
  at: number;
  error: ErrorRecord;
}

type Row = Omit<Rejection, "error"> & { error: string };
const read = (row: Row | null): Rejection | null =>
  row && { ...row, error: JSON.parse(row.error) as ErrorRecord };

/** Keeps the newest `keep`. */
export async function insertRejection(store: Handle, rejection: Rejection, keep: number): Promise<void> {
  await store.run(
    `INSERT INTO rejections (id, name, at, error) VALUES ($id, $name, $at, $error)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, at = excluded.at, error = excluded.error`,
    { ...rejection, error: JSON.stringify(rejection.error) },
  );
  await store.run(
    "DELETE FROM rejections WHERE id NOT IN (SELECT id FROM rejections ORDER BY at DESC, id LIMIT $keep)",
    { keep },
  );
}

export async function findRejection(store: Handle, id: string): Promise<Rejection | null> {
  return read(await store.get<Row>("SELECT id, name, at, error FROM rejections WHERE id = $id", { id }));
}

export async function latestRejection(store: Handle): Promise<Rejection | null> {
  return read(
    await store.get<Row>("SELECT id, name, at, error FROM rejections ORDER BY at DESC, id LIMIT 1"),
  );
}

/** A file was accepted: earlier refusals of it are removed. */
export async function forgetRejections(store: Handle): Promise<void> {
  await store.run("DELETE FROM rejections");
}
