/** Rig 8a: payloads in everything that a stranger names, looked at in Chromium. Each shows as text and does nothing. */
import { rmSync } from "node:fs";
import { chromium, type Page } from "@playwright/test";
import config from "../e2e/playwright.config.ts";
import { SCRIPTS } from "./payloads.ts";
import type { Rig, Table } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const AT_ONCE = 8;

export const SCRIPTS_RIG: Rig = {
  name: "scripts",
  says: `${SCRIPTS.length} payloads in 12 places, in Chromium`,
  needs: ["chromium"],
  weight: 90,
  async run(options, table) {
    const folder = newFolder();
    const victim = await Victim.start({ folder });
    const browser = await chromium.launch(config.use?.launchOptions);
    const page = await browser.newPage();
    const wild: string[] = [];
    page.on("dialog", (dialog) => void dialog.dismiss());
    page.on("request", (request) => {
      const { host, pathname } = new URL(request.url());
      if (host.includes("pwn") || pathname.endsWith("/pwn")) wild.push(request.url());
    });
    const groups = options.isShort ? [SCRIPTS.slice(0, AT_ONCE)] : chunked(SCRIPTS, AT_ONCE);
    for (const payloads of groups) {
      if (options.left() === 0) break;
      await visitAll(victim, page, { payloads, wild, table });
    }
    await browser.close();
    await victim.end();
    rmSync(folder, { recursive: true });
  },
};

interface Visit {
  payloads: string[];
  /** Requests that a payload made. */
  wild: string[];
  table: Table;
}

async function visitAll(victim: Victim, page: Page, visit: Visit): Promise<void> {
  const made = await makeHostile(victim, visit.payloads);
  const { datasetId, runId, names } = made;
  const see = (place: string, path: string) => look(page, new URL(path, victim.url).href, place, visit);
  await see("column names, cells, preview", `/datasets/${datasetId}`);
  await see("another reading", `/datasets/${datasetId}?offset=10`);
  await see("classes and candidates of a run", `/runs/${runId}`);
  await see("model page, classes, slices", "/models/hostile");
  await see("dashboard, file names", "/");
  await see("lists of files", "/datasets");
  await see("activity", "/activity");
  await see("an embedded panel", "/embed/datasets");
  await see("lists of runs", "/runs");
  for (const payload of visit.payloads) {
    const missing = new URL(`/models/${encodeURIComponent(payload)}`, victim.url).href;
    await look(page, missing, "an error's text", { ...visit, payloads: [payload] });
    await pushed(victim, page, payload, visit);
  }
  await asText(victim, visit, names);
}

async function makeHostile(victim: Victim, payloads: string[]) {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const header = [...payloads.map((payload) => quoted(`n ${payload}`)), "amount", "label"].join(",");
  const rows = Array.from({ length: 240 }, (_, k) => {
    const kind = payloads[k % payloads.length]!;
    const cells = payloads.map((_, c) => quoted(payloads[(k * 7 + c * 3) % payloads.length]!));
    return [...cells, (k % payloads.length) + (k % 3) / 10, quoted(kind)].join(",");
  });
  const csv = `${header}\n${rows.join("\n")}\n`;
  const names = payloads.map((payload) => `${payload.replaceAll("/", "∕")}.csv`);
  for (const [k, name] of names.entries()) {
    const body = `a,b\n1,${k}\n2,${k}\n${payloads[k]!.length},x${k}\n`;
    await victim.ask(`/api/upload?name=${encodeURIComponent(name)}`, { method: "POST", body });
  }
  const upload = await victim.ask(`/api/upload?name=${encodeURIComponent(names[0]!)}`, {
    method: "POST",
    body: csv,
  });
  const { id: datasetId } = (await upload.json()) as { id: string };
  const trained = await victim.send("POST", "/api/train?wait=1", {
    ...{ datasetId, target: "label", name: "hostile", budgetRounds: 1, task: "multiclass" },
  });
  const run = (await trained.json()) as { id: string; status: string; version: number; error: unknown };
  if (run.status !== "finished") throw new Error(`the hostile run: ${JSON.stringify(run).slice(0, 500)}`);
  await victim.send("PUT", "/api/models/hostile/live", { version: run.version, confirm: true });
  return { datasetId, runId: run.id, names };
}

/** One page: no payload became an element, an attribute, a request, or ran. */
async function look(page: Page, url: string, place: string, { payloads, wild, table }: Visit): Promise<void> {
  await page.goto(url, { waitUntil: "load" });
  await judge(page, place, { payloads, wild, table });
}

async function judge(page: Page, place: string, { payloads, wild, table }: Visit): Promise<void> {
  const harm = await page.evaluate(() => {
    const found: string[] = [];
    if ("pwn" in window) found.push("ran");
    for (const element of document.querySelectorAll("*")) {
      if (element.id === "pwn") found.push(`made ${element.outerHTML.slice(0, 80)}`);
      if (element.matches("meta[http-equiv=refresh], base[href*=pwn], object, iframe[srcdoc], hx-partial"))
        found.push(`made ${element.outerHTML.slice(0, 80)}`);
      for (const { name, value } of element.attributes)
        if (
          /pwn/.test(value) &&
          /^(?:on|data-hx|hx-|srcdoc|action|formaction)/.test(name) &&
          !/^\/?(?:[\w.-]+\/)*(?:datasets|runs|models)\//.test(value)
        )
          found.push(`${name}=${value.slice(0, 80)}`);
    }
    return found;
  });
  const faults = [...harm, ...wild.splice(0).map((url) => `asked ${url}`)];
  const shown = await page.evaluate(() => document.documentElement.outerHTML.includes("pwn"));
  for (const payload of payloads)
    table
      .row(place)
      .add(
        faults.length > 0 ? "LOST" : shown ? "shown as text" : "not shown",
        `${payload}: ${faults.join("; ")}`,
      );
}

/** An open dashboard to which the name is pushed. */
async function pushed(victim: Victim, page: Page, payload: string, visit: Visit): Promise<void> {
  if (!page.url().endsWith(victim.url)) await page.goto(victim.url);
  const name = `${payload.replaceAll("/", "∕")}.csv`;
  // The same bytes again would be the existing file, under its first name.
  const body = `p,q\n1,1\n2,2\n3,${SCRIPTS.indexOf(payload)}\n`;
  await victim.ask(`/api/upload?name=${encodeURIComponent(name)}`, { method: "POST", body });
  await page.waitForFunction((text) => document.body.textContent?.includes(text), name.slice(0, 12));
  await judge(page, "pushed over the socket", { ...visit, payloads: [payload] });
}

/** Responses that are not HTML: SVG, CSV, JSON and plain text have their own type, and contain no formula. */
async function asText(victim: Victim, { payloads, table }: Visit, names: string[]): Promise<void> {
  const forms = [
    "/panels/datasets.svg",
    "/panels/datasets.csv",
    "/panels/datasets.json",
    "/panels/datasets.txt",
    "/panels/model.svg?of=hostile",
  ];
  for (const path of forms) {
    const answer = await victim.ask(path);
    const text = await answer.text();
    const isSvg = answer.headers.get("content-type")?.includes("svg");
    const isSniffed = answer.headers.get("x-content-type-options") !== "nosniff";
    const hasMarkup = isSvg && /<script|<img|onload=|onerror=|<iframe/i.test(text);
    const outcome = answer.status === 404 ? "no such form" : isSniffed || hasMarkup ? "LOST" : "plain";
    for (const _ of payloads) table.row("SVG, CSV, JSON, text").add(outcome, `${path} ${names[0]}`);
  }
  const row = Object.fromEntries(payloads.map((payload) => [`n ${payload}`, payload]));
  const csv = await victim.ask("/api/models/hostile/predict", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: `amount,note\n1,"=cmd|' /C calc'!A0"\n2,@SUM(1)\n`,
  });
  const formulas = (await csv.text()).split("\n").filter((line) => /(^|,)"?[=@+]/.test(line));
  const json = await victim.send("POST", "/api/models/hostile/predict", row);
  table
    .row("predictions as CSV and JSON")
    .add(formulas.length > 0 || json.status >= 500 ? "LOST" : "no formula", formulas.join());
}

function chunked<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, k) =>
    list.slice(k * size, (k + 1) * size),
  );
}
