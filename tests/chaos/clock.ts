/** Rig 6: a clock that jumps an hour on, an hour back, ten years on. The order is by number; nothing is stuck. */
import { rmSync, writeFileSync } from "node:fs";
import { faultsOf, newLedger, travel } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const JUMPS = ["+1h", "-1h", "+3650d"];
const LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

export const CLOCK: Rig = {
  name: "clock",
  says: "the clock jumps between two journeys",
  needs: ["faketime"],
  weight: 10,
  async run(_, table) {
    await Promise.all(JUMPS.map((jump) => jumpBy(jump, table.row(jump))));
  },
};

async function jumpBy(jump: string, tally: Tally): Promise<void> {
  const folder = newFolder();
  const time = `${folder}.time`;
  writeFileSync(time, "+0\n");
  const settings = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: time,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  const ledger = newLedger();
  const faults: string[] = [];
  const victim = await Victim.start({ folder, settings });
  await travel(victim, ledger, 1);
  const now = async () =>
    Date.parse((await victim.json<{ items: { at: string }[] }>("/api/activity?limit=1")).items[0]!.at);
  const before = await now();
  writeFileSync(time, `${jump}\n`);
  await travel(victim, ledger, 2).catch((error) => faults.push(`after the jump: ${error}`));
  const moved = (await now()) - before;
  if (Math.abs(moved) < 1_800_000) faults.push(`the clock did not jump: ${moved} ms`);
  const { items } = await victim.json<{ items: { seq: number }[] }>("/api/events?since=0&limit=1000");
  if (items.some(({ seq }, k) => k > 0 && seq !== items[k - 1]!.seq + 1))
    faults.push("the order is not by number");
  await victim.end();
  const again = await Victim.start({ folder });
  faults.push(...(await faultsOf(again, ledger, folder)));
  await travel(again, ledger, 3).catch((error) => faults.push(`back again: ${error}`));
  await again.end();
  tally.add(faults.length > 0 ? "LOST" : "goes on, in order", faults.join("; "));
  rmSync(folder, { recursive: true });
  rmSync(time);
}
