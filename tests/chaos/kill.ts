/** Rig 1: kill -9 at every fsync, rename and unlink of a journey and at some of its writes. Nothing acknowledged is lost. */
import { faultsOf, tableCsv } from "./journey.ts";
import { type Rig, spread, type Tally } from "./rig.ts";
import {
  callsOf,
  enter,
  harming,
  type Point,
  playScenes,
  pointsOf,
  removeFolder,
  untilHarmed,
} from "./trace.ts";
import { Victim } from "./victim.ts";

/** How often a call occurs varies with time; one that did not occur is waited for this many times. */
const TRIES = 3;

export const KILL: Rig = {
  name: "kill",
  says: "kill -9 before a call, then start again",
  needs: [],
  weight: 300,
  async run(options, table) {
    const scenes = await playScenes();
    const kinds = pointsOf(scenes, options);
    // Calls that are tried every time come before the sample of the writes.
    const points = spread(
      kinds.map(({ kind, of, points }) => {
        const tally = table.row(`${kind} (${points.length} of ${of} wanted)`);
        return points.map((point) => ({ point, tally }));
      }),
    );
    points.sort((a, b) => Number(a.point.kind === "write") - Number(b.point.kind === "write"));
    await options.each(points, ({ point, tally }) => killAt(point, tally));
  },
};

async function killAt({ scene, kind, at }: Point, tally: Tally, tries = TRIES): Promise<void> {
  const { folder, ledger } = enter(scene);
  const victim = await Victim.start({
    folder,
    through: harming(folder, { kinds: [kind], at, fault: "kill" }),
  });
  // A killed server does not respond any more: the ledger has the step.
  if (victim.isServing) await scene.go(victim, ledger, at).catch(() => {});
  await untilHarmed(scene, folder);
  await victim.end();
  const isKilled = victim.child.signalCode === "SIGKILL";
  if (!isKilled && tries > 1) {
    removeFolder(folder);
    return killAt({ scene, kind, at }, tally, tries - 1);
  }
  const [call = "none"] = callsOf(folder);
  const again = await Victim.start({ folder });
  const faults = await faultsOf(again, ledger, folder);
  if (faults.length === 0) {
    const body = tableCsv(5000 + at);
    const next = await again.ask("/api/upload?name=next.csv", { method: "POST", body });
    if (next.status !== 201) faults.push(`then: ${next.status} ${await next.text()}`);
  }
  const code = await again.end();
  if (code !== 0) faults.push(`ends with ${code}`);
  const place = `${scene.phase}, ${kind} ${at} (${call})`;
  if (faults.length > 0) return tally.add("LOST", `${place}: ${faults.join("; ")}; ${folder}`);
  tally.add(isKilled ? "recovered" : "not reached", place);
  removeFolder(folder);
}
