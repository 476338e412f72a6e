/** The usual way on Node: ws, one send after another. It is bundled before, because Node reads no TypeScript. */
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { now, obey } from "./live-commands.ts";

const payload = process.argv[2] ?? "";
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", backlog: 4096, perMessageDeflate: false });
await new Promise((resolve) => server.once("listening", resolve));
await obey((server.address() as AddressInfo).port, () => {
  const at = now();
  for (const socket of server.clients) socket.send(payload);
  return { at, sentAt: at };
});
process.exit(0);
