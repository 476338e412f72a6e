/**
 * Measures how many events a second the log stores in batches, and how fast it reads them back, a thousand at a
 * time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../core/events/event-log.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";

const BATCH = 1000;

export async function run(args: string[]): Promise<void> {
  const events = Number(args[0] ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), "signalbox-log-"));
  const store = await openSqlite(folder);
  const log = await EventLog.open(store, Date.now);
  const append = await seconds(async () => {
    for (let done = 0; done < events; done += BATCH) {
      await log.record(async (tx) => {
        for (let i = 0; i < BATCH; i++)
          await tx.append("metrics.sampled", { values: { cpu: i, memory: done } });
      });
    }
  });
  let read = 0;
  const replay = await seconds(async () => {
    for (let cursor = 0; ; ) {
      const entries = await log.entries(cursor, BATCH);
      if (!entries.length) break;
      cursor = entries.at(-1)!.seq;
      read += entries.length;
    }
  });
  await store.close();
  rmSync(folder, { recursive: true });
  console.log(`append in batches of ${BATCH}: ${Math.round(events / append).toLocaleString("en")} events/s`);
  console.log(`replay of ${read.toLocaleString("en")}: ${replay.toFixed(2)} s`);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}
