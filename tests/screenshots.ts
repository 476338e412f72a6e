/**
 * Takes screenshots of every page. Each page and each state in four variants (light, dark, phone, print) into
 * screenshots/, which git ignores: look at them one by one after a change of views or styles. Run it with `bun run
 * screenshots`; `bun run screenshots model run` takes only those whose names begin so. A page is opened once and
 * shown four ways.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import config from "./e2e/playwright.config.ts";
import { fruitCsv, HOSTILE_CSV, startServer } from "./e2e/stage.ts";

interface Made {
  id: string;
  modelName: string;
}

interface Shot {
  name: string;
  path: string;
  prepare?: (page: Page) => Promise<void>;
  by?: BrowserContext;
}

const OUT = join(import.meta.dir, "..", "screenshots");
const VARIANTS = {
  light: { viewport: { width: 1400, height: 900 }, colorScheme: "light", media: "screen" },
  dark: { viewport: { width: 1400, height: 900 }, colorScheme: "dark", media: "screen" },
  phone: { viewport: { width: 375, height: 800 }, colorScheme: "light", media: "screen" },
  print: { viewport: { width: 800, height: 1100 }, colorScheme: "dark", media: "print" },
} as const;
/** Pages that are drawn at the same time. */
const SIDE_BY_SIDE = 2;
/** A machine under load draws slowly; none of these is a test. */
const PATIENCE_MS = 180_000;
const REDRAW_MS = 30_000;
const WANTED = process.argv.slice(2);

const folders = ["main", "signed"].map((name) => mkdtempSync(join(tmpdir(), `signalbox-shots-${name}-`)));
const server = await startServer(folders[0]!);
const browser = await chromium.launch(config.use?.launchOptions);
const scripted = await browser.newContext();
const plain = await browser.newContext({ javaScriptEnabled: false });
for (const context of [scripted, plain]) context.setDefaultTimeout(PATIENCE_MS);
mkdirSync(OUT, { recursive: true });

await shoot([
  { name: "empty", path: "" },
  { name: "empty-plain", path: "", by: plain },
  ...["datasets", "runs", "models", "activity"].map((path) => ({ name: `empty-${path}`, path })),
  { name: "empty-dragged", path: "", prepare: dragFile },
]);

const [customers, tickets, flats] = (await Promise.all(
  ["customers", "tickets", "flats"].map((name) => post(`api/samples/${name}`, "{}")),
)) as [Made, Made, Made];
const trained = [];
for (const { id } of [customers, tickets, flats])
  trained.push(await train({ datasetId: id, budgetSeconds: 3 }));
const [binary, several, number] = trained as [Made, Made, Made];
await train({ datasetId: customers.id, budgetSeconds: 2, name: binary.modelName });
await send("PUT", `api/models/${binary.modelName}/live`, { version: 1 });
for (let asked = 0; asked < 5; asked += 1)
  await post(`api/models/${binary.modelName}/predict`, '{"plan":"Basic"}');

const running = await post("api/train", JSON.stringify({ datasetId: flats.id, budgetSeconds: 600 }));
const raceIsOn = (page: Page) => page.locator(".candidate").nth(1).waitFor();
await shoot([
  { name: "running", path: "", prepare: raceIsOn },
  { name: "running-run", path: `runs/${running.id}`, prepare: raceIsOn },
  { name: "running-plain", path: "", by: plain },
]);
await send("DELETE", `api/runs/${running.id}`);

const hostile = await post("api/upload?name=%3Cb%3Every%20long%20name%3Cb%3E.csv", HOSTILE_CSV);
const wide = await post("api/upload?name=wide.csv", wideCsv(10_000, 30));
const single = await post("api/upload?name=all-yes.csv", oneClassCsv(60));
const failed = await post(
  "api/train?wait=1",
  JSON.stringify({ datasetId: single.id, target: "answer", task: "binary" }),
);
await fetch(`${server.url}api/upload?name=photo.csv`, { method: "POST", body: "\u0000\u0001".repeat(5000) });
const slow = await post("api/upload?wait=0&name=large.csv", fruitCsv(4_000_000));
const model = `models/${binary.modelName}`;
await shoot([
  { name: "reading", path: `datasets/${slow.id}` },
  { name: "dashboard", path: "" },
  { name: "dashboard-plain", path: "", by: plain },
  { name: "dashboard-keys", path: "", prepare: (page) => page.keyboard.press("?") },
  { name: "files", path: "datasets" },
  { name: "runs", path: "runs" },
  { name: "models", path: "models" },
  { name: "activity", path: "activity" },
  { name: "older", path: "activity?cursor=40" },
  { name: "dataset", path: `datasets/${customers.id}` },
  { name: "dataset-plain", path: `datasets/${customers.id}`, by: plain },
  { name: "dataset-hostile", path: `datasets/${hostile.id}` },
  { name: "dataset-wide", path: `datasets/${wide.id}` },
  { name: "dataset-preview", path: `datasets/${customers.id}`, prepare: previewReading },
  { name: "run", path: `runs/${binary.id}` },
  { name: "run-cancelled", path: `runs/${running.id}` },
  { name: "run-failed", path: `runs/${failed.id}` },
  { name: "replay", path: `runs/${binary.id}/replay` },
  { name: "model", path: model },
  { name: "model-plain", path: model, by: plain },
  { name: "model-opened", path: model, prepare: openDetails },
  { name: "model-several", path: `models/${several.modelName}` },
  { name: "model-number", path: `models/${number.modelName}` },
  { name: "answer", path: model, prepare: predict },
  { name: "settings", path: "settings" },
  { name: "settings-tokens", path: "settings/tokens" },
  { name: "settings-audit", path: "settings/audit" },
  { name: "inspect", path: "inspect" },
  { name: "docs", path: "docs" },
  { name: "error", path: "nothing-here" },
  ...["stages", "model", "curve", "leaderboard", "run"].map((panel) => ({
    name: `embed-${panel}`,
    path: `embed/${panel}`,
  })),
  { name: "polling", path: "", prepare: (page) => pillSays(page, "polling"), by: await socketless() },
]);

const signed = await startServer(folders[1]!, { AUTH: "token", ADMIN_TOKEN: "a-long-enough-admin-token" });
await shoot([{ name: "sign-in", path: "" }], signed.url);
await signed.stop();
await shoot([
  {
    name: "offline",
    path: "",
    prepare: async (page) => {
      await server.stop();
      await pillSays(page, "offline");
    },
  },
]);
await browser.close();
await server.stop();
for (const folder of folders) rmSync(folder, { recursive: true });
console.log(OUT);

async function shoot(shots: readonly Shot[], at = server.url): Promise<void> {
  const waiting = shots.filter(
    ({ name }) => !WANTED.length || WANTED.some((wanted) => name.startsWith(wanted)),
  );
  const draw = async () => {
    for (let shot = waiting.shift(); shot; shot = waiting.shift()) await shootOne(shot, at);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, draw));
}

async function shootOne({ name, path, prepare, by = scripted }: Shot, at: string): Promise<void> {
  const page = await by.newPage();
  await page.setViewportSize(VARIANTS.light.viewport);
  await page.goto(at + path, { waitUntil: "load" });
  if (by === scripted && (await page.locator("#pill").count())) await pillSays(page, "live");
  await prepare?.(page);
  for (const [variant, { viewport, ...media }] of Object.entries(VARIANTS)) {
    await page.emulateMedia(media);
    await page.setViewportSize(viewport);
    // A page that the browser stretches for its picture is at times painted in tiles: it is stretched before.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: viewport.width, height: Math.max(height, viewport.height) });
    // One frame of that size is drawn first, else the one before may stand in the picture, side by side with itself.
    await page.screenshot({ clip: { x: 0, y: 0, width: 1, height: 1 } });
    const path = join(OUT, `${name}-${variant}.png`);
    const whole = { path, fullPage: true, animations: "disabled" } as const;
    // A page without script that reloads while it is drawn is drawn again.
    await page.screenshot({ ...whole, timeout: REDRAW_MS }).catch(() => page.screenshot(whole));
  }
  await page.close();
}

function pillSays(page: Page, state: string): Promise<void> {
  return page.locator(`#pill[data-state=${state}]`).waitFor();
}

/** A browser behind a proxy that lets no socket through. */
async function socketless(): Promise<BrowserContext> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  await context.routeWebSocket(/\/ws/, (socket) => socket.close());
  return context;
}

function dragFile(page: Page): Promise<void> {
  return page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["a"], "a.csv"));
    document.dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true }));
  });
}

async function previewReading(page: Page): Promise<void> {
  await page.getByText("Read it differently").click();
  await page.locator("#header").selectOption("false");
  await page.locator("#reading-preview table").waitFor();
}

async function predict(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await page.locator("#answer progress").first().waitFor();
}

function openDetails(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

function train(options: Record<string, unknown>): Promise<Made> {
  return post("api/train?wait=1", JSON.stringify(options));
}

async function post(path: string, body: string): Promise<Made> {
  const type = body.startsWith("{") ? "application/json" : "text/csv";
  const answer = await fetch(server.url + path, { method: "POST", headers: { "Content-Type": type }, body });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as Made;
}

async function send(method: string, path: string, body?: unknown): Promise<void> {
  await fetch(server.url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function wideCsv(columns: number, rows: number): string {
  const head = Array.from({ length: columns }, (_, k) => `sensor_${k}`).join(",");
  const line = (row: number) => Array.from({ length: columns }, (_, k) => (row * 31 + k * 7) % 97).join(",");
  return [
    `${head},fault`,
    ...Array.from({ length: rows }, (_, row) => `${line(row)},${row % 3 ? "no" : "yes"}`),
  ].join("\n");
}

/** Nothing can be learned from it: its training fails, with the reason. */
function oneClassCsv(rows: number): string {
  return ["size,answer", ...Array.from({ length: rows }, (_, row) => `${(row * 37) % 61},yes`)].join("\n");
}
