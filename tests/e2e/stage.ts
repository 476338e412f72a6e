/** Sets up what every browser journey needs: a server with an empty folder, a file to upload, and the axe check. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { type OwnSchema, ownSchema } from "../harness/postgres.ts";

export interface Server {
  url: string;
  pid: number;
  stop: () => Promise<void>;
  /** Kills it without a word, as a power cut would. */
  kill: () => Promise<void>;
  signal: (signal: NodeJS.Signals) => void;
}

/** With TEST_ENGINE=postgres each data folder has a database of its own beside it. */
const databases = new Map<string, OwnSchema>();

async function databaseFor(folder: string): Promise<Record<string, string>> {
  if (process.env.TEST_ENGINE !== "postgres") return {};
  const database = databases.get(folder) ?? (await ownSchema());
  databases.set(folder, database);
  return { DATABASE_URL: database.url };
}

/** Starts `server.ts` and reads its first line. */
export async function startServer(folder: string, settings: Record<string, string> = {}): Promise<Server> {
  const env = {
    ...process.env,
    DATA_DIR: folder,
    PORT: "0",
    LOG_LEVEL: "error",
    METRICS_SECONDS: "1",
    ...(await databaseFor(folder)),
    ...settings,
  };
  const child = spawn("bun", ["server.ts"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return {
    url: (JSON.parse(first) as { url: string }).url,
    pid: child.pid!,
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
    signal: (signal) => void child.kill(signal),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

/** Each test gets a server of its own; console errors and failed requests to other hosts fail it. */
export const test = base.extend<{ folder: string; server: Server }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the first argument.
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-e2e-"));
    await use(folder);
    await databases.get(folder)?.drop();
    databases.delete(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  server: async ({ folder }, use) => {
    const server = await startServer(folder);
    await use(server);
    await server.stop();
  },
});

export { expect };

/** Fruit whose ripeness follows from size and colour, with gaps; the same bytes each time. */
export function fruitCsv(rows: number): string {
  const lines = ["size,colour,weight,ripe"];
  for (let index = 0; index < rows; index += 1) {
    const size = 20 + ((index * 37) % 61);
    const colour = ["green", "yellow", "red"][(index * 7) % 3]!;
    const weight = index % 11 === 0 ? "" : (size * 2.1 + ((index * 13) % 17)).toFixed(1);
    const score = size + (colour === "red" ? 20 : colour === "yellow" ? 8 : 0) + ((index * 29) % 23);
    lines.push(`${size},${colour},${weight},${score > 66 ? "yes" : "no"}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A file with names and values that would break a page which trusted them. */
export const HOSTILE_CSV = [
  `<img src=x onerror=alert(1)>,"a ""quoted"" name",__proto__,${"very_long_".repeat(20)}`,
  ...Array.from({ length: 60 }, (_, i) => `${i % 7},<b>${i % 3}</b>,${i % 2 ? "x" : "y"},${i}`),
].join("\n");

/** No violation in either theme. The dark one has other colours and nothing else. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const rules = colorScheme === "dark" ? axe(page).withRules("color-contrast") : axe(page);
    const { violations } = await rules.analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
    expect(told, `axe on ${page.url()} in ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Without its page for what frames of other origins found, and without lists of what is right: a third of the time. */
const axe = (page: Page) =>
  new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });

/** Collects what the page complains about. */
export function listenForErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== new URL(page.url()).host && page.url() !== "about:blank")
      errors.push(`asked another host: ${request.url()}`);
  });
  return errors;
}

/** Drops a file on the page, as from the desktop. */
export async function dropFile(page: Page, file: { name: string; text: string }): Promise<void> {
  const transfer = await page.locator("main").evaluateHandle((_, { name, text }) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: "text/csv" }));
    return data;
  }, file);
  await page.dispatchEvent("main", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
}
