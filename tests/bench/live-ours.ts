/** The product's own server for the live bench: appends a gauge event for each turn and prints the time. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Viewer } from "../../core/live/viewer.ts";
import { readConfig } from "../../core/operations/config.ts";
import { openSignalbox } from "../../core/process/signalbox.ts";
import { createApp } from "../../server.ts";
import { now, obey } from "./live-commands.ts";

const folder = mkdtempSync(join(tmpdir(), "signalbox-live-"));
const config = readConfig({
  DATA_DIR: folder,
  PORT: "0",
  LOG_LEVEL: "silent",
  METRICS_SECONDS: "3600",
  MAX_SOCKETS: "20000",
  // One of several servers on a database.
  DATABASE_URL: process.argv[2] ?? "",
});
const signalbox = await openSignalbox(config);
let published = (_at: number) => {};
const { app, sockets } = createApp(signalbox, (topic, message) => {
  published(now());
  server.publish(topic, message);
});
const server = Bun.serve<Viewer>({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, bun) => app.fetch(request, { server: bun }),
  websocket: sockets.handlers(),
});
await obey(server.port, async (tick) => {
  const at = now();
  const sent = new Promise<number>((resolve) => {
    published = resolve;
  });
  await signalbox.log.append("metrics.sampled", { values: { tick } });
  return { at, sentAt: await sent };
});
await signalbox.close();
process.exit(0);
