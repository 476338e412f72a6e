/**
 * Measures the first contentful paint of the dashboard with 50 runs beside a blank page, in the same tab and in turn,
 * because machines differ: `paint [rows]`. Cold: nothing is in the browser's cache; known: all files are.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import config from "../e2e/playwright.config.ts";
import { startServer } from "../e2e/stage.ts";
import { quantile } from "./live-processes.ts";
import { multiply, trainOne } from "./long-history.ts";

const PAINTS = 15;
const WARMING = 2;
const HTML = "text/html; charset=utf-8";
const BLANK = "<!DOCTYPE html><html lang=en><title>Blank</title><p>Nothing but this line.</p></html>";

export async function run([rows = "50"]: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-paint-"));
  await trainOne(folder);
  await multiply(folder, { rows: Number(rows), events: 2000 });
  const server = await startServer(folder);
  await paint({ [`${rows} rows`]: server.url });
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Prints a line a page, the blank one first. `places`: addresses by name. */
export async function paint(places: Record<string, string>): Promise<void> {
  const blank = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(BLANK, { headers: { "content-type": HTML } }),
  });
  const pages = Object.entries({ blank: `http://127.0.0.1:${blank.port}/`, ...places });
  const browser = await chromium.launch(config.use?.launchOptions);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const [cold, known] = [
    await paints({ page, pages, cached: false }),
    await paints({ page, pages, cached: true }),
  ];
  console.log(
    `\nfirst contentful paint of /, median of ${PAINTS} in turn; wire: all that the page loads, compressed`,
  );
  console.log(
    `${"page".padEnd(12)}${["cold ms", "+ blank", "known ms", "+ blank", "wire kB"].map(right).join("")}`,
  );
  for (const [name] of pages) {
    const cells = [cold, known].flatMap((told) => {
      const [own, floor] = [name, "blank"].map((of) =>
        quantile(
          told[of]!.map(({ paint }) => paint),
          0.5,
        ),
      );
      return [own!, own! - floor!];
    });
    const wire = cold[name]!.at(-1)!.wire / 1000;
    console.log(name.padEnd(12) + [...cells, wire].map((cell) => right(cell.toFixed(1))).join(""));
  }
  await browser.close();
  await blank.stop(true);

  async function paints(of: { page: Page; pages: [string, string][]; cached: boolean }) {
    await session.send("Network.setCacheDisabled", { cacheDisabled: !of.cached });
    const told: Record<string, Painted[]> = Object.fromEntries(of.pages.map(([name]) => [name, []]));
    for (let round = -WARMING; round < PAINTS; round++) {
      for (const [name, url] of of.pages) {
        await of.page.goto(url, { waitUntil: "load" });
        const painted = await of.page.evaluate(readPaint);
        if (round >= 0) told[name]!.push(painted);
      }
    }
    return told;
  }
}

interface Painted {
  paint: number;
  wire: number;
}

/** Runs in the page. */
async function readPaint(): Promise<Painted> {
  const seen = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  while (seen() === undefined) await new Promise(requestAnimationFrame);
  const loaded = performance.getEntries().filter((entry) => "transferSize" in entry);
  const sizes = loaded.map((entry) => (entry as PerformanceResourceTiming).transferSize);
  return { paint: seen()!, wire: sizes.reduce((sum, size) => sum + size, 0) };
}

const right = (text: string) => text.padStart(12);
