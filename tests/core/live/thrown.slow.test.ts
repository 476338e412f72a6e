/** Viewers that are thrown from one server to another miss nothing, see nothing twice, and end with the present. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { seeded } from "../../harness/app.ts";
import { BadNetwork } from "../../harness/bad-network.ts";
import { until } from "../../harness/deadline.ts";
import { Page } from "../../harness/page.ts";
import { type OwnSchema, ownSchema } from "../../harness/postgres.ts";
import { ServerProcess } from "../../harness/process.ts";
import { readBySocket, readByStream } from "../../harness/readers.ts";

const PANELS = ["datasets", "activity", "metrics"];
const SETTLED = ["datasets", "activity"];
const PAGES = 12;
const THROWS = 25;

let schema: OwnSchema;
let servers: ServerProcess[];
beforeAll(async () => {
  schema = await ownSchema();
  const settings = { DATABASE_URL: schema.url, METRICS_SECONDS: "0.2" };
  servers = [1, 2, 3].map(() => new ServerProcess(settings));
  for (const server of servers) await server.start();
}, 60_000);
afterAll(async () => {
  for (const server of servers) await server.remove();
  await schema.drop();
});

test("whichever server each connection reaches, and whenever it is cut", async () => {
  const random = seeded(11);
  const anyServer = () => servers[Math.floor(random() * servers.length)]!;
  const network = await BadNetwork.open(
    () => anyServer().url,
    () => (random() < 0.05 ? 120 * random() : 0),
  );
  const { epoch, seq } = await servers[0]!.json<{ epoch: string; seq: number }>("/api/status");
  const newcomer = { url: network.url, panels: PANELS, epoch: "none", seq };
  const pages = Array.from({ length: PAGES }, () => new Page(newcomer));
  const readers = [readBySocket(network.url, epoch), readByStream(network.url)];
  for (let file = 0; file < THROWS; file++) {
    const body = `a,b\n${`${file},x\n2,y\n`.repeat(20)}`;
    await anyServer().ask(`/api/upload?wait=0&name=file-${file}.csv`, { method: "POST", body });
    await Bun.sleep(200 * random());
    network.cut();
    if (file % 8 === 5) {
      const victim = anyServer();
      await victim.end("SIGKILL");
      await victim.start();
    }
  }
  const last = await anyServer().ask("/api/upload?wait=1&name=last.csv", {
    method: "POST",
    body: "c,d\n1,2\n3,4\n",
  });
  const { id } = (await last.json()) as { id: string };
  // What was left by a killed one is read after its restart.
  const reading = async () =>
    (await servers[0]!.json<{ items: unknown[] }>("/api/datasets?status=reading")).items.length;
  for (const end = performance.now() + 60_000; (await reading()) > 0; await Bun.sleep(100))
    if (performance.now() > end) throw new Error("a file was not read within a minute");
  await until(() => pages.every((page) => page.isLive() && page.shown.get("datasets")?.includes(id)), 60_000);
  const { seq: end } = await servers[0]!.json<{ seq: number }>("/api/status");
  await until(() => pages.every((page) => page.seqOf("metrics") >= end), 60_000);
  await until(() => readers.every(({ seqs }) => (seqs.at(-1) ?? 0) >= end), 60_000);
  for (const { seqs, close } of readers) {
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
    close();
  }
  const freshPages = () =>
    Promise.all(
      servers.map(async (server) => (await server.ask("/", { headers: { accept: "text/html" } })).text()),
    );
  const differing = async () => {
    const fresh = await freshPages();
    return pages.flatMap((page, i) =>
      SETTLED.filter((panel) => fresh.some((html) => !html.includes(page.shown.get(panel)!))).map(
        (panel) => `${panel} of page ${i}`,
      ),
    );
  };
  // Each panel is drawn at most ten times a second.
  for (const end = performance.now() + 20_000; (await differing()).length > 0; await Bun.sleep(200))
    if (performance.now() > end) break;
  expect(await differing()).toEqual([]);
  for (const page of pages) {
    expect(page.openings).toBeGreaterThan(5);
    page.close();
  }
  network.close();
}, 180_000);
