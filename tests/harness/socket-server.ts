/** The live core on a real port, with drawings of a chosen size and a clock that the test sets. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../core/events/event-log.ts";
import { ALL_VISIBLE, Privacy } from "../../core/events/privacy.ts";
import { Live } from "../../core/live/live.ts";
import { Sockets } from "../../core/live/sockets.ts";
import type { Viewer } from "../../core/live/viewer.ts";
import { readConfig } from "../../core/operations/config.ts";
import { AppError } from "../../core/platform/errors.ts";
import type { Store } from "../../core/store/database.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";

export interface SocketServer {
  url: string;
  log: EventLog;
  store: Store;
  sockets: Sockets;
  /** How often a handler was called. */
  calls: { drain: number; pong: number };
  /** Milliseconds that are added to the clock. */
  clock: { ahead: number };
  close: () => void;
}

export async function openSocketServer(options: {
  drawingBytes: number;
  settings?: Record<string, string>;
}): Promise<SocketServer> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-sockets-"));
  const config = readConfig({ DATA_DIR: folder, ...options.settings });
  const store = await openSqlite(folder);
  const log = await EventLog.open(store, Date.now);
  const clock = { ahead: 0 };
  const calls = { drain: 0, pong: 0 };
  const publish = (topic: string, message: string) => server.publish(topic, message);
  const failed = (error: unknown) => {
    throw error;
  };
  const live = new Live({
    clock: {
      now: () => performance.now(),
      after: (ms, tick) => (ms > 0 ? setTimeout(tick, ms) : setImmediate(tick)),
    },
    lastSeq: () => log.lastSeq,
    draw: (key) => `<p id="${key}">${"x".repeat(options.drawingBytes)}</p>`,
    publish: (drawings, watermark) => sockets.publish(drawings, watermark),
    failed: (_, error) => failed(error),
  });
  log.subscribe((seq, stale) => live.markStale(seq, stale));
  const sockets = new Sockets({
    config,
    log,
    privacy: await Privacy.open(store, log, failed),
    live,
    publish,
    now: () => Date.now() + clock.ahead,
    hear() {},
    failed,
  });
  const handlers = sockets.handlers();
  const server = Bun.serve<Viewer>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, bun) => {
      const address = bun.requestIP(request)?.address ?? "";
      try {
        bun.upgrade(request, {
          data: sockets.admit(new URL(request.url), {
            address,
            origin: "http://here",
            hold: () => () => {},
            mayPredict: false,
            viewScope: ALL_VISIBLE,
          }),
        });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return new Response(error.message, { status: error.code === "unavailable" ? 503 : 422 });
      }
    },
    websocket: {
      ...handlers,
      drain: (socket) => {
        calls.drain += 1;
        handlers.drain?.(socket);
      },
      pong: (socket, data) => {
        calls.pong += 1;
        handlers.pong?.(socket, data);
      },
    },
  });
  const close = async () => {
    await sockets.stop();
    server.stop(true);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${server.port}`, log, store, sockets, calls, clock, close };
}
