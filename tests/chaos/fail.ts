/** Rig 2: each write fails once, as on a full or a broken disk. One clear message; the next action works. */
import { rmSync } from "node:fs";
import { faultsOf, newLedger, Refused, travel } from "./journey.ts";
import { type Rig, spread, type Tally } from "./rig.ts";
import { injecting, type Kind, newFolder, pointsOf } from "./trace.ts";
import { Victim } from "./victim.ts";

export const FAIL: Rig = {
  name: "fail",
  says: "a write fails once (ENOSPC, EIO), and life goes on",
  needs: ["strace"],
  weight: 4,
  async run(options, table) {
    const kinds = await pointsOf(options);
    const points = spread(
      kinds.flatMap(({ kind, of, points }) =>
        (["ENOSPC", "EIO"] as const).map((error) => {
          const tally = table.row(`${error} at ${kind} (${points.length} of ${of} wanted)`);
          return points.map((when) => ({ kind, when, error, tally }));
        }),
      ),
    );
    await options.each(points, ({ tally, ...point }) => failAt(point, tally));
  },
};

async function failAt(
  { kind, when, error }: { kind: Kind; when: number; error: "ENOSPC" | "EIO" },
  tally: Tally,
): Promise<void> {
  const folder = newFolder();
  const ledger = newLedger();
  let outcome = "unnoticed";
  const faults: string[] = [];
  let victim = await Victim.start({ folder, through: injecting(kind, when, `error=${error}`) });
  if (!victim.isServing) {
    outcome = "does not start, and says why";
    if (!/signalbox: .{10,}/.test(victim.words)) faults.push(`silent end: ${victim.words.slice(-300)}`);
    victim = await Victim.start({ folder });
  }
  for (const attempt of [1, 2, 3, 4]) {
    const failure = await travel(victim, ledger, 10 * when + attempt).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (failure === null) break;
    victim.letGo();
    if (!(failure instanceof Refused)) faults.push(`${ledger.pending}: ${failure}`);
    else if (/Internal error/.test(failure.message)) outcome = "an internal error, logged";
    else outcome = "a clear refusal";
    if (attempt === 4) faults.push(`still fails: ${failure}`);
  }
  if (!victim.isServing) faults.push(`the process died: ${victim.words.slice(-400)}`);
  await victim.end();
  const again = await Victim.start({ folder });
  faults.push(...(await faultsOf(again, ledger, folder)));
  await again.end();
  if (faults.length > 0) return tally.add("LOST", `at ${when}: ${faults.join("; ")}; ${folder}`);
  tally.add(outcome, "");
  rmSync(folder, { recursive: true });
}
