/**
 * Finds the other servers on this machine that can send one message to many sockets, and prints how to install the
 * rest.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Peer {
  name: string;
  command: string[];
  path: string;
}

const HERE = import.meta.dir;

export function ourServer(panels: string): Peer {
  return {
    name: "Signalbox",
    command: [process.execPath, "--expose-gc", `${HERE}/live-ours.ts`],
    path: `/ws?panels=${panels}`,
  };
}

/** The limit: Bun's publish of these bytes. */
export function rawPublish(message: string): Peer {
  return {
    name: "raw publish",
    command: [process.execPath, "--expose-gc", `${HERE}/live-raw.ts`, message],
    path: "/",
  };
}

/**
 * Node with ws, and FastAPI on uvicorn with websockets: with permessage-deflate, which is uvicorn's default and which
 * browsers offer, and without. Missing ones are reported, not silently skipped.
 */
export async function otherServers(message: string): Promise<Peer[]> {
  const peers: Peer[] = [];
  const node = Bun.which("node");
  if (node)
    peers.push({
      name: "Node ws",
      command: [node, "--expose-gc", await bundleForNode(), message],
      path: "/",
    });
  else console.log("Node is missing: apt-get install nodejs");
  const python = pythonWithFastApi();
  if (python)
    for (const deflate of ["deflate", "plain"])
      peers.push({
        name: `FastAPI, ${deflate}`,
        command: [python, `${HERE}/live_peer.py`, message, deflate],
        path: "/ws",
      });
  else console.log("FastAPI is missing: apt-get install python3-fastapi python3-uvicorn python3-websockets");
  return peers;
}

async function bundleForNode(): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), "signalbox-ws-"));
  const built = await Bun.build({
    entrypoints: [`${HERE}/live-ws.ts`],
    outdir,
    target: "node",
    format: "esm",
    naming: "[name].mjs",
  });
  return built.outputs[0]!.path;
}

function pythonWithFastApi(): string | null {
  for (const python of ["/usr/bin/python3", "python3"]) {
    const { exitCode } = Bun.spawnSync([python, "-c", "import fastapi, uvicorn, websockets"]);
    if (exitCode === 0) return python;
  }
  return null;
}
