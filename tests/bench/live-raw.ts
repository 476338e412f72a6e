/** The limit: Bun's own publish of the same bytes, nothing else. */
import { now, obey } from "./live-commands.ts";

const payload = process.argv[2] ?? "";
const server = Bun.serve<object>({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, bun) =>
    bun.upgrade(request, { data: {} }) ? undefined : new Response("no", { status: 400 }),
  websocket: { open: (socket) => void socket.subscribe("all"), message: () => {} },
});
await obey(server.port, () => {
  const at = now();
  server.publish("all", payload);
  return { at, sentAt: at };
});
process.exit(0);
