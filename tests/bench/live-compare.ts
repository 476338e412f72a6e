/**
 * How long from an event to the HTML at the last of N viewers, and what does it cost? Ours, beside Bun's raw publish of
 * the same bytes (the limit), Node with ws, and FastAPI's one send_text after another (what Signalbox replaces).
 */
import { otherServers, ourServer, type Peer, rawPublish } from "./live-peers.ts";
import { printTable, quantile, talkTo } from "./live-processes.ts";

interface Figures {
  p50: number;
  p99: number;
  /** Of the server, for one broadcast. */
  cpuMs: number;
  rssMb: number;
}

const ROUNDS = 60;
const WARM_UP = 5;
const PAUSE_MS = 220;

export async function compare(viewers: number): Promise<void> {
  const ours = ourServer("metrics");
  const { sample } = await measure(ours, viewers, 1);
  const rows: [string, Figures][] = [];
  for (const peer of [ours, rawPublish(sample), ...(await otherServers(sample))]) {
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

/** A server with N viewers that are all there; `usage` is what it costs since the last call. */
export async function fill(peer: Peer, viewers: number) {
  const server = talkTo(peer.command);
  const { port } = await server.next();
  const usage = async () => {
    server.say("usage");
    return (await server.next()) as { rssBytes: number; cpuMs: number };
  };
  const url = `ws://127.0.0.1:${port}${peer.path}`;
  await warmUp(url);
  const empty = await usage();
  const clients = talkTo([process.execPath, `${import.meta.dir}/live-viewers.ts`, url, String(viewers)]);
  const end = () => Promise.all([clients.end(), server.end()]);
  try {
    // Ours greets a viewer with what it has not seen; only what comes after everybody is there counts.
    while (!("opened" in (await clients.next())));
  } catch (error) {
    await end();
    throw error;
  }
  return { server, clients, usage, empty, end };
}

/** Code that is compiled at first use is not the memory of a socket. */
async function warmUp(url: string): Promise<void> {
  const clients = talkTo([process.execPath, `${import.meta.dir}/live-viewers.ts`, url, "200"]);
  while (!("opened" in (await clients.next())));
  await clients.end();
}

async function measure(
  peer: Peer,
  viewers: number,
  rounds: number,
): Promise<{ figures: Figures; sample: string }> {
  const { server, clients, usage, end } = await fill(peer, viewers);
  try {
    const times: number[] = [];
    let sample = "";
    for (let round = rounds > 1 ? -WARM_UP : 0; round < rounds; round++) {
      if (round === 0) await usage();
      server.say(String(round));
      const { at } = (await server.next()) as { at: number };
      const last = (await clients.next()) as { last?: number; sample: string };
      if (last.last === undefined) throw new Error("a viewer was cut off");
      sample = last.sample;
      if (round >= 0) times.push(last.last - at);
      await Bun.sleep(PAUSE_MS);
    }
    const { cpuMs, rssBytes } = await usage();
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    return { figures: { p50, p99, cpuMs: cpuMs / rounds, rssMb: rssBytes / 1e6 }, sample };
  } finally {
    await end();
  }
}

function print(viewers: number, bytes: number, rows: [string, Figures][]): void {
  console.log(`\nEvent to the last of ${viewers} viewers, ${bytes} bytes a message, ${ROUNDS} broadcasts`);
  printTable(
    ["server", "p50 ms", "p99 ms", "CPU ms", "RSS MB"],
    rows.map(([name, { p50, p99, cpuMs, rssMb }]) => [name, p50, p99, cpuMs, rssMb]),
  );
  const [ours, ...others] = rows;
  if (!ours) return;
  console.log("Ours divided by theirs");
  printTable(
    ["", "p50", "p99", "CPU", "RSS"],
    others.map(([name, theirs]) => [
      name,
      ours[1].p50 / theirs.p50,
      ours[1].p99 / theirs.p99,
      ours[1].cpuMs / theirs.cpuMs,
      ours[1].rssMb / theirs.rssMb,
    ]),
  );
}
