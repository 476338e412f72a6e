/** Rig 8b: hostile requests: ways out of folders, foreign pages, foreign hosts, broken sockets, bombs, damaged models. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DamagedFileError, readModel } from "../../core/trainer/model/model-file.ts";
import { newLedger, tableCsv, travel } from "./journey.ts";
import { encodedTimes, TRAVERSALS } from "./payloads.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const DAMAGED_MODELS = 5000;

export const REQUESTS: Rig = {
  name: "requests",
  says: "hostile requests, sockets, archives and model files",
  needs: [],
  weight: 40,
  async run(options, table) {
    const folder = newFolder();
    const victim = await Victim.start({ folder });
    await travel(victim, newLedger(), 1);
    await climb(victim, folder, table.row("ways out of a folder, encoded 0 to 3 times"));
    await foreignPages(victim, table.row("method, Sec-Fetch-Site, Origin, cookie"));
    await foreignHosts(victim, table.row("Host forms, HTTP and socket"));
    await brokenSockets(victim, table.row("socket messages"));
    await bombs(victim, table.row("bombs"));
    await damagedModels(folder, options.isShort ? 200 : DAMAGED_MODELS, table.row("damaged model files"));
    const alive = await victim.ask("/healthz");
    table.row("in the end").add(alive.ok ? "serves" : "LOST", victim.words.slice(-400));
    await victim.end();
    rmSync(folder, { recursive: true });
  },
};

async function climb(victim: Victim, folder: string, tally: Tally): Promise<void> {
  const before = readdirSync(join(folder, ".."));
  const places: ((text: string) => [string, { method: string; body: string }?])[] = [
    (text) => [`/datasets/${text}`],
    (text) => [`/api/datasets/${text}/rows`],
    (text) => [`/api/runs/${text}`],
    (text) => [`/api/models/${text}`],
    (text) => [`/api/models/crew/versions/${text}/download`],
    (text) => [`/static/${text}`],
    (text) => [`/panels/${text}`],
    (text) => [`/embed/${text}`],
    (text) => [`/api/upload?name=${text}`, { method: "POST", body: tableCsv(text.length) }],
  ];
  for (const text of TRAVERSALS)
    for (const times of [0, 1, 2, 3])
      for (const place of places) {
        const [path, init] = place(encodedTimes(text, times));
        const answer = await victim.ask(path, init);
        const said = await answer.text();
        const isOut =
          /root:x:|SQLite format 3|"What do the settings mean"|readConfig/.test(said) || answer.status >= 500;
        tally.add(isOut ? "LOST" : "kept in", `${path}: ${answer.status} ${said.slice(0, 100)}`);
      }
  const made = readdirSync(join(folder, "..")).filter(
    (file) => !before.includes(file) && !file.startsWith("signalbox-"),
  );
  if (made.length > 0 && existsSync(join(folder, "..", "etc"))) tally.add("LOST", `made ${made}`);
}

async function foreignPages(victim: Victim, tally: Tally): Promise<void> {
  const own = new URL(victim.url).origin;
  for (const method of ["POST", "PUT", "DELETE"])
    for (const site of ["same-origin", "same-site", "cross-site", "none"])
      for (const origin of [own, "http://evil.example"]) {
        const answer = await victim.ask("/api/train", {
          method,
          headers: {
            "sec-fetch-site": site,
            origin,
            cookie: "session=x",
            "content-type": "application/json",
          },
          body: method === "DELETE" ? undefined : '{"datasetId":"none"}',
        });
        await answer.text();
        const isForeign = origin !== own || site === "cross-site" || site === "same-site";
        const isRight = isForeign ? answer.status === 403 : answer.status !== 403;
        tally.add(
          isRight ? (isForeign ? "refused" : "let in") : "LOST",
          `${method} ${site} ${origin}: ${answer.status}`,
        );
      }
}

async function foreignHosts(victim: Victim, tally: Tally): Promise<void> {
  const { port } = new URL(victim.url);
  const hosts: [string, boolean][] = [
    [`127.0.0.1:${port}`, true],
    [`localhost:${port}`, true],
    [`LOCALHOST:${port}`, true],
    [`[::1]:${port}`, true],
    ["evil.example", false],
    [`evil.example:${port}`, false],
    ["127.0.0.1.evil.example", false],
    [`localhost.evil.example:${port}`, false],
    ["127.0.0.1@evil.example", false],
    ["", false],
    ["127.0.0.1 evil.example", false],
    ["[::1", false],
  ];
  for (const [host, isOurs] of hosts)
    for (const upgrade of [false, true]) {
      const status = await rawStatus(Number(port), host, upgrade);
      const isIn = status === 200 || status === 101;
      tally.add(
        isIn === isOurs ? (isOurs ? "let in" : "refused") : "LOST",
        `"${host}" ${upgrade ? "socket" : "HTTP"}: ${status}`,
      );
    }
}

/** The status that a request with exactly that Host gets; 0: the connection was closed. */
async function rawStatus(port: number, host: string, isUpgrade: boolean): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const lines = isUpgrade
    ? [
        "GET /ws HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ]
    : ["GET /healthz HTTP/1.1"];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, bytes) => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(bytes.toString())?.[1] ?? 0)),
      close: () => resolve(0),
    },
  });
  socket.write(`${lines.join("\r\n")}\r\nHost: ${host}\r\n\r\n`);
  const status = await promise;
  socket.end();
  return status;
}

async function brokenSockets(victim: Victim, tally: Tally): Promise<void> {
  const messages: [string, string | Uint8Array<ArrayBuffer>, number][] = [
    ["no JSON", "{{{", 1],
    ["1 MB", "x".repeat(1 << 20), 1],
    ["binary", new Uint8Array(1000).fill(255), 1],
    ["deep", "[".repeat(100_000), 1],
    ["1,000 a second", '{"a":1}', 1000],
    ["bad UTF-8", new Uint8Array([0xc3, 0x28, 0xff]), 1],
    ["__proto__", '{"__proto__":{"panels":"metrics"},"constructor":1}', 1],
  ];
  for (const [what, message, times] of messages) {
    const socket = new WebSocket(`${victim.url.replace("http", "ws")}ws?panels=metrics`);
    await new Promise((resolve) => {
      socket.onopen = resolve;
      socket.onerror = resolve;
    });
    for (let k = 0; k < times; k++) socket.send(message);
    const answer = await victim.ask("/healthz");
    socket.close();
    tally.add(answer.ok ? "goes on" : "LOST", what);
  }
}

async function bombs(victim: Victim, tally: Tally): Promise<void> {
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    victim.ask(path, { method: "POST", body, headers });
  const zeros = gzipSync(Buffer.alloc(300 << 20), { level: 9 });
  const parts = Array.from(
    { length: 10_000 },
    (_, k) => `--b\r\ncontent-disposition: form-data; name="f${k}"\r\n\r\nx\r\n`,
  );
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const tries: [string, () => Promise<Response>][] = [
    [
      `gzip ${Math.round((300 << 20) / zeros.length)}:1 as a file`,
      () => post("/api/upload?name=bomb.csv.gz", zeros),
    ],
    [
      "gzip as Content-Encoding",
      () => post("/api/upload?name=bomb.csv", zeros, { "content-encoding": "gzip" }),
    ],
    [
      "10,000 parts",
      () =>
        post("/api/upload", `${parts.join("")}--b--`, { "content-type": "multipart/form-data; boundary=b" }),
    ],
    ["JSON of depth 100,000", () => post("/api/train", deep, { "content-type": "application/json" })],
    ["100 kB of header names in a query", () => victim.ask(`/api/events?${"a=1&".repeat(2000)}`)],
    ["a name of 60 kB", () => post(`/api/upload?name=${"n".repeat(6000)}`, tableCsv(9))],
  ];
  for (const [what, attempt] of tries) {
    const answer = await attempt();
    const said = await answer.text();
    const isAlive = (await victim.ask("/healthz")).ok;
    tally.add(
      isAlive && answer.status < 500 ? `answered ${answer.status}` : "LOST",
      `${what}: ${answer.status} ${said.slice(0, 200)}`,
    );
  }
  await endlessChunks(victim, tally);
}

/** Chunks without end: refused at the limit or cut off by us; the others are served meanwhile. */
async function endlessChunks(victim: Victim, tally: Tally): Promise<void> {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1 << 20).fill(49)),
  });
  const ended = new AbortController();
  const sending = victim
    .ask("/api/upload?name=endless.csv", { method: "POST", body, signal: ended.signal })
    .then(
      (answer) => answer.status,
      () => 0,
    );
  const others = await Promise.all(
    Array.from({ length: 20 }, () => victim.ask("/healthz").then(({ ok }) => ok)),
  );
  ended.abort();
  await sending;
  tally.add(others.every(Boolean) ? "others are served meanwhile" : "LOST", "endless chunks");
}

async function damagedModels(folder: string, count: number, tally: Tally): Promise<void> {
  const files = readdirSync(join(folder, "models"));
  const whole = new Uint8Array(await Bun.file(join(folder, "models", files[0]!)).arrayBuffer());
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let k = 0; k < count; k++) {
    let bytes = whole.slice();
    if (k % 5 === 0) bytes = bytes.slice(0, next(bytes.length));
    else for (let flips = 1 + next(4); flips > 0; flips--) bytes[next(bytes.length)]! ^= 1 + next(255);
    try {
      readModel(bytes);
      tally.add(Buffer.compare(bytes, whole) === 0 ? "unchanged" : "LOST", `model ${k} was taken`);
    } catch (error) {
      tally.add(error instanceof DamagedFileError ? "refused" : "LOST", `model ${k}: ${error}`);
    }
  }
}
