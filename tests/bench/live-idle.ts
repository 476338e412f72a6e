/** Measures what an idle socket costs: Signalbox with all panels of the dashboard, beside Bun's, ws, and FastAPI. */
import { fill } from "./live-filled.ts";
import { otherServers, ourServer, rawPublish } from "./live-peers.ts";
import { printTable } from "./live-processes.ts";

export const DASHBOARD =
  "attention,run,stages,curve,leaderboard,model,predictions,activity,datasets,runs,metrics,health,connection";
const SETTLED_MS = 1000;

/** `live idle [sockets]` */
export async function run(args: string[]): Promise<void> {
  const sockets = Number(args[0] ?? 5000);
  const rows: [string, ...number[]][] = [];
  for (const peer of [ourServer(DASHBOARD), rawPublish(""), ...(await otherServers(""))]) {
    const { usage, empty, end } = await fill(peer, sockets);
    await Bun.sleep(SETTLED_MS);
    const { rssBytes } = await usage();
    await end();
    rows.push([
      peer.name,
      empty.rssBytes / 1e6,
      rssBytes / 1e6,
      (rssBytes - empty.rssBytes) / sockets / 1000,
    ]);
  }
  console.log(`${sockets} idle sockets`);
  const [ours] = rows;
  printTable(
    ["server", "empty, MB", "full, MB", "kB each", "ours/theirs"],
    rows.map(([name, ...figures]) => [name, ...figures, (ours!.at(-1)! as number) / figures.at(-1)!]),
  );
}
