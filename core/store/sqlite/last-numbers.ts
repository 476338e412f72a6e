/** The last numbers that SQLite used: the number of a deleted row stays used. */
import { largestNumbers } from "../copying/copy-tables.ts";
import type { Counted, LastNumbers } from "../copying/tables.ts";
import type { Handle } from "../database.ts";

export async function lastNumbers(store: Handle): Promise<LastNumbers> {
  const largest = await largestNumbers(store);
  const given = await store.all<{ name: Counted; seq: number }>("SELECT name, seq FROM sqlite_sequence");
  for (const { name, seq } of given) largest[name] = Math.max(largest[name] ?? 0, seq);
  return largest;
}

/** Of the columns that count up beyond what was deleted; the others go by their largest number. */
export async function setLastNumbers(tx: Handle, numbers: LastNumbers): Promise<void> {
  for (const [name, seq] of Object.entries(numbers)) {
    const isKept = await tx.get(
      "SELECT 1 FROM sqlite_master WHERE name = $name AND sql LIKE '%AUTOINCREMENT%'",
      { name },
    );
    if (!isKept) continue;
    if (!(await tx.run("UPDATE sqlite_sequence SET seq = $seq WHERE name = $name", { name, seq })))
      await tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES ($name, $seq)", { name, seq });
  }
}
