/** A whole Signalbox on a real port, in this process: for sockets, and for several servers on one database. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Viewer } from "../../core/live/viewer.ts";
import { readConfig } from "../../core/operations/config.ts";
import { openSignalbox, type Signalbox } from "../../core/process/signalbox.ts";
import { createApp } from "../../server.ts";

export interface Served {
  /** Without a slash at its end. */
  url: string;
  signalbox: Signalbox;
  /** How many sockets are open. */
  viewers: () => number;
  /** As a script: JSON, unless `init` says otherwise. */
  ask: (path: string, init?: RequestInit) => Promise<Response>;
  close: () => Promise<void>;
}

export async function openServed(settings: Record<string, string>): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-served-"));
  const given = { DATA_DIR: folder, LOG_LEVEL: "silent", METRICS_SECONDS: "3600", ...settings };
  const signalbox = await openSignalbox(readConfig(given));
  const { app, sockets } = createApp(signalbox, (topic, message) => server.publish(topic, message));
  const server = Bun.serve<Viewer>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, bun) => app.fetch(request, { server: bun }),
    websocket: sockets.handlers(),
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    signalbox,
    viewers: () => sockets.count,
    ask: (path, init = {}) => {
      const headers = { accept: "application/json", ...(init.headers as Record<string, string>) };
      return fetch(url + path, { redirect: "manual", ...init, headers });
    },
    close: async () => {
      await sockets.stop();
      await server.stop(true);
      await signalbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
