/** Rig 2: each call fails once, as on a full or a broken disk. One clear message; the next action works. */
import { faultsOf, Refused } from "./journey.ts";
import { type Rig, spread, type Tally } from "./rig.ts";
import {
  callsOf,
  enter,
  type Harm,
  harming,
  type Point,
  playScenes,
  pointsOf,
  removeFolder,
  untilHarmed,
} from "./trace.ts";
import { Victim } from "./victim.ts";

const ERRORS = ["ENOSPC", "EIO"] as const;
/** The failed action itself, repeated. */
const ATTEMPTS = 2;
const TRIES = 3;

export const FAIL: Rig = {
  name: "fail",
  says: "a call fails once (ENOSPC, EIO), and life goes on",
  needs: [],
  weight: 330,
  async run(options, table) {
    const scenes = await playScenes();
    const kinds = pointsOf(scenes, options);
    // Calls that are tried every time come before the sample of the writes.
    const points = spread(
      kinds.flatMap(({ kind, of, points }) =>
        ERRORS.map((fault) => {
          const tally = table.row(`${fault} at ${kind} (${points.length} of ${of} wanted)`);
          return points.map((point) => ({ point, fault, tally }));
        }),
      ),
    );
    points.sort((a, b) => Number(a.point.kind === "write") - Number(b.point.kind === "write"));
    await options.each(points, ({ point, fault, tally }) => failAt(point, fault, tally));
  },
};

async function failAt(point: Point, fault: Harm["fault"], tally: Tally, tries = TRIES): Promise<void> {
  const { scene, kind, at } = point;
  const { folder, ledger } = enter(scene);
  const faults: string[] = [];
  let outcome = "not noticed by the user";
  let victim = await Victim.start({ folder, through: harming(folder, { kinds: [kind], at, fault }) });
  if (!victim.isServing) {
    outcome = "does not start, and says why";
    if (!/signalbox: .{10,}/.test(victim.words)) faults.push(`silent end: ${victim.words.slice(-300)}`);
    victim = await Victim.start({ folder });
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const failure = await scene.go(victim, ledger, at + attempt).catch((thrown: unknown) => thrown);
    if (failure === undefined) break;
    outcome = "a clear refusal";
    const isClear = failure instanceof Refused && /disk/i.test(failure.message);
    if (!isClear) faults.push(`${ledger.pending} is refused without saying why: ${failure}`);
    if (attempt === ATTEMPTS) faults.push(`still fails: ${failure}`);
  }
  await untilHarmed(scene, folder);
  if (!victim.isServing) faults.push(`the process died: ${victim.words.slice(-400)}`);
  const code = await victim.end();
  const [call] = callsOf(folder);
  if (!call && tries > 1) {
    removeFolder(folder);
    return failAt(point, fault, tally, tries - 1);
  }
  const again = await Victim.start({ folder });
  faults.push(...(await faultsOf(again, ledger, folder)));
  await again.end();
  const place = `${scene.phase}, ${kind} ${at} (${call})`;
  if (code !== 0) faults.push(`ends with ${code}: ${victim.words.slice(-300)}`);
  if (faults.length > 0) return tally.add("LOST", `${place}: ${faults.join("; ")}; ${folder}`);
  tally.add(call ? outcome : "not reached", place);
  removeFolder(folder);
}
