/**
 * Measures whether pages open as fast with a long history as with none. Two servers, one empty, one with 10,000
 * files, runs and models and a million activity rows, asked in turn; then the first paint in Chromium, and what
 * goes over the wire. `pages [rows] [events]`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { findDataset, insertDataset, insertDatasetVersion, listDatasets } from "../../core/store/datasets.ts";
import { insertEvent } from "../../core/store/log.ts";
import { currentModel, findEvaluation, findVersion, insertVersion } from "../../core/store/models.ts";
import {
  currentRun,
  insertRun,
  runCandidates,
  runStages,
  saveCandidate,
  updateRun,
  updateStage,
} from "../../core/store/runs.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";
import { STAGE_NAMES } from "../../core/trainer/contract.ts";
import { ASSETS } from "../../static/assets.ts";
import config from "../e2e/playwright.config.ts";
import { type Server, startServer } from "../e2e/stage.ts";
import { quantile } from "./live-processes.ts";

const ROUNDS = 25;
const PAINTS = 9;
const HTML = "text/html; charset=utf-8";
const BLANK = "<!DOCTYPE html><html lang=en><title>Blank</title><p>Nothing but this line.</p></html>";
const PATHS = ["", "datasets", "runs", "models", "activity"];
const API_PATHS = ["api/datasets", "api/runs", "api/models", "api/activity"];

export async function run(args: string[]): Promise<void> {
  const [rows = 10_000, events = 1_000_000] = args.map(Number);
  const folders = ["empty", "fifty", "full"].map((name) => mkdtempSync(join(tmpdir(), `signalbox-${name}-`)));
  const [empty, fifty, full] = folders as [string, string, string];
  for (const folder of [fifty, full]) await trainOne(folder);
  await multiply(fifty, { rows: 50, events: 2000 });
  await multiply(full, { rows, events });
  const servers = [];
  for (const folder of [empty, fifty, full]) servers.push(await startServer(folder));
  await compare(servers as [Server, Server, Server]);
  await paint(servers as [Server, Server, Server]);
  await weigh();
  for (const server of servers) await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** A true run, of which the others are copies. */
async function trainOne(folder: string): Promise<void> {
  const server = await startServer(folder);
  const { id } = (await (await fetch(`${server.url}api/samples/customers`, { method: "POST" })).json()) as {
    id: string;
  };
  await fetch(`${server.url}api/train?wait=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId: id, budgetSeconds: 3 }),
  });
  await server.stop();
}

async function multiply(folder: string, { rows, events }: { rows: number; events: number }): Promise<void> {
  const store = await openSqlite(folder);
  const at = Date.now();
  const first = (await currentRun(store))!;
  const listed = (await listDatasets(store, { before: Number.MAX_SAFE_INTEGER, limit: 1 }))[0]!;
  const dataset = (await findDataset(store, listed.id))!;
  const model = (await currentModel(store))!;
  const version = (await findVersion(store, model.name, 1))!;
  const result = { ...version.result, evaluation: await findEvaluation(store, model.name, 1) };
  const stages = await runStages(store, first.id);
  const candidates = await runCandidates(store, first.id);
  await store.transaction(async (tx) => {
    for (let copy = 1; copy < rows; copy++) {
      const id = `copy${copy}`;
      await insertDataset(tx, {
        id,
        name: `${copy}.csv`,
        sha256: id,
        sizeBytes: dataset.sizeBytes,
        createdAt: at,
      });
      await insertDatasetVersion(tx, { id, choices: {}, profile: dataset.profile!, at });
      await insertRun(tx, { ...first, id, modelName: `model-${copy}`, queuedAt: at }, STAGE_NAMES);
      for (const stage of stages) await updateStage(tx, id, stage);
      for (const candidate of candidates) await saveCandidate(tx, id, candidate);
      await updateRun(tx, id, { ...first, startedAt: at, finishedAt: at });
      const { sha256, sizeBytes } = version;
      await insertVersion(tx, { name: `model-${copy}`, runId: id, result, sha256, sizeBytes, createdAt: at });
    }
    const data = JSON.stringify({ runId: first.id, runNumber: 1, datasetName: dataset.name, target: "left" });
    for (let n = 0; n < events; n++) await insertEvent(tx, { type: "run.started", at, data, activity: 1 });
  });
  await store.close();
}

async function compare(servers: [Server, Server, Server]): Promise<void> {
  console.log(`median of ${ROUNDS} answers, in turn`);
  console.log(
    `${"page".padEnd(16)}${["empty ms", "50 ms", "full ms", "ratio", "full kB"].map(right).join("")}`,
  );
  for (const path of [...PATHS, ...API_PATHS]) {
    const headers = {
      accept: path.startsWith("api") ? "application/json" : "text/html",
      "accept-encoding": "gzip",
    };
    const times = servers.map((): number[] => []);
    let bytes = 0;
    for (let round = -3; round < ROUNDS; round++) {
      for (const [index, server] of servers.entries()) {
        const from = performance.now();
        const answer = await fetch(server.url + path, { headers, decompress: false } as RequestInit);
        bytes = (await answer.arrayBuffer()).byteLength;
        if (round >= 0) times[index]!.push(performance.now() - from);
      }
    }
    const [empty, fifty, full] = times.map((own) => quantile(own, 0.5)) as [number, number, number];
    const cells = [empty, fifty, full, full / empty, bytes / 1000].map((cell) => right(cell.toFixed(2)));
    console.log(`/${path}`.padEnd(16) + cells.join(""));
  }
}

/** First contentful paint of / in a tab that is warm, beside a blank page in the same tab: the machine's own floor. */
async function paint(servers: [Server, Server, Server]): Promise<void> {
  const blank = Bun.serve({
    port: 0,
    fetch: () => new Response(BLANK, { headers: { "content-type": HTML } }),
  });
  const places = [String(blank.url), ...servers.map(({ url }) => url)];
  const browser = await chromium.launch(config.use?.launchOptions);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  console.log(
    `\nfirst contentful paint of /, median of ${PAINTS}; wire: all that the page loads, compressed`,
  );
  console.log(
    `${"page".padEnd(16)}${["new ms", "least", "known ms", "least", "wire kB"].map(right).join("")}`,
  );
  for (const [index, name] of ["blank", "empty", "50 rows", "full"].entries()) {
    const cells: number[] = [];
    let wire = 0;
    for (const cacheDisabled of [true, false]) {
      await session.send("Network.setCacheDisabled", { cacheDisabled });
      const paints: number[] = [];
      for (let round = -2; round < PAINTS; round++) {
        await page.goto(places[index]!, { waitUntil: "load" });
        const told = await page.evaluate(readPaint);
        if (round >= 0) paints.push(told.paint);
        if (cacheDisabled) wire = told.wire;
      }
      cells.push(quantile(paints, 0.5), Math.min(...paints));
    }
    console.log(name.padEnd(16) + [...cells, wire / 1000].map((cell) => right(cell.toFixed(1))).join(""));
  }
  await browser.close();
  await blank.stop(true);
}

/** Runs in the page. */
async function readPaint(): Promise<{ paint: number; wire: number }> {
  const seen = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  while (seen() === undefined) await new Promise(requestAnimationFrame);
  const loaded = performance.getEntries().filter((entry) => "transferSize" in entry);
  const sizes = loaded.map((entry) => (entry as PerformanceResourceTiming).transferSize);
  return { paint: seen()!, wire: sizes.reduce((sum, size) => sum + size, 0) };
}

async function weigh(): Promise<void> {
  console.log("\nassets, gzipped");
  for (const [path, asset] of ASSETS) {
    const size = (await asset.answer("gzip").arrayBuffer()).byteLength;
    console.log(`${path.padEnd(40)}${right((size / 1000).toFixed(2))} kB`);
  }
}

const right = (text: string) => text.padStart(12);
