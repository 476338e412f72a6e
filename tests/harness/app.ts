/**
 * A whole Signalbox in a temporary folder, asked through `app.request`: no port, no network. On SQLite, or with
 * TEST_ENGINE=postgres in a schema of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "bun";
import type { LoggedEvent } from "../../core/events/event-log.ts";
import type { Viewer } from "../../core/live/viewer.ts";
import { readConfig } from "../../core/operations/config.ts";
import { openSignalbox, type Signalbox } from "../../core/process/signalbox.ts";
import { createApp } from "../../server.ts";
import { ownSchema } from "./postgres.ts";

export interface Harness {
  /** Its DATA_DIR. */
  folder: string;
  signalbox: Signalbox;
  /** Sends requests as a script would: JSON, our own host; from this machine, or from another address. */
  ask: (path: string, init?: RequestInit, from?: string) => Promise<Response>;
  /** Every route that the server has, middleware included. */
  routes: { method: string; path: string }[];
  json: <T = Record<string, unknown>>(path: string, init?: RequestInit) => Promise<T>;
  send: (method: string, path: string, body: unknown) => Promise<Response>;
  upload: (name: string, csv: string | Uint8Array<ArrayBuffer>) => Promise<Response>;
  eventsSince: (seq: number) => Promise<LoggedEvent[]>;
  close: () => Promise<void>;
}

export async function openHarness(
  /** DATABASE_URL "": one machine, whatever the engine of the tests. */
  settings: Record<string, string> = {},
  now: () => number = Date.now,
): Promise<Harness> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-http-"));
  const schema =
    process.env.TEST_ENGINE === "postgres" &&
    settings.DATABASE_URL === undefined &&
    !settings.DATABASE_URL_FILE
      ? await ownSchema()
      : null;
  const config = readConfig({
    DATA_DIR: folder,
    LOG_LEVEL: "silent",
    METRICS_SECONDS: "3600",
    ...(schema && { DATABASE_URL: schema.url }),
    ...settings,
  });
  const signalbox = await openSignalbox(config, now);
  const { app, sockets } = createApp(signalbox, () => {});
  const ask = async (path: string, init: RequestInit = {}, from = "127.0.0.1") => {
    const headers = new Headers({ host: "127.0.0.1:8000", accept: "application/json" });
    new Headers(init.headers).forEach((value, name) => {
      headers.set(name, value);
    });
    const peer = { requestIP: () => ({ address: from, port: 1, family: "IPv4" }), timeout: () => {} };
    const server = peer as unknown as Server<Viewer>;
    return app.request(`http://127.0.0.1:8000${path}`, { ...init, headers }, { server });
  };
  return {
    folder,
    signalbox,
    ask,
    routes: app.routes,
    json: async <T>(path: string, init?: RequestInit) => (await (await ask(path, init)).json()) as T,
    send: (method, path, body) =>
      ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    upload: (name, csv) => ask(`/api/upload?name=${encodeURIComponent(name)}`, { method: "POST", body: csv }),
    eventsSince: (seq) => signalbox.log.read(seq, 100_000),
    close: async () => {
      await sockets.stop();
      await signalbox.close();
      await schema?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Seeded numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Passengers whose survival follows from class, sex and age, with noise and gaps. */
export function passengersCsv(rows: number, seed = 1): string {
  const random = seeded(seed);
  const lines = ["Id,Class,Sex,Age,Fare,Survived"];
  for (let i = 0; i < rows; i++) {
    const cabin = 1 + Math.floor(random() * 3);
    const isWoman = random() < 0.4;
    const age = Math.round(1 + random() * 70);
    const fare = (80 / cabin + random() * 20).toFixed(2);
    const score =
      (isWoman ? 1.8 : -1) + (cabin === 1 ? 1 : cabin === 3 ? -1 : 0) - age / 60 + (random() - 0.5) * 2;
    const shownAge = random() < 0.1 ? "" : String(age);
    lines.push(
      `P${1000 + i},${cabin},${isWoman ? "female" : "male"},${shownAge},${fare},${score > 0 ? 1 : 0}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
