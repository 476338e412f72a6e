/**
 * Checks that ONNX Runtime and LightGBM predict as the server does from the exported models. Trains on three made
 * files, or on those named as FILE=TARGET, asks the server and the runtimes the same 1,000 rows, and prints the
 * largest difference relative to the answer (absolute below 1), or the reason where a model cannot be written so.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Harness, openHarness, seeded } from "../harness/app.ts";

const ROWS = 1000;
const FORMATS = { onnx: "onnxruntime", lightgbm: "lightgbm" } as const;

interface Given {
  name: string;
  csv: string;
  target: string;
}
interface Found {
  name: string;
  rows: number;
  gap: number;
  labels: number | null;
  own: number;
}

export async function run(args: string[]): Promise<void> {
  const seconds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 20);
  const named = args.filter((arg) => arg.includes("="));
  const files = named.length ? await Promise.all(named.map(readFile)) : madeFiles();
  const folder = await mkdtemp(join(tmpdir(), "signalbox-exports-"));
  const harness = await openHarness({ MAX_UPLOAD_MB: "4096" });
  try {
    const shares = { onnx: 0, lightgbm: 0 };
    for (const file of files) {
      const told = await trainAndAsk(harness, { file, seconds, folder });
      for (const format of ["onnx", "lightgbm"] as const) {
        const said = await check(harness, { name: file.name, format, folder });
        if (said.isWritten) shares[format]++;
        console.log(`${file.name}  ${told}  ${format}: ${said.line}`);
      }
    }
    console.log(`of ${files.length} models: ONNX ${shares.onnx}, LightGBM ${shares.lightgbm}`);
  } finally {
    await harness.close();
    await rm(folder, { recursive: true });
  }
}

async function readFile(arg: string): Promise<Given> {
  const [path, target] = arg.split("=") as [string, string];
  return { name: basename(path, ".csv").replaceAll(/\W/g, "_"), csv: await Bun.file(path).text(), target };
}

/**
 * Categories and missing values beside numbers, for each kind of target; dates too, except in the one that LightGBM
 * opens.
 */
function madeFiles(): Given[] {
  const random = seeded(11);
  const rows = Array.from({ length: 2000 }, () => {
    const [a, b] = [random() * 10, random() * 4 - 2];
    const colour = ["red", "green", "blue", "grey, light", ""][Math.floor(5 * random())]!;
    const at = new Date(Date.UTC(2020, 0, 1 + Math.floor(900 * random())));
    const score = a / 5 + b * b - (colour === "red" ? 1.5 : 0) + at.getUTCMonth() / 6 + 0.5 * random();
    const cells = `${random() < 0.1 ? "" : a.toFixed(3)},${b.toFixed(3)},"${colour}"`;
    return { cells, day: at.toISOString().slice(0, 10), score };
  });
  type Row = (typeof rows)[number];
  const file = (name: string, head: string, say: (row: Row) => string): Given => ({
    ...{ name, target: "Answer" },
    csv: [`A,B,Colour,${head}Answer`, ...rows.map((row) => `${row.cells},${say(row)}`)].join("\n"),
  });
  return [
    file("binary", "Day,", ({ day, score }) => `${day},${score > 2.5 ? "yes" : "no"}`),
    file(
      "multiclass",
      "Day,",
      ({ day, score }) => `${day},${score < 2 ? "low" : score < 4 ? "middle" : "high"}`,
    ),
    file("regression", "", ({ score }) => score.toFixed(4)),
  ];
}

/** Writes the first rows with the server's predictions to the folder; returns what the model is. */
async function trainAndAsk(
  { ask, send, upload }: Harness,
  { file, seconds, folder }: { file: Given; seconds: number; folder: string },
): Promise<string> {
  const { id } = (await (await upload(`${file.name}.csv`, file.csv)).json()) as { id: string };
  const asked = { datasetId: id, target: file.target, name: file.name, budgetSeconds: seconds };
  const run = (await (await send("POST", "/api/train?wait=1", asked)).json()) as {
    best?: string;
    task: string;
  };
  const answers = await ask(`/api/models/${file.name}/predict?version=1`, {
    method: "POST",
    headers: { "content-type": "text/csv", accept: "*/*" },
    body: firstRows(file.csv),
  });
  if (!answers.ok) throw new Error(await answers.text());
  await Bun.write(join(folder, `${file.name}.csv`), await answers.text());
  return run.task;
}

function firstRows(csv: string): string {
  return csv.split("\n", ROWS + 1).join("\n");
}

async function check(
  { ask }: Harness,
  { name, format, folder }: { name: string; format: keyof typeof FORMATS; folder: string },
): Promise<{ isWritten: boolean; line: string }> {
  const file = await ask(`/api/models/${name}/versions/1/download?format=${format}`, {
    headers: { accept: "*/*" },
  });
  if (!file.ok)
    return { isWritten: false, line: `refused: ${((await file.json()) as { detail: string }).detail}` };
  const size = await Bun.write(join(folder, `${name}.${format}`), await file.arrayBuffer());
  const python = Bun.spawnSync(["python3", "-c", `import numpy, ${FORMATS[format]}`]);
  if (python.exitCode !== 0)
    return {
      isWritten: true,
      line: `written, not opened: python3 has no ${FORMATS[format]} (pip install it)`,
    };
  const peer = Bun.spawnSync([
    "python3",
    join(import.meta.dir, "exports_peer.py"),
    folder,
    `${name}.${format}`,
  ]);
  if (peer.exitCode !== 0) throw new Error(peer.stderr.toString());
  const { rows, gap, labels, own } = JSON.parse(peer.stdout.toString().trim().split("\n").at(-1)!) as Found;
  const told = labels === null ? "" : `, ${labels} of ${rows} labels equal`;
  const mb = (size / 1e6).toFixed(1);
  return {
    isWritten: true,
    line: `${rows} rows differ by at most ${gap.toExponential(1)}${told}; its own 100 by ${own.toExponential(1)}; ${mb} MB`,
  };
}
