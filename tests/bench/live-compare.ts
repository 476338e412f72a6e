/**
 * Measures the time from an event to its HTML at the last of N viewers, and what it costs. Ours, beside Bun's raw
 * publish of the same bytes (the limit), Node with ws, and FastAPI's one send_text after another (what Signalbox
 * replaces). They take turns broadcast by broadcast, so that each meets the same noise; who is not at turn stands
 * still.
 */
import { type Filled, fill, type Usage } from "./live-filled.ts";
import { otherServers, ourServer, type Peer, rawPublish } from "./live-peers.ts";
import { printTable, quantile } from "./live-processes.ts";

interface Contestant extends Filled {
  name: string;
  /** Of each broadcast, in ms: from the event until it is with the sockets, and until the last viewer has it. */
  drawn: number[];
  arrived: number[];
  cost: Usage;
}

const WARM_UP = 10;
/** What a broadcast leaves behind is done within it, and ours is not throttled. */
const REST_MS = 40;

export async function compare(viewers: number, broadcasts: number): Promise<void> {
  const ours = ourServer("metrics");
  const sample = await sampleOf(ours);
  const all: Contestant[] = [];
  for (const peer of [ours, rawPublish(sample), ...(await otherServers(sample))]) {
    const contestant = await enter(peer, viewers).catch(failed(peer));
    if (contestant) all.push(contestant);
  }
  // Not before all are connected: a server that blocks for minutes loses its viewers.
  for (const { server } of all) server.pause();
  const held = new Set(all);
  for (let turn = -WARM_UP; turn < broadcasts; turn++) {
    for (const contestant of held) {
      contestant.server.resume();
      if (turn === 0) await contestant.usage();
      await broadcast(contestant, turn).catch((error) => {
        failed(contestant)(error);
        held.delete(contestant);
      });
      if (turn === broadcasts - 1) contestant.cost = await contestant.usage();
      contestant.server.pause();
    }
  }
  await Promise.all(all.map(({ end }) => end()));
  console.log(
    `\nEvent to the last of ${viewers} viewers, ${sample.length} bytes a message, ${broadcasts} broadcasts`,
  );
  print([...held]);
}

/** What our viewers are sent: the others send the same bytes. */
async function sampleOf(peer: Peer): Promise<string> {
  const { server, clients, end } = await fill(peer, 1);
  server.say("0");
  const { sample } = await clients.next();
  await end();
  return sample as string;
}

async function enter(peer: Peer, viewers: number): Promise<Contestant> {
  const filled = await fill(peer, viewers);
  return { ...filled, name: peer.name, drawn: [], arrived: [], cost: filled.empty };
}

function failed({ name }: { name: string }): (error: unknown) => void {
  return (error) => console.log(`${name} did not hold: ${error instanceof Error ? error.message : error}`);
}

async function broadcast({ server, clients, drawn, arrived }: Contestant, turn: number): Promise<void> {
  server.say(String(turn));
  const { at, sentAt } = (await server.next()) as { at: number; sentAt: number };
  const { last } = (await clients.next()) as { last?: number };
  if (last === undefined) throw new Error("a viewer was cut off");
  await Bun.sleep(REST_MS);
  if (turn < 0) return;
  drawn.push(sentAt - at);
  arrived.push(last - at);
}

interface Figures {
  name: string;
  /** From the event until it is with the sockets, the median; then until the last viewer has it. */
  drawn: number;
  p50: number;
  p99: number;
  /** Of the server's processor, for one broadcast. */
  cpuMs: number;
  rssMb: number;
}

function figuresOf({ name, drawn, arrived, cost }: Contestant): Figures {
  const [p50, p99] = [quantile(arrived, 0.5), quantile(arrived, 0.99)];
  const { cpuMs, rssBytes } = cost;
  return {
    name,
    drawn: quantile(drawn, 0.5),
    p50,
    p99,
    cpuMs: cpuMs / arrived.length,
    rssMb: rssBytes / 1e6,
  };
}

function print([ours, raw, ...others]: Contestant[]): void {
  if (!ours || !raw) return;
  const rows = [ours, raw, ...others].map(figuresOf);
  printTable(
    ["server", "drawing ms", "p50 ms", "p99 ms", "CPU ms", "RSS MB"],
    rows.map(({ name, drawn, p50, p99, cpuMs, rssMb }) => [name, drawn, p50, p99, cpuMs, rssMb]),
  );
  console.log("Ours divided by theirs");
  // Only what is drawn can be sent: our drawing and their sending take turns.
  const arrived = raw.arrived.map((ms, turn) => ms + ours.drawn[turn]!);
  const limit = figuresOf({ ...raw, name: `${raw.name} + drawing`, arrived });
  const { p50, p99, cpuMs, rssMb } = rows[0]!;
  printTable(
    ["", "p50", "p99", "CPU", "RSS"],
    [limit, ...rows.slice(1)].map((theirs) => [
      theirs.name,
      p50 / theirs.p50,
      p99 / theirs.p99,
      cpuMs / theirs.cpuMs,
      rssMb / theirs.rssMb,
    ]),
  );
}
