/** Signalbox servers for benches: a model of the Adult census's shape, in a data folder, in a real process. */
import { BENCH_DATA } from "./generated-data.ts";

const SERVER = new URL("../../server.ts", import.meta.url).pathname;

/** Numbers, categories, gaps; more rows than there are begin again. */
export async function writeAdultCsv(path: string, rows: number): Promise<void> {
  const { samples, target } = BENCH_DATA.adult!();
  const { features } = samples;
  const cell = (feature: (typeof features)[number], row: number) => {
    if (feature.kind === "number")
      return Number.isNaN(feature.values[row]) ? "" : String(feature.values[row]);
    return feature.codes[row]! < 0 ? "" : (feature.labels[feature.codes[row]!] ?? "");
  };
  const lines = [[...features.map(({ name }) => name), "target"].join(",")];
  for (let k = 0; k < rows; k++) {
    const row = k % samples.rows;
    const cells = features.map((feature) => cell(feature, row));
    lines.push([...cells, target.classes[target.values[row]!]].join(","));
  }
  await Bun.write(path, `${lines.join("\n")}\n`);
}

/** A live model `adult` of the file, whatever it is, from a server that has ended; the dataset's id. */
export async function trainAdult(data: string, csv: string): Promise<string> {
  const { child, home } = await startServer(data);
  const uploaded = await fetch(`${home}api/upload?name=adult.csv`, { method: "POST", body: Bun.file(csv) });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  await post(`${home}api/train?wait=1`, { datasetId, target: "target", budgetSeconds: 2 });
  await post(`${home}api/models/adult/live`, { version: 1 }, "PUT");
  await end(child);
  return datasetId;
}

export async function startServer(
  data: string,
  settings: Record<string, string> = {},
): Promise<{ child: Bun.Subprocess; home: string }> {
  const env = { ...process.env, PORT: "0", DATA_DIR: data, LOG_LEVEL: "error", ...settings };
  const child = Bun.spawn([process.execPath, SERVER], { env, stdout: "pipe", stderr: "inherit" });
  const { url: home } = JSON.parse(await firstLine(child.stdout)) as { url: string };
  return { child, home };
}

/** Moves a data folder into a cluster. */
export async function moveData(folder: string, shared: Record<string, string>): Promise<void> {
  const child = Bun.spawn([process.execPath, SERVER, "move"], {
    env: { ...process.env, ...shared, DATA_DIR: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(said);
}

export async function post(url: string, body: unknown, method = "POST"): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method, headers, body: JSON.stringify(body) })).json();
}

export async function end(child: Bun.Subprocess): Promise<void> {
  child.kill();
  await child.exited;
}

export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}
