/**
 * How does every page look? Each in four variants (light, dark, phone, print) into screenshots/, which git ignores:
 * look at them one by one after a change of views or styles. Run it with `bun run screenshots`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "@playwright/test";
import config from "./e2e/playwright.config.ts";
import { fruitCsv, startServer } from "./e2e/stage.ts";

const OUT = join(import.meta.dir, "..", "screenshots");
const VARIANTS = {
  light: { viewport: { width: 1400, height: 900 }, colorScheme: "light", media: "screen" },
  dark: { viewport: { width: 1400, height: 900 }, colorScheme: "dark", media: "screen" },
  phone: { viewport: { width: 375, height: 800 }, colorScheme: "light", media: "screen" },
  print: { viewport: { width: 800, height: 1100 }, colorScheme: "dark", media: "print" },
} as const;

const folder = mkdtempSync(join(tmpdir(), "signalbox-shots-"));
const server = await startServer(folder);
const browser = await chromium.launch(config.use?.launchOptions);
mkdirSync(OUT, { recursive: true });
await shoot(browser, "empty", "");
const datasetId = (await post(`api/upload?name=fruit.csv`, fruitCsv(600))).id;
const train = { datasetId, target: "ripe", budgetSeconds: 12 };
const run = await post("api/train", JSON.stringify(train));
await shoot(browser, "running", "");
const done = await post("api/train?wait=1", JSON.stringify({ ...train, budgetSeconds: 5 }));
const pages = {
  dashboard: "",
  dataset: `datasets/${datasetId}`,
  run: `runs/${run.id}`,
  model: `models/${done.modelName}`,
  inspect: "inspect",
  docs: "docs",
  error: "nothing-here",
};
for (const [name, path] of Object.entries(pages)) await shoot(browser, name, path);
await browser.close();
await server.stop();
rmSync(folder, { recursive: true });
console.log(OUT);

async function shoot(own: Browser, name: string, path: string): Promise<void> {
  for (const [variant, { viewport, colorScheme, media }] of Object.entries(VARIANTS)) {
    const page = await own.newPage({ viewport, colorScheme });
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    await page.emulateMedia({ media, colorScheme });
    await page.screenshot({ path: join(OUT, `${name}-${variant}.png`), fullPage: true });
    await page.close();
  }
}

async function post(path: string, body: string): Promise<{ id: string; modelName: string }> {
  const type = body.startsWith("{") ? "application/json" : "text/csv";
  const answer = await fetch(server.url + path, { method: "POST", headers: { "Content-Type": type }, body });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as { id: string; modelName: string };
}
