/** The product's own server for the live bench: appends a gauge event for each line on stdin and says when. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readConfig } from "../../core/config.ts";
import { openSignalbox } from "../../core/signalbox.ts";
import type { Viewer } from "../../core/sockets.ts";
import { createApp } from "../../server.ts";

const folder = mkdtempSync(join(tmpdir(), "signalbox-live-"));
const config = readConfig({
  DATA_DIR: folder,
  PORT: "0",
  LOG_LEVEL: "silent",
  METRICS_SECONDS: "3600",
  MAX_SOCKETS: "20000",
});
const box = await openSignalbox(config);
const { app, sockets } = createApp(box, (topic, message) => server.publish(topic, message));
const server = Bun.serve<Viewer>({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, bun) => app.fetch(request, { server: bun }),
  websocket: sockets.handlers(),
});
console.log(JSON.stringify({ port: server.port }));
let cpu = process.cpuUsage();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stop") break;
  if (line === "usage") {
    Bun.gc(true);
    const used = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    console.log(
      JSON.stringify({ rssBytes: process.memoryUsage.rss(), cpuMs: (used.user + used.system) / 1000 }),
    );
    continue;
  }
  const at = performance.timeOrigin + performance.now();
  box.log.append("metrics.sampled", { values: { tick: Number(line) } });
  console.log(JSON.stringify({ at }));
}
await box.close();
process.exit(0);
