/**
 * Measures the speed and memory of `curl -T new.csv … > out.csv`, and how long other requests wait meanwhile. A
 * real process, rows by the hundred thousand, beside pandas and scikit-learn on the same file. Prediction log off
 * and full.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { passengersCsv } from "../harness/app.ts";

const ROOT = resolve(import.meta.dir, "../..");
const TICKS = 100;

export async function run([rows = "300000"]: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-stream-"));
  try {
    const [train, asked] = [join(folder, "train.csv"), join(folder, "asked.csv")];
    await Bun.write(train, passengersCsv(4000));
    await Bun.write(asked, passengersCsv(Number(rows), 2));
    for (const log of ["off", "full"]) await ours(folder, { train, asked, log });
    const peer = Bun.spawnSync([
      ...[
        "python3",
        join(import.meta.dir, "stream_peer.py"),
        train,
        asked,
        join(folder, "peer.csv"),
        "Survived",
      ],
    ]);
    if (peer.exitCode !== 0) console.log(`no peer: ${peer.stderr.toString().trim().split("\n").at(-1)}`);
    else {
      const told = JSON.parse(peer.stdout.toString()) as {
        rows: number;
        seconds: number;
        cpu: number;
        mb: number;
      };
      say("pandas and scikit-learn", told);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function say(
  who: string,
  { rows, seconds, cpu, mb }: { rows: number; seconds: number; cpu: number; mb: number },
) {
  const rate = Math.round(rows / seconds);
  const cost = ((cpu / rows) * 1e6).toFixed(1);
  console.log(`${who}: ${rate} rows/s, ${cost} us of processor a row, at most ${Math.round(mb)} MB`);
}

async function ours(folder: string, given: { train: string; asked: string; log: string }): Promise<void> {
  const env = { ...process.env, PORT: "0", DATA_DIR: join(folder, given.log), LOG_LEVEL: "error" };
  const server = Bun.spawn([process.execPath, "server.ts"], {
    ...{ cwd: ROOT, stdout: "pipe", env: { ...env, PREDICTION_LOG: given.log, MAX_UPLOAD_MB: "4000" } },
  });
  try {
    const { value } = await server.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value).split("\n", 1)[0]!) as { url: string };
    const trained = await fetch(`${url}api/train/t.csv?target=Survived&budgetSeconds=5`, {
      ...{ method: "PUT", body: Bun.file(given.train) },
    });
    await trained.text();
    const before = await usage(server.pid);
    const startedAt = performance.now();
    const curl = Bun.spawn([
      ...["curl", "-s", "--fail-with-body", "-T", given.asked, "-o", join(folder, "out.csv")],
      `${url}api/models/t/predict?version=1`,
    ]);
    const waits = await askUntil(curl.exited, `${url}healthz`);
    const seconds = (performance.now() - startedAt) / 1000;
    if ((await curl.exited) !== 0) throw new Error(await Bun.file(join(folder, "out.csv")).text());
    const after = await usage(server.pid);
    const rows = (await Bun.file(join(folder, "out.csv")).text()).trim().split("\r\n").length - 1;
    say(`signalbox, log ${given.log}`, { rows, seconds, cpu: after.cpu - before.cpu, mb: after.peakMb });
    const at = (share: number) => waits[Math.floor(share * (waits.length - 1))]!.toFixed(0);
    console.log(
      `  before ${Math.round(before.mb)} MB; others were answered in ${at(0.5)} ms (p50), ${at(0.99)} ms (p99)`,
    );
  } finally {
    server.kill();
    await server.exited;
  }
}

/** Times of one small request after another until `end`, ascending. */
async function askUntil(end: Promise<unknown>, url: string): Promise<number[]> {
  let isOver = false;
  void end.finally(() => {
    isOver = true;
  });
  const waits: number[] = [];
  while (!isOver) {
    const startedAt = performance.now();
    await (await fetch(url)).text();
    waits.push(performance.now() - startedAt);
    await Bun.sleep(20);
  }
  return waits.sort((one, other) => one - other);
}

async function usage(pid: number): Promise<{ cpu: number; mb: number; peakMb: number }> {
  const [stat, status] = await Promise.all(
    ["stat", "status"].map((name) => Bun.file(`/proc/${pid}/${name}`).text()),
  );
  const fields = stat!.slice(stat!.lastIndexOf(")")).split(" ");
  const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status!)![1]);
  const cpu = (Number(fields[12]) + Number(fields[13])) / TICKS;
  return { cpu, mb: kb("VmRSS") / 1024, peakMb: kb("VmHWM") / 1024 };
}
