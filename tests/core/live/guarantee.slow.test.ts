/**
 * Checks that every page ends with what a freshly opened one shows, and every reader has each event once, despite
 * cut, stalled, hidden or killed connections. Against the real server, over real sockets, through a network that
 * misbehaves.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { BadNetwork } from "../../harness/bad-network.ts";
import { until } from "../../harness/deadline.ts";
import { Page } from "../../harness/page.ts";
import { ServerProcess } from "../../harness/process.ts";
import { type Reader, readBySocket, readByStream } from "../../harness/readers.ts";

const server = new ServerProcess({ METRICS_SECONDS: "0.15" });
beforeAll(() => server.start());
afterAll(() => server.remove());

/** Panels whose fresh drawing differs only by what happened, not by the moment. */
const PANELS = ["datasets", "activity", "metrics", "health"];
const SETTLED = ["datasets", "activity"];

/** A few schedules in the default run; `GUARANTEE_RUNS=200 bun test tests/core/live/guarantee.slow.test.ts` for a night. */
const RUNS = Number(process.env.GUARANTEE_RUNS ?? 5);

const wait = fc.integer({ min: 0, max: 250 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("upload" as const), wait }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cut" as const), wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("outage" as const), wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("hide" as const), wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("show" as const), wait }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const), wait }) },
);
type Step = { do: "upload" | "cut" | "outage" | "hide" | "show" | "kill"; wait: number };

interface World {
  network: BadNetwork;
  pages: Page[];
  uploads: number;
}

async function play({ network, pages, uploads }: World, steps: Step[]): Promise<void> {
  let files = uploads;
  for (const entry of steps) {
    if (entry.do === "upload") {
      files += 1;
      await uploadFile(files, "?wait=0");
    } else if (entry.do === "cut") network.cut();
    else if (entry.do === "outage") {
      network.isDown = true;
      network.cut();
    } else if (entry.do === "hide") pages[files % pages.length]!.hide();
    else if (entry.do === "show") for (const page of pages) page.show();
    else {
      await server.end("SIGKILL");
      await server.start();
    }
    await Bun.sleep(entry.wait);
    network.isDown = false;
  }
}

async function uploadFile(number: number, query: string): Promise<Response> {
  const body = `a,b\n${`${number},x\n2,y\n`.repeat(20)}`;
  return server.ask(`/api/upload${query}&name=file-${number}.csv`, { method: "POST", body });
}

/** If no socket gets through, polling shows what happens. */
async function happenWithoutSockets({ network, pages, uploads }: World): Promise<void> {
  network.forbidsSockets = true;
  network.cut();
  for (const page of pages) page.show();
  const { id } = (await (await uploadFile(uploads + 98, "?wait=1")).json()) as { id: string };
  await until(() => pages.every((page) => page.polls > 0 && page.shown.get("datasets")?.includes(id)));
  for (const page of pages) expect(page.isLive()).toBe(false);
  network.forbidsSockets = false;
}

/** The last thing happens while all pages are away for one cause or another: nothing later brings it to them. */
async function happenInAbsence({ network, pages, uploads }: World, cause: "hidden" | "cut"): Promise<void> {
  const { id } = (await (await uploadFile(uploads + 99, "?wait=1")).json()) as { id: string };
  for (const page of pages) page.show();
  await until(() => pages.every((page) => page.isLive() && page.shown.get("datasets")!.includes(id)));
  network.isDown = cause === "cut";
  if (cause === "cut") network.cut();
  else for (const page of pages) page.hide();
  await until(() => pages.every((page) => !page.isLive()));
  await server.ask(`/api/datasets/${id}`, { method: "DELETE" });
  network.isDown = false;
  for (const page of pages) page.show();
}

/** The page as a newcomer gets it, once nothing but gauges moves. */
async function freshPage(): Promise<string> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    if (performance.now() > deadline) throw new Error("The pages did not come to rest within 60 s");
    const html = await (await server.ask("/", { headers: { accept: "text/html" } })).text();
    await Bun.sleep(400);
    const { arrivals } = (await server.json<{ datasets: { arrivals: unknown[] } }>("/")).datasets;
    const again = await (await server.ask("/panels/activity")).text();
    if (!arrivals.length && html.includes(again)) return html;
  }
}

test(
  "pages end up current, and readers have every event once, on random schedules",
  async () => {
    let played = 0;
    const schedule = fc.record({
      steps: fc.array(step, { minLength: 6, maxLength: 12 }),
      cause: fc.constantFrom("hidden" as const, "cut" as const),
      seed: fc.integer(),
    });
    const holds = fc.asyncProperty(schedule, async ({ steps, cause, seed }) => {
      // 5 % of the chunks are delayed.
      let draws = seed >>> 0;
      const delayMs = () => {
        draws = (Math.imul(draws, 1664525) + 1013904223) >>> 0;
        return draws % 20 === 0 ? draws % 150 : 0;
      };
      const network = await BadNetwork.open(server.url, delayMs);
      const { epoch, seq } = await server.json<{ epoch: string; seq: number }>("/api/status");
      const newcomer = { url: network.url, panels: PANELS, epoch: "none", seq };
      const pages = [new Page(newcomer), new Page(newcomer), new Page(newcomer)];
      const readers: Reader[] = [readBySocket(network.url, epoch), readByStream(network.url)];
      const world = { network, pages, uploads: played * 100 };
      await play(world, steps);
      await happenWithoutSockets(world);
      await happenInAbsence(world, cause);
      const html = await freshPage();
      const { seq: end } = await server.json<{ seq: number }>("/api/status");
      await until(() => pages.every((page) => page.isLive() && page.seqOf("metrics") >= end));
      await until(() => readers.every(({ seqs }) => (seqs.at(-1) ?? 0) >= end));
      for (const page of pages) {
        for (const panel of SETTLED) expect(html).toContain(page.shown.get(panel)!);
        page.close();
      }
      for (const { seqs, close } of readers) {
        expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
        close();
      }
      network.close();
      played += 1;
    });
    await fc.assert(holds, { numRuns: RUNS, endOnFailure: true });
    expect(played).toBe(RUNS);
  },
  20_000 * RUNS,
);
