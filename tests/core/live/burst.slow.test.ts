/** Checks how often a panel is drawn during ten thousand events in a second, and that it ends right. */
import { expect, test } from "bun:test";
import { until } from "../../harness/deadline.ts";
import { openServed } from "../../harness/served.ts";

const EVENTS = 10_000;
const BATCH = 100;

test("10,000 events in a second cause about ten renders, and the activity feed ends with the right rows", async () => {
  const { url, signalbox, viewers: open, close } = await openServed({});
  const viewers = await Promise.all([openViewer(url), openViewer(url)]);
  await until(() => open() === viewers.length);
  for (const { seen } of viewers) seen.length = 0;

  const startedAt = performance.now();
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    await signalbox.log.record(async (tx) => {
      for (let i = sent; i < sent + BATCH; i++)
        await tx.append("dataset.deleted", { datasetId: `d${i}`, name: `file-${i}.csv` });
    });
    await Bun.sleep(startedAt + ((sent + BATCH) / EVENTS) * 1000 - performance.now());
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await until(() => viewers.every(({ seen }) => seen.at(-1)?.includes(`file-${EVENTS - 1}.csv`)));

  const fresh = await (await fetch(`${url}/panels/activity`)).text();
  for (const { seen, socket } of viewers) {
    // At once, then ten times a second, and the last.
    expect(seen.length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 2);
    expect(seen.at(-1)).toBe(fresh);
    const rows = [...fresh.matchAll(/file-(\d+)\.csv was deleted/g)].map(([, number]) => Number(number));
    expect(rows).toEqual(Array.from({ length: 40 }, (_, row) => EVENTS - 1 - row));
    socket.close();
  }
  await close();
}, 30_000);

/** The drawings of the activity panel that come, in order. */
async function openViewer(url: string): Promise<{ socket: WebSocket; seen: string[] }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?panels=activity,datasets,health`);
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      const { content = "" } = JSON.parse(data as string) as { content?: string };
      const drawn =
        /<hx-partial hx-target='\[id="activity"\]' hx-swap="outerMorph">(.*?)<\/hx-partial>/s.exec(content);
      if (drawn) seen.push(drawn[1]!);
      resolve();
    };
  });
  return { socket, seen };
}
