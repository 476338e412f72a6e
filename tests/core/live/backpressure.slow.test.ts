/** Checks that a viewer that does not read costs little and delays nobody, and that a slow reader gets all events. */

import { afterEach, describe, expect, test } from "bun:test";
import { ALL_VISIBLE } from "../../../core/events/privacy.ts";
import { until } from "../../harness/deadline.ts";
import { RawClient } from "../../harness/raw-client.ts";
import { openSocketServer, type SocketServer } from "../../harness/socket-server.ts";

let server: SocketServer;
afterEach(() => server.close());

const PANELS = ["metrics", "health", "connection", "predictions"];
const DRAWING_BYTES = 60_000;
const PATH = `/ws?panels=${PANELS.join(",")}`;
const tick = () => server.log.append("metrics.sampled", { values: {} });

interface Drawn {
  control?: string;
  panels: Record<string, number>;
}

/** A viewer that reads: the positions of all drawings of the first panel. */
async function openViewer(): Promise<{ socket: WebSocket; seqs: number[] }> {
  const socket = new WebSocket(`${server.url}${PATH}`);
  const seqs: number[] = [];
  socket.onmessage = ({ data }) => {
    const { control, panels } = JSON.parse(data as string) as Drawn;
    if (!control) seqs.push(panels[PANELS[0]!]!);
  };
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  return { socket, seqs };
}

describe("two hundred viewers that do not read", () => {
  test("are closed, cost under 50 MB together, and others notice nothing", async () => {
    server = await openSocketServer({ drawingBytes: DRAWING_BYTES });
    const viewers = await Promise.all([openViewer(), openViewer(), openViewer()]);
    const command = [process.execPath, `${import.meta.dir}/rude-viewers.ts`, server.url, PATH];
    const rude = Bun.spawn(command, { stdio: ["pipe", "pipe", "inherit"] });
    const said = rude.stdout.getReader();
    await said.read();
    expect(server.sockets.count).toBe(203);
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let peak = before;
    const drawn: number[] = [];
    const deadline = performance.now() + 25_000;
    while (server.sockets.count > 3) {
      expect(performance.now()).toBeLessThan(deadline);
      await tick();
      drawn.push(server.log.lastSeq);
      await until(() => viewers.every(({ seqs }) => seqs.length === drawn.length));
      Bun.gc(true);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    // Each may hold one message of 240 kB; what more would come ends it.
    expect((peak - before) / 1e6).toBeLessThan(50);
    // The kernel holds some 3 to 6 MB for each before anything waits with us.
    expect((drawn.length * PANELS.length * DRAWING_BYTES) / 1e6).toBeLessThan(15);
    for (const { seqs } of viewers) expect(seqs).toEqual(drawn);
    rude.stdin.write("read\n");
    rude.stdin.end();
    expect(new TextDecoder().decode((await said.read()).value)).toBe("closed\n");
    rude.kill();
    const back = await openViewer();
    expect(server.sockets.count).toBe(4);
    for (const { socket } of [...viewers, back]) socket.close();
  }, 30_000);
});

describe("a reader of events", () => {
  test("that replays 100,000 of them slowly gets each once, in order", async () => {
    server = await openSocketServer({ drawingBytes: 1 });
    const padding = "x".repeat(300);
    await server.log.record(async (tx) => {
      for (let i = 0; i < 100_000; i++) await tx.append("metrics.sampled", { values: { [padding]: i } });
    });
    const reader = await RawClient.open(server.url, "/ws?format=json&since=0");
    let last = 0;
    for await (const message of reader.messages(30)) {
      const { control, seq } = JSON.parse(message) as { control?: string; seq: number };
      if (control) continue;
      if (seq !== last + 1) throw new Error(`${seq} came after ${last}`);
      last = seq;
      if (seq === 100_000) break;
    }
    expect(last).toBe(100_000);
    expect(server.calls.drain).toBeGreaterThan(0);
    reader.destroy();
  }, 30_000);
});

describe("limits", () => {
  test("more sockets get 503 before the upgrade, also in a burst; a closed socket frees its place", async () => {
    server = await openSocketServer({ drawingBytes: 1, settings: { MAX_SOCKETS: "3" } });
    const burst = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(server.url, PATH)));
    expect(burst.map(({ status }) => status).sort()).toEqual([101, 101, 101, ...Array(9).fill(503)]);
    burst.find(({ status }) => status === 101)!.destroy();
    await until(() => server.sockets.count === 2);
    const next = await RawClient.open(server.url, PATH);
    expect(next.status).toBe(101);
    for (const client of [...burst, next]) client.destroy();
  });
});

describe("a half-open socket", () => {
  test("is closed within 60 s, while one that responds stays", async () => {
    server = await openSocketServer({ drawingBytes: 1 });
    const viewer = await openViewer();
    const frozen = await RawClient.open(server.url, PATH);
    for (let seconds = 0; seconds < 60; seconds += 15) {
      const { pong } = server.calls;
      server.sockets.closeSilent();
      if (server.sockets.count === 1) break;
      await until(() => server.calls.pong > pong);
      server.clock.ahead += 15_000;
    }
    expect(server.sockets.count).toBe(1);
    expect(viewer.socket.readyState).toBe(WebSocket.OPEN);
    // The machine slept: nobody could respond.
    server.clock.ahead += 3_600_000;
    server.sockets.closeSilent();
    expect(server.sockets.count).toBe(1);
    viewer.socket.close();
    frozen.destroy();
  });
});

test("each address has a limit, loopback has none, and a closed socket frees its place", async () => {
  server = await openSocketServer({
    drawingBytes: 1,
    settings: { MAX_SOCKETS: "10", MAX_SOCKETS_PER_ADDRESS: "2" },
  });
  const { open, close } = server.sockets.handlers();
  const url = new URL("http://here/ws?panels=metrics");
  const come = (address: string) => {
    const access = { hold: () => () => {}, mayPredict: false, viewScope: ALL_VISIBLE };
    const visitor = { address, origin: "http://here", ...access };
    const socket = {
      data: server.sockets.admit(url, visitor),
      subscribe: () => {},
      send: () => 1,
      close: () => {},
    };
    open?.(socket as never);
    return socket;
  };
  const first = come("10.0.0.5");
  come("10.0.0.5");
  expect(() => come("10.0.0.5")).toThrow("The limit of open sockets is reached");
  come("10.0.0.6");
  for (let i = 0; i < 5; i++) come("127.0.0.1");
  close?.(first as never, 1000, "");
  come("10.0.0.5");
  expect(server.sockets.count).toBe(8);
});
