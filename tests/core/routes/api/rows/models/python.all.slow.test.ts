/**
 * Checks with Python's public libraries what an expert takes away: `mlflow models serve` serves the MLflow folder, and
 * the notebook executes, with every metric equal to scikit-learn's, weighted where rows weigh.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { passengersCsv, seeded } from "../../../../../harness/app.ts";
import { ServerProcess } from "../../../../../harness/process.ts";
import { pythonWith } from "../../../../../harness/python.ts";

const PACKAGES = [
  "mlflow",
  "onnxruntime",
  "pandas",
  "scikit-learn",
  "matplotlib",
  "requests",
  "nbconvert",
  "ipykernel",
];
const INSTALL_MS = 600_000;
const SERVED_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "signalbox-python-"));
const server = new ServerProcess();
let python = "";
let served: Bun.Subprocess | null = null;

beforeAll(async () => {
  python = await pythonWith(PACKAGES);
  await server.start();
  await train("crew", passengersCsv(400), "target=Survived&refit=false");
  await train("flats", flatsCsv(400), "target=rent&weights=weight");
}, INSTALL_MS);
afterAll(async () => {
  served?.kill("SIGKILL");
  await served?.exited;
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function train(name: string, csv: string, query: string): Promise<void> {
  const path = `/api/train/${name}.csv?name=${name}&budgetRounds=40&${query}`;
  const answer = await server.ask(path, {
    method: "PUT",
    body: csv,
    headers: { accept: "application/json" },
  });
  expect(answer.status).toBe(200);
  await answer.json();
}

function flatsCsv(rows: number): string {
  const random = seeded(4);
  const lines = Array.from({ length: rows }, (_, row) => {
    const area = Math.round(20 + 100 * random());
    return `${area},${["north", "south"][row % 2]},${1 + (row % 5)},${(area * 9 + 200 * random()).toFixed(2)}`;
  });
  return `area,side,weight,rent\n${lines.join("\n")}\n`;
}

async function download(name: string, format: string, file: string): Promise<string> {
  const answer = await server.ask(`/api/models/${name}/versions/1/download?format=${format}`);
  expect(answer.status).toBe(200);
  const path = join(folder, file);
  writeFileSync(path, await answer.bytes());
  return path;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}

test(
  "mlflow models serve loads the folder and predicts what the server predicts",
  async () => {
    const tar = await download("crew", "mlflow", "crew.tar");
    expect(await Bun.spawn(["tar", "-xf", tar, "-C", folder]).exited).toBe(0);
    const port = await freePort();
    const words = ["-m", "mlflow", "models", "serve", "-m", join(folder, "crew-v1"), "-p", String(port)];
    // mlflow starts its web server by name, from the environment that it is in.
    const path = `${dirname(python)}:${process.env.PATH}`;
    served = Bun.spawn([python, ...words, "--env-manager", "local"], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: path, MLFLOW_TRACKING_URI: `file://${folder}/mlruns` },
    });
    const rows = [
      { Class: 1, Sex: "female", Age: 20, Fare: 80 },
      { Class: 3, Sex: "male", Age: null, Fare: 10.5 },
    ];
    const ended = served.exited.then((code) => Promise.reject(new Error(`mlflow ended with ${code}`)));
    await Promise.race([ended, answers(`http://127.0.0.1:${port}/ping`)]);
    const asked = await fetch(`http://127.0.0.1:${port}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dataframe_records: rows }),
    });
    const { predictions } = (await asked.json()) as { predictions: Record<string, number | string>[] };
    const ours = await server.ask("/api/models/crew/predict?version=1", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rows }),
    });
    const expected = (await ours.json()) as {
      predictions: { prediction: string; probabilities: Record<string, number> }[];
    };
    expect(predictions).toHaveLength(2);
    expected.predictions.forEach(({ prediction, probabilities }, row) => {
      expect(String(predictions[row]!.label)).toBe(prediction);
      for (const [name, share] of Object.entries(probabilities))
        expect(Number(predictions[row]![`probability_${name}`])).toBeCloseTo(share, 6);
    });
  },
  SERVED_MS,
);

/** Resolves once the address responds with success. */
async function answers(url: string): Promise<void> {
  const endsAt = Date.now() + SERVED_MS;
  while (Date.now() < endsAt) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await Bun.sleep(200);
  }
  throw new Error(`${url} did not answer in time`);
}

test.each(["crew", "flats"])(
  "the notebook of %s executes: scikit-learn computes the same metrics, ONNX Runtime the same predictions",
  async (name) => {
    const notebook = await download(name, "ipynb", `${name}.ipynb`);
    const child = Bun.spawn(
      [
        python,
        "-m",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--inplace",
        "--ExecutePreprocessor.kernel_name=python3",
        notebook,
      ],
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          ...process.env,
          PATH: `${dirname(python)}:${process.env.PATH}`,
          SIGNALBOX_URL: server.url.replace(/\/$/, ""),
        },
      },
    );
    const said = await new Response(child.stderr).text();
    expect({ code: await child.exited, said: said.includes("Error") ? said.slice(-2000) : "" }).toEqual({
      code: 0,
      said: "",
    });
    const { cells } = (await Bun.file(notebook).json()) as {
      cells: { outputs?: { text?: string[] | string }[] }[];
    };
    const printed = cells.flatMap(({ outputs = [] }) =>
      outputs.map(({ text = "" }) => [text].flat().join("")),
    );
    expect(printed.join("\n")).toContain("80 rows predicted by ONNX Runtime");
  },
  SERVED_MS,
);
