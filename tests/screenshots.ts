/**
 * How does every page look? Each page and each state in four variants (light, dark, phone, print) into screenshots/,
 * which git ignores: look at them one by one after a change of views or styles. Run it with `bun run screenshots`;
 * `bun run screenshots model run` takes only those whose names begin so.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import config from "./e2e/playwright.config.ts";
import { fruitCsv, HOSTILE_CSV, type Server, startServer } from "./e2e/stage.ts";

const OUT = join(import.meta.dir, "..", "screenshots");
const VARIANTS = {
  light: { viewport: { width: 1400, height: 900 }, colorScheme: "light", media: "screen" },
  dark: { viewport: { width: 1400, height: 900 }, colorScheme: "dark", media: "screen" },
  phone: { viewport: { width: 375, height: 800 }, colorScheme: "light", media: "screen" },
  print: { viewport: { width: 800, height: 1100 }, colorScheme: "dark", media: "print" },
} as const;
const WANTED = process.argv.slice(2);

const folders = ["main", "signed"].map(() => mkdtempSync(join(tmpdir(), "signalbox-shots-")));
const server = await startServer(folders[0]!);
const browser = await chromium.launch(config.use?.launchOptions);
mkdirSync(OUT, { recursive: true });

await shoot("empty", "");
const samples = [];
for (const name of ["customers", "tickets", "flats"]) samples.push(await post(`api/samples/${name}`, "{}"));
const runs = [];
for (const { id } of samples)
  runs.push(await post("api/train?wait=1", JSON.stringify({ datasetId: id, budgetSeconds: 6 })));
const [binary, several, number] = runs as [Made, Made, Made];
await post(
  "api/train?wait=1",
  JSON.stringify({ datasetId: samples[0]!.id, budgetSeconds: 3, name: "customers" }),
);
await send("PUT", "api/models/customers/live", { version: 1 });
for (let asked = 0; asked < 5; asked += 1) await post("api/models/customers/predict", '{"plan":"Basic"}');

const running = await post("api/train", JSON.stringify({ datasetId: samples[2]!.id, budgetSeconds: 60 }));
await shoot("running", "");
await shoot("running-run", `runs/${running.id}`);
await send("DELETE", `api/runs/${running.id}`);

const hostile = await post("api/upload?name=%3Cb%3Every%20long%20name%3C%2Fb%3E.csv", HOSTILE_CSV);
const wide = await post("api/upload?name=wide.csv", wideCsv(10_000, 30));
await fetch(`${server.url}api/upload?name=photo.csv`, { method: "POST", body: "\u0000\u0001".repeat(5000) });
const slow = await post("api/upload?wait=0&name=large.csv", fruitCsv(1_500_000));
const pages: Record<string, string> = {
  reading: `datasets/${slow.id}`,
  dashboard: "",
  files: "datasets",
  runs: "runs",
  models: "models",
  activity: "activity",
  older: "activity?cursor=40",
  dataset: `datasets/${samples[0]!.id}`,
  "dataset-hostile": `datasets/${hostile.id}`,
  "dataset-wide": `datasets/${wide.id}`,
  run: `runs/${binary.id}`,
  "run-cancelled": `runs/${running.id}`,
  rewind: `runs/${binary.id}/rewind`,
  model: `models/${binary.modelName}`,
  "model-several": `models/${several.modelName}`,
  "model-number": `models/${number.modelName}`,
  settings: "settings",
  inspect: "inspect",
  docs: "docs",
  error: "nothing-here",
  "embed-stages": "embed/stages",
  "embed-model": "embed/model",
};
for (const [name, path] of Object.entries(pages)) await shoot(name, path);
await shoot("dataset-preview", `datasets/${samples[0]!.id}`, async (page) => {
  await page.getByText("Read it differently").click();
  await page.locator("#header").selectOption("false");
  await page.locator("#reading-preview table").waitFor();
});
await shoot("answer", `models/${binary.modelName}`, async (page) => {
  await page.getByRole("button", { name: "Predict", exact: true }).click();
  await page.locator("#answer progress").first().waitFor();
});
const signed = await startServer(folders[1]!, { AUTH: "token", ADMIN_TOKEN: "a-long-enough-admin-token" });
await shoot("sign-in", "", undefined, signed);
await signed.stop();
await shoot("offline", "", async (page) => {
  await server.stop();
  await page.locator('#pill[data-state="offline"]').waitFor();
});
await browser.close();
await server.stop();
for (const folder of folders) rmSync(folder, { recursive: true });
console.log(OUT);

interface Made {
  id: string;
  modelName: string;
}

async function shoot(
  name: string,
  path: string,
  prepare?: (page: Page) => Promise<void>,
  own: Server = server,
): Promise<void> {
  if (WANTED.length && !WANTED.some((wanted) => name.startsWith(wanted))) return;
  for (const [variant, { viewport, colorScheme, media }] of Object.entries(VARIANTS)) {
    if (name === "offline" && variant !== "phone") continue;
    const page = await browser.newPage({ viewport, colorScheme });
    await page.goto(own.url + path, { waitUntil: "load" });
    const pill = page.locator("#pill");
    if (await pill.count()) await pill.and(page.locator("[data-state=live]")).waitFor();
    await prepare?.(page);
    await page.emulateMedia({ media, colorScheme });
    await page.screenshot({ path: join(OUT, `${name}-${variant}.png`), fullPage: true });
    await page.close();
  }
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
