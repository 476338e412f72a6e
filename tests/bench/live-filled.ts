/** Prints the memory and processor time of a live bench server once all its viewers are connected. */
import type { Peer } from "./live-peers.ts";
import { type Talk, talkTo } from "./live-processes.ts";

/** Drawing and appending are compiled by then. */
const WARM_UP = 150;

export interface Usage {
  rssBytes: number;
  cpuMs: number;
}

export interface Filled {
  server: Talk;
  clients: Talk;
  /** What the server costs; of its processor since the last call. */
  usage: () => Promise<Usage>;
  /** Before anybody was there. */
  empty: Usage;
  end: () => Promise<unknown>;
}

/** Throws if the server does not hold that many. */
export async function fill(peer: Peer, viewers: number): Promise<Filled> {
  const server = talkTo(peer.command);
  const { port } = await server.next();
  const usage = async () => {
    server.say("usage");
    return (await server.next()) as unknown as Usage;
  };
  const url = `ws://127.0.0.1:${port}${peer.path}`;
  await warmUp(server, url);
  const empty = await usage();
  const clients = openViewers(url, viewers);
  const end = () => Promise.all([clients.end(), server.end()]);
  try {
    // Our greeting sends what a viewer has not seen; only what comes after all are connected counts.
    while (!("opened" in (await clients.next())));
  } catch (error) {
    await end();
    throw error;
  }
  return { server, clients, usage, empty, end };
}

/** Code that is compiled at first use is neither the memory of a socket nor the work of a broadcast. */
async function warmUp(server: Talk, url: string): Promise<void> {
  const clients = openViewers(url, 200);
  while (!("opened" in (await clients.next())));
  for (let turn = -WARM_UP; turn < 0; turn++) {
    server.say(String(turn));
    await server.next();
    await clients.next();
  }
  await clients.end();
}

function openViewers(url: string, count: number): Talk {
  return talkTo([process.execPath, `${import.meta.dir}/live-viewers.ts`, url, String(count)]);
}
