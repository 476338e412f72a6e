/**
 * Decides which rows a canary predicts. By a hash, so that every server decides alike and a client stays with one
 * version; who is in a share is in a larger one too. Stateless.
 */
import type { Canary } from "../../store/canaries.ts";

/** A row by column name. */
export interface RowCells {
  get(name: string): unknown;
  entries(): Iterable<[string, unknown]>;
}

const HASHES = 2 ** 32;

/** Whether the canary predicts rows with this key. */
export function isAssigned({ name, version, share }: Canary, key: string): boolean {
  return (Bun.hash.xxHash32(`${name}\n${version}\n${key}`) / HASHES) * 100 < share;
}

/**
 * Whether the canary predicts this row of a request. Rows without the column, and requests without the header, are
 * hashed by the whole row.
 */
export function assigner(canary: Canary, headers: Headers | null): (row: RowCells) => boolean {
  const { key } = canary;
  const sent = key?.kind === "header" ? headers?.get(key.name) : null;
  if (sent) {
    const forAll = isAssigned(canary, sent);
    return () => forAll;
  }
  return (row) => isAssigned(canary, (key?.kind === "column" && written(row.get(key.name))) || rowKey(row));
}

/** The same for 3 in JSON and "3" in a CSV. */
function written(cell: unknown): string {
  return cell === null || cell === undefined ? "" : String(cell);
}

function rowKey(row: RowCells): string {
  return [...row.entries()]
    .map(([name, cell]) => `${name}=${written(cell)}`)
    .sort()
    .join("\n");
}
