/** Rig 1: kill -9 at every fsync, rename and unlink of a journey and at some of its writes. Nothing acknowledged is lost. */
import { rmSync } from "node:fs";
import { faultsOf, newLedger, tableCsv, travel } from "./journey.ts";
import { type Rig, spread, type Tally } from "./rig.ts";
import { injecting, type Kind, newFolder, pointsOf } from "./trace.ts";
import { Victim } from "./victim.ts";

export const KILL: Rig = {
  name: "kill",
  says: "kill -9 at a write, then start again",
  needs: ["strace"],
  weight: 4,
  async run(options, table) {
    const kinds = await pointsOf(options);
    const points = spread(
      kinds.map(({ kind, of, points }) => {
        const tally = table.row(`${kind} (${points.length} of ${of} wanted)`);
        return points.map((when) => ({ kind, when, tally }));
      }),
    );
    await options.each(points, ({ kind, when, tally }) => killAt(kind, when, tally));
  },
};

async function killAt(kind: Kind, when: number, tally: Tally): Promise<void> {
  const folder = newFolder();
  const ledger = newLedger();
  const victim = await Victim.start({ folder, through: injecting(kind, when, "signal=KILL") });
  // A killed server answers no more: which step that was stands in the ledger.
  if (victim.isServing) await travel(victim, ledger, when).catch(() => {});
  await victim.end();
  const isKilled = victim.child.signalCode === "SIGKILL";
  const step = ledger.pending || "start or end";
  const again = await Victim.start({ folder });
  const faults = await faultsOf(again, ledger, folder);
  if (faults.length === 0) {
    const next = await again.ask("/api/upload?name=next.csv", {
      method: "POST",
      body: tableCsv(5000 + when),
    });
    if (next.status !== 201) faults.push(`then: ${next.status} ${await next.text()}`);
  }
  const code = await again.end();
  if (code !== 0) faults.push(`ends with ${code}`);
  if (faults.length > 0) return tally.add("LOST", `at ${when}, ${step}: ${faults.join("; ")}; ${folder}`);
  tally.add(isKilled ? "recovered" : "not killed", "");
  rmSync(folder, { recursive: true });
}
