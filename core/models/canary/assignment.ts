/**
 * Decides which rows a canary answers. By a hash, so that every server decides alike and the same client stays with the
 * same version; who has it at a share has it at a larger one too. It keeps nothing.
 */
import type { Canary } from "../../store/canaries.ts";

/** A row by column name. */
export interface RowCells {
  get(name: string): unknown;
  entries(): Iterable<[string, unknown]>;
}

const HASHES = 2 ** 32;

/** Does the canary answer what has this key? */
export function isAssigned({ name, version, share }: Canary, key: string): boolean {
  return (Bun.hash.xxHash32(`${name}\n${version}\n${key}`) / HASHES) * 100 < share;
}

/** Of one request: does the canary answer this row? A row without the column, and a request without the header, go by the row. */
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
