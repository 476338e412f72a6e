/** Over real sockets and restarts: the JSON stream misses no event and repeats none; HTML ends with the present. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readUntil } from "../../harness/deadline.ts";
import { ServerProcess } from "../../harness/process.ts";

const server = new ServerProcess({ METRICS_SECONDS: "0.1" });
beforeAll(() => server.start());
afterAll(() => server.remove());

interface Message {
  control?: string;
  epoch?: string;
  seq: number;
  watermark?: number;
  panels?: Record<string, number>;
  content?: string;
  truncated?: boolean;
}

/** Resolves once `isEnough` is true for everything received. */
function collect(socket: WebSocket, isEnough: (messages: Message[]) => boolean): Promise<Message[]> {
  const messages: Message[] = [];
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      messages.push(JSON.parse(data as string) as Message);
      if (isEnough(messages)) resolve(messages);
    };
    socket.onclose = () => resolve(messages);
    socket.onerror = () => reject(new Error("the socket failed"));
  });
}

describe("a JSON reader", () => {
  test("that is disconnected at random and reconnects has every event once, in order, across a restart", async () => {
    const schedule = fc.sample(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }), {
      numRuns: 1,
      seed: 7,
    })[0]!;
    const seen: number[] = [];
    let epoch = "";
    for (const [turn, count] of schedule.entries()) {
      const since = seen.at(-1) ?? 0;
      const socket = server.socket(`format=json&since=${since}${epoch && `&epoch=${epoch}`}`);
      const messages = await collect(socket, (all) => all.length > count);
      socket.close();
      const [hello, ...events] = messages;
      expect(hello).toMatchObject({ control: "hello", truncated: false });
      epoch = hello!.epoch!;
      seen.push(...events.map(({ seq }) => seq));
      if (turn === 4) {
        await server.end("SIGKILL");
        await server.start();
      }
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1));
    expect(seen.length).toBeGreaterThanOrEqual(8);
  }, 30_000);

  test("a position from another epoch or the future is reported as invalid", async () => {
    for (const query of ["format=json&since=3&epoch=other", "format=json&since=999999999"]) {
      const socket = server.socket(query);
      const [hello] = await collect(socket, (all) => all.length === 1);
      socket.close();
      expect(hello!.truncated).toBe(true);
    }
  });
});

describe("a viewer", () => {
  test("gets what it missed in the first message, and nothing if it missed nothing", async () => {
    const first = server.socket("panels=datasets,metrics");
    const [hello] = await collect(first, (all) => all.length === 1);
    first.close();
    expect(Object.keys(hello!.panels!).sort()).toEqual(["datasets", "metrics"]);
    expect(hello!.content).toContain('id="datasets"');
    const again = server.socket(`panels=datasets&since=${hello!.watermark}&epoch=${hello!.epoch}`);
    const [nothing] = await collect(again, (all) => all.length === 1);
    again.close();
    expect(nothing!.panels).toEqual({});
    expect(nothing!.content).toBeUndefined();
    await server.ask("/api/upload?name=x.csv", { method: "POST", body: `a,b\n${"1,x\n2,y\n".repeat(30)}` });
    const back = server.socket(`panels=datasets&since=${hello!.watermark}&epoch=${hello!.epoch}`);
    const [missed] = await collect(back, (all) => all.length === 1);
    back.close();
    expect(missed!.content).toContain("x.csv");
  }, 15_000);

  test("drawings of one panel rise in number, and their watermark never falls", async () => {
    const socket = server.socket("panels=metrics,datasets,health");
    const isDrawing = ({ control }: Message) => !control;
    const all = await collect(socket, (all) => all.filter(isDrawing).length === 6);
    socket.close();
    const drawings = all.filter(isDrawing);
    // What one event made stale arrives in one message; nothing else is sent.
    for (const { panels } of drawings) expect(Object.keys(panels!).sort()).toEqual(["health", "metrics"]);
    const numbers = drawings.map(({ panels }) => panels!.metrics!);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    const horizons = drawings.map(({ watermark }) => watermark!);
    expect(horizons).toEqual([...horizons].sort((a, b) => a - b));
  }, 15_000);

  test("reads curl commands with the URL that it uses itself, whether pushed, polled or loaded", async () => {
    const body = `a,b\n${"1,x\n2,y\n3,x\n4,y\n".repeat(40)}`;
    const upload = await server.ask("/api/upload?name=addresses.csv", { method: "POST", body });
    const { id: datasetId } = (await upload.json()) as { id: string };
    const homes = [server.url, server.url.replace("127.0.0.1", "localhost")];
    const runs = homes.map((home) => {
      const socket = new WebSocket(`${home.replace("http", "ws")}ws?panels=run`);
      return collect(socket, (all) => all.some(({ content }) => content?.includes("/api/runs/"))).finally(
        () => socket.close(),
      );
    });
    const headers = { "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify({ datasetId, target: "b" }) };
    const { id } = (await (await server.ask("/api/train", options)).json()) as { id: string };
    for (const [index, messages] of (await Promise.all(runs)).entries()) {
      const home = homes[index]!;
      expect(messages.at(-1)!.content).toContain(`${home}api/runs/${id}`);
      expect(await (await fetch(`${home}panels/run`)).text()).toContain(`${home}api/runs/${id}`);
      const page = await fetch(home, { headers: { accept: "text/html" } });
      expect(await page.text()).toContain(`${home}api/runs/${id}`);
    }
    expect((await server.ask(`/api/runs/${id}`, { method: "DELETE" })).status).toBe(202);
  }, 15_000);

  test("a socket of another origin, or for a panel that does not exist, is refused before the upgrade", async () => {
    const upgrade = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" };
    const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
    const foreign = await server.ask("/ws", {
      headers: { ...upgrade, ...key, origin: "http://evil.example" },
    });
    expect(foreign.status).toBe(403);
    const unknown = await server.ask("/ws?panels=secrets", { headers: { ...upgrade, ...key } });
    expect(unknown.status).toBe(400);
  });
});

describe("streams", () => {
  test("SSE continues after Last-Event-ID, NDJSON ends with the last event", async () => {
    const ndjson = await server.ask("/api/events?since=0", { headers: { accept: "application/x-ndjson" } });
    const lines = (await ndjson.text()).split("\n").filter(Boolean);
    expect(lines.map((line) => (JSON.parse(line) as Message).seq)).toEqual(lines.map((_, i) => i + 1));
    const sse = await server.ask("/api/events", {
      headers: { accept: "text/event-stream", "last-event-id": "2" },
    });
    const reader = sse.body!.getReader();
    const text = await readUntil(reader, (known) => known.includes("id: 5"), "the fifth event");
    await reader.cancel();
    expect([...text.matchAll(/^id: (\d+)$/gm)].slice(0, 3).map((match) => match[1]!)).toEqual([
      "3",
      "4",
      "5",
    ]);
  }, 60_000);

  test("an unknown position starts at the last event, and the headers say so", async () => {
    const { epoch } = await server.json<{ epoch: string }>("/api/status");
    for (const query of ["since=999999999", "since=1&epoch=other"]) {
      const stream = await server.ask(`/api/events?follow=1&${query}`);
      expect(stream.headers.get("signalbox-truncated")).toBe("true");
      expect(stream.headers.get("signalbox-epoch")).toBe(epoch);
      await stream.body!.cancel();
      expect(await server.json(`/api/events?${query}`)).toMatchObject({ truncated: true, epoch });
    }
    const known = await server.ask(`/api/events?follow=1&since=1&epoch=${epoch}`);
    expect(known.headers.get("signalbox-truncated")).toBe("false");
    await known.body!.cancel();
  });

  test("end when the server stops, so that it can exit", async () => {
    const stream = await server.ask("/api/events?follow=1&since=0");
    const whole = stream.text();
    expect(await server.end("SIGTERM")).toBe(0);
    expect((await whole).split("\n").filter(Boolean).length).toBeGreaterThan(5);
    await server.start();
  }, 15_000);
});
