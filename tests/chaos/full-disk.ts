/** Rig 3: a disk that fills. Uploads are refused before it is full, predictions go on, deleting works, it recovers by itself. */
import { cpSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faultsOf, type Ledger, newLedger, tableCsv, travel } from "./journey.ts";
import { type Rig, spread, type Table, type Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const MEGABYTE = 1 << 20;
const DISK_MB = 200;
/** Megabytes that are left free, from plenty to none. */
const LEFT_MB = [150, 120, 100, 90, 80, 75, 72, 70, 68, 66, 64, 60, 48, 32, 16, 8, 4, 2, 1, 0];

export const FULL_DISK: Rig = {
  name: "disk",
  says: "a disk with so many megabytes left",
  needs: ["mount", "umount"],
  weight: 50,
  async run(options, table) {
    const points = options.isShort ? LEFT_MB.filter((_, k) => k % 6 === 1) : LEFT_MB;
    const used = { folder: newFolder(), ledger: newLedger() };
    const victim = await Victim.start(used);
    await travel(victim, used.ledger, 1);
    await victim.end();
    await options.each(spread([points]), (left) =>
      onSmallDisk((disk) => fillTo(disk, used, { left, tally: table.row("points") }), table),
    );
    rmSync(used.folder, { recursive: true });
  },
};

async function onSmallDisk(work: (disk: string) => Promise<void>, table: Table): Promise<void> {
  const disk = newFolder();
  if (!Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", disk]).success)
    return table.row("mounting a small disk needs root").add("not run", "");
  try {
    await work(disk);
  } finally {
    Bun.spawnSync(["umount", "-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

async function fillTo(
  disk: string,
  used: { folder: string; ledger: Ledger },
  { left: leftMb, tally }: { left: number; tally: Tally },
): Promise<void> {
  const folder = join(disk, `data-${leftMb}`);
  cpSync(used.folder, folder, { recursive: true });
  const ledger = structuredClone(used.ledger);
  const victim = await Victim.start({ folder });
  const faults: string[] = [];
  const kept = await upload(victim, 1000 + leftMb);
  const { id } = (await kept.json()) as { id: string };
  const filler = join(disk, "filler");
  fill(filler, disk, leftMb);
  const tried = await upload(victim, 2000 + leftMb);
  const text = await tried.text();
  if (tried.status === 507 ? !text.includes('"fix"') : leftMb < 64 || tried.status !== 201)
    faults.push(`an upload with ${leftMb} MB left: ${tried.status} ${text.slice(0, 200)}`);
  const predicted = await victim.send("POST", "/api/models/crew/predict", {
    age: 30,
    fare: 80,
    region: "north",
  });
  if (predicted.status !== 200) faults.push(`prediction: ${predicted.status} ${await predicted.text()}`);
  const deleted = await victim.ask(`/api/datasets/${id}?now=1`, { method: "DELETE" });
  if (deleted.status !== 204) faults.push(`deleting: ${deleted.status} ${await deleted.text()}`);
  rmSync(filler);
  await travel(victim, ledger, 3000 + leftMb).catch((error) =>
    faults.push(`when there is room again: ${error}`),
  );
  await victim.end();
  const again = await Victim.start({ folder });
  faults.push(...(await faultsOf(again, ledger, folder)));
  await again.end();
  rmSync(folder, { recursive: true });
  tally.add(
    faults.length > 0 ? "LOST" : tried.status === 507 ? "refused with 507, went on" : "room enough",
    `${leftMb} MB: ${faults.join("; ")}`,
  );
}

function upload(victim: Victim, seed: number): Promise<Response> {
  return victim.ask(`/api/upload?name=disk-${seed}.csv`, { method: "POST", body: tableCsv(seed, 400) });
}

/** To the last byte, where nothing may be left. */
function fill(path: string, disk: string, leftMb: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(path, "");
  const chunk = Buffer.alloc(MEGABYTE, 1);
  let missing = bavail * bsize - leftMb * MEGABYTE;
  try {
    for (; missing > 0; missing -= chunk.length)
      writeFileSync(path, chunk.subarray(0, missing), { flag: "a" });
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
  if (missing > 0 && leftMb > 0) truncateSync(path, 0);
}
