/** The limit: Bun's own publish of the same bytes, nothing else. */
import { createInterface } from "node:readline";

const payload = process.argv[2] ?? "";
const server = Bun.serve<object>({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, bun) =>
    bun.upgrade(request, { data: {} }) ? undefined : new Response("no", { status: 400 }),
  websocket: { open: (socket) => void socket.subscribe("all"), message: () => {} },
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
  server.publish("all", payload);
  console.log(JSON.stringify({ at }));
}
process.exit(0);
