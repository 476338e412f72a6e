/**
 * How long from an event to the HTML at the last of N viewers? Ours, beside Bun's raw publish of the same bytes (the
 * limit) and FastAPI's one send_text after another (what Signalbox replaces). All in one run, in turn.
 */
interface Peer {
  name: string;
  command: string[];
  path: string;
}
interface Figures {
  p50: number;
  p99: number;
  cpuMs: number;
  rssMb: number;
}

const ROUNDS = 60;
const PAUSE_MS = 220;

export async function run(args: string[]): Promise<void> {
  const viewers = Number(args[0] ?? 1000);
  const here = import.meta.dir;
  const ours: Peer = {
    name: "Signalbox",
    command: [process.execPath, `${here}/live-ours.ts`],
    path: "/ws?panels=metrics",
  };
  const first = await measure(ours, viewers);
  const raw: Peer = {
    name: "raw publish",
    command: [process.execPath, `${here}/live-raw.ts`, first.sample],
    path: "/",
  };
  const python = pythonWithFastApi();
  const peers: Peer[] = [raw];
  if (python)
    peers.push({
      name: "FastAPI loop",
      command: [python, `${here}/live_peer.py`, first.sample],
      path: "/ws",
    });
  else console.log("FastAPI is missing: apt-get install python3-fastapi python3-uvicorn python3-websockets");
  const rows: [string, Figures][] = [];
  for (const peer of peers) rows.push([peer.name, (await measure(peer, viewers)).figures]);
  rows.unshift([ours.name, (await measure(ours, viewers)).figures]);
  print(viewers, first.sample.length, rows);
}

async function measure(peer: Peer, viewers: number): Promise<{ figures: Figures; sample: string }> {
  const server = Bun.spawn(peer.command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const said = lines(server.stdout);
  const { port } = (await next(said)) as { port: number };
  const clients = Bun.spawn(
    [
      process.execPath,
      `${import.meta.dir}/live-viewers.ts`,
      `ws://127.0.0.1:${port}${peer.path}`,
      `${viewers}`,
    ],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const heard = lines(clients.stdout);
  // Ours greets a viewer with what it has not seen; only what comes after everybody is there counts.
  while (!("opened" in (await next(heard))));
  const say = (line: string) => server.stdin.write(`${line}\n`);
  const times: number[] = [];
  let sample = "";
  for (let round = -5; round < ROUNDS; round++) {
    if (round === 0) {
      say("usage");
      await next(said);
    }
    say(`${round}`);
    const { at } = (await next(said)) as { at: number };
    const last = (await next(heard)) as { last: number; sample: string };
    sample = last.sample;
    if (round >= 0) times.push(last.last - at);
    await Bun.sleep(PAUSE_MS);
  }
  say("usage");
  const usage = (await next(said)) as { rssBytes: number; cpuMs: number };
  clients.kill();
  say("stop");
  server.stdin.flush();
  await server.exited;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  const figures = { p50: at(0.5), p99: at(0.99), cpuMs: usage.cpuMs / ROUNDS, rssMb: usage.rssBytes / 1e6 };
  return { figures, sample };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(
    new TextDecoderStream() as never,
  ) as unknown as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

async function next(said: AsyncIterator<string>): Promise<Record<string, unknown>> {
  const { value, done } = await said.next();
  if (done) throw new Error("a process of the bench ended early");
  return JSON.parse(value) as Record<string, unknown>;
}

function pythonWithFastApi(): string | null {
  for (const python of ["/usr/bin/python3", "python3"]) {
    const { exitCode } = Bun.spawnSync([python, "-c", "import fastapi, uvicorn, websockets"]);
    if (exitCode === 0) return python;
  }
  return null;
}

function print(viewers: number, bytes: number, rows: [string, Figures][]): void {
  console.log(
    `\nFrom event to the last of ${viewers} viewers, ${bytes} bytes a message, ${ROUNDS} broadcasts`,
  );
  console.log("server          p50 ms   p99 ms   CPU ms   RSS MB   ours/it p50   ours/it p99");
  const ours = rows[0]![1];
  for (const [name, { p50, p99, cpuMs, rssMb }] of rows) {
    const cells = [p50, p99, cpuMs, rssMb, ours.p50 / p50, ours.p99 / p99].map((value) => value.toFixed(2));
    const widths = [8, 8, 8, 8, 13, 13];
    console.log(name.padEnd(14) + cells.map((cell, i) => cell.padStart(widths[i]!)).join(" "));
  }
}
