/**
 * Counts how many requests per second a server handles. Eight keep-alive connections, each with one request at a time:
 * by wrk if it is installed, else by raw sockets in a separate process.
 */
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Load {
  seconds: number;
  body: string;
}
export interface Loaded {
  perSecond: number;
  p50: number;
  p99: number;
}

const CONNECTIONS = 8;

export async function loadOn(url: string, load: Load): Promise<Loaded> {
  return Bun.which("wrk") ? byWrk(url, load) : bySockets(url, load);
}

async function byWrk(url: string, { seconds, body }: Load): Promise<Loaded> {
  const script = join(tmpdir(), `signalbox-wrk-${process.pid}.lua`);
  const post = [
    'wrk.method = "POST"',
    'wrk.headers["content-type"] = "application/json"',
    `wrk.body = [==[${body}]==]`,
    "done = function(summary, latency)",
    "  local e = summary.errors",
    '  local bad = string.format("%d/%d/%d", e.status, e.read, e.timeout)',
    `  print(string.format("\\n%s %f %f %f", bad, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))`,
    "end",
  ];
  await Bun.write(script, post.join("\n"));
  const words = ["wrk", "-t1", "--timeout", "10s", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", script, url];
  const said = await new Response(Bun.spawn(words, { stdout: "pipe" }).stdout).text();
  const [bad, ...figures] = said.trim().split("\n").at(-1)!.split(" ");
  if (bad !== "0/0/0") throw new Error(`${bad} answers of ${url} were errors, unread or too late`);
  const [perSecond, p50, p99] = figures.map(Number);
  return { perSecond: perSecond!, p50: p50!, p99: p99! };
}

async function bySockets(url: string, load: Load): Promise<Loaded> {
  const child = Bun.spawn([process.execPath, import.meta.path, url, JSON.stringify(load)], {
    stdout: "pipe",
  });
  return JSON.parse(await new Response(child.stdout).text()) as Loaded;
}

async function ask(url: URL, { seconds, body }: Load): Promise<Loaded> {
  const request =
    `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const took: number[] = [];
  const endsAt = performance.now() + seconds * 1000;
  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      let received = "";
      let sentAt = 0;
      const send = () => {
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on("connect", send).on("error", reject);
      socket.on("data", (bytes) => {
        received += bytes.toString("latin1");
        const head = received.indexOf("\r\n\r\n");
        const length = /content-length: (\d+)/i.exec(received)?.[1];
        if (head < 0 || received.length < head + 4 + Number(length)) return;
        if (!received.startsWith("HTTP/1.1 200")) return reject(new Error(received.slice(0, 300)));
        received = "";
        took.push(performance.now() - sentAt);
        if (performance.now() < endsAt) return send();
        socket.destroy();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor(share * (took.length - 1))]!;
  return { perSecond: took.length / seconds, p50: at(0.5), p99: at(0.99) };
}

if (import.meta.main) {
  const [url, load] = process.argv.slice(2);
  console.log(JSON.stringify(await ask(new URL(url!), JSON.parse(load!) as Load)));
}
