/**
 * How long from an event to the HTML at the last of N viewers? Ours, beside Bun's raw publish of the same bytes (the
 * limit) and FastAPI's one send_text after another (what Signalbox replaces). All in one run, in turn. Further: `restart`,
 * `log`, `messages`, `soak`.
 */
import { printTable, quantile, talkTo } from "./live-processes.ts";

interface Peer {
  name: string;
  command: string[];
  path: string;
}
interface Figures {
  p50: number;
  p99: number;
  /** Of the server, for one broadcast. */
  cpuMs: number;
  rssMb: number;
  /** Memory that one idle socket added. */
  socketKb: number;
}

const ROUNDS = 60;
const PAUSE_MS = 220;
const HERE = import.meta.dir;

/** `live [viewers]`, `live restart [viewers]`, `live log [events]`, `live messages [seconds]`, `live soak [minutes]`. */
export async function run(args: string[]): Promise<void> {
  const [what = "1000", ...rest] = args;
  if (what === "restart") return (await import("./live-restart.ts")).run(rest);
  if (what === "log") return (await import("./live-log.ts")).run(rest);
  if (what === "messages") return (await import("./live-messages.ts")).run(rest);
  if (what === "soak") return (await import("./live-soak.ts")).run(rest);
  await compare(Number(what));
}

async function compare(viewers: number): Promise<void> {
  const ours = ourServer();
  const { sample } = await measure(ours, viewers, 1);
  const peers: Peer[] = [
    { name: "raw publish", command: [process.execPath, `${HERE}/live-raw.ts`, sample], path: "/" },
  ];
  const python = pythonWithFastApi();
  if (python)
    peers.push({ name: "FastAPI loop", command: [python, `${HERE}/live_peer.py`, sample], path: "/ws" });
  else console.log("FastAPI is missing: apt-get install python3-fastapi python3-uvicorn python3-websockets");
  const rows: [string, Figures][] = [];
  for (const peer of [ours, ...peers]) {
    try {
      rows.push([peer.name, (await measure(peer, viewers, ROUNDS)).figures]);
    } catch (error) {
      console.log(
        `${peer.name} did not hold ${viewers} viewers: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  print(viewers, sample.length, rows);
}

export function ourServer(): Peer {
  return {
    name: "Signalbox",
    command: [process.execPath, `${HERE}/live-ours.ts`],
    path: "/ws?panels=metrics",
  };
}

async function measure(
  peer: Peer,
  viewers: number,
  rounds: number,
): Promise<{ figures: Figures; sample: string }> {
  const server = talkTo(peer.command);
  const { port } = await server.next();
  const usage = async () => {
    server.say("usage");
    return (await server.next()) as { rssBytes: number; cpuMs: number };
  };
  const url = `ws://127.0.0.1:${port}${peer.path}`;
  await warmUp(url);
  const empty = await usage();
  const clients = talkTo([process.execPath, `${HERE}/live-viewers.ts`, url, String(viewers)]);
  try {
    // Ours greets a viewer with what it has not seen; only what comes after everybody is there counts.
    while (!("opened" in (await clients.next())));
    const idle = await usage();
    const times: number[] = [];
    let sample = "";
    for (let round = rounds > 1 ? -5 : 0; round < rounds; round++) {
      if (round === 0) await usage();
      server.say(String(round));
      const { at } = (await server.next()) as { at: number };
      const last = (await clients.next()) as { last: number; sample: string };
      sample = last.sample;
      if (round >= 0) times.push(last.last - at);
      await Bun.sleep(PAUSE_MS);
    }
    const busy = await usage();
    const figures = {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      cpuMs: busy.cpuMs / rounds,
      rssMb: busy.rssBytes / 1e6,
      socketKb: (idle.rssBytes - empty.rssBytes) / viewers / 1000,
    };
    return { figures, sample };
  } finally {
    await Promise.all([clients.end(), server.end()]);
  }
}

/** Code that is compiled at first use is not the memory of a socket. */
async function warmUp(url: string): Promise<void> {
  const clients = talkTo([process.execPath, `${HERE}/live-viewers.ts`, url, "200"]);
  while (!("opened" in (await clients.next())));
  await clients.end();
}

function pythonWithFastApi(): string | null {
  for (const python of ["/usr/bin/python3", "python3"]) {
    const { exitCode } = Bun.spawnSync([python, "-c", "import fastapi, uvicorn, websockets"]);
    if (exitCode === 0) return python;
  }
  return null;
}

function print(viewers: number, bytes: number, rows: [string, Figures][]): void {
  console.log(`\nEvent to the last of ${viewers} viewers, ${bytes} bytes a message, ${ROUNDS} broadcasts`);
  printTable(
    ["server", "p50 ms", "p99 ms", "CPU ms", "RSS MB", "kB a socket"],
    rows.map(([name, { p50, p99, cpuMs, rssMb, socketKb }]) => [name, p50, p99, cpuMs, rssMb, socketKb]),
  );
  const [ours, ...others] = rows;
  if (!ours) return;
  console.log("Ours divided by theirs");
  printTable(
    ["", "p50", "p99", "CPU", "RSS", "a socket"],
    others.map(([name, theirs]) => [
      name,
      ours[1].p50 / theirs.p50,
      ours[1].p99 / theirs.p99,
      ours[1].cpuMs / theirs.cpuMs,
      ours[1].rssMb / theirs.rssMb,
      ours[1].socketKb / theirs.socketKb,
    ]),
  );
}
