/** The last numbers that PostgreSQL used: the number of a deleted row stays used. */
import { largestNumbers } from "../copying/copy-tables.ts";
import { COUNTED, type Counted, type LastNumbers } from "../copying/tables.ts";
import type { Handle } from "../database.ts";
import { lastSeq } from "../log.ts";

const sequenceOf = (table: Counted) => `pg_get_serial_sequence('${table}', '${COUNTED[table]}')`;
const SEQUENCES = (Object.keys(COUNTED) as Counted[]).filter((table) => table !== "events");

export async function lastNumbers(store: Handle): Promise<LastNumbers> {
  const largest = await largestNumbers(store);
  largest.events = await lastSeq(store);
  for (const table of SEQUENCES) {
    const given = await store.get<{ n: number | null }>(
      `SELECT pg_sequence_last_value(${sequenceOf(table)}::regclass) AS n`,
    );
    largest[table] = Math.max(largest[table], given?.n ?? 0);
  }
  return largest;
}

export async function setLastNumbers(tx: Handle, numbers: LastNumbers): Promise<void> {
  await tx.run("UPDATE log_head SET seq = $seq", { seq: numbers.events });
  for (const table of SEQUENCES)
    await tx.all(
      `SELECT setval(${sequenceOf(table)}, greatest(${numbers[table]}, 1), ${numbers[table] > 0})`,
    );
}
