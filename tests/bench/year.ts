/**
 * Measures whether a year of watching slows the pages down, and what it takes on the disk. Three servers: an empty one, one
 * with 100 models, and one with a year of their history: five gauges, three million predictions in all, written day by
 * day as the server writes them and trimmed as it trims. `year [models] [predictions]`.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noCounts } from "../../core/models/monitoring/drift/drift-counts.ts";
import { References } from "../../core/models/monitoring/drift/references.ts";
import { predictionId } from "../../core/models/monitoring/prediction-id.ts";
import { GAUGE_NAMES } from "../../core/operations/gauges.ts";
import type { Handle } from "../../core/store/database.ts";
import { updateDriftDay } from "../../core/store/drift.ts";
import { insertEvent } from "../../core/store/log.ts";
import { addPredictions, listModels, trimPredictionMinutes } from "../../core/store/models.ts";
import {
  addPoints,
  type Measured,
  measuredOnce,
  POINTS_A_SERIES,
  trimPoints,
} from "../../core/store/points.ts";
import { insertPredictions, type NewPrediction, versionKey } from "../../core/store/predictions.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";
import { type Server, startServer } from "../e2e/stage.ts";
import { seeded } from "../harness/app.ts";
import { quantile } from "./live-processes.ts";
import { multiply, trainOne } from "./long-history.ts";

const DAY_MS = 86_400_000;
const DAYS = 365;
/** As the settings are by default: the log of predictions and the events go back so far. */
const LOGGED_DAYS = 30;
const REQUESTS_A_DAY = 6;
const ROUNDS = 25;
const TRIM = { limit: 1_000_000 };

export async function run(args: string[]): Promise<void> {
  const [models = 100, predictions = 3_000_000] = args.map(Number);
  const folders = ["empty", "young", "year"].map((name) => mkdtempSync(join(tmpdir(), `signalbox-${name}-`)));
  const [empty, young, year] = folders as [string, string, string];
  const servers: Server[] = [];
  try {
    for (const folder of [young, year]) {
      await trainOne(folder);
      await multiply(folder, { rows: models, events: 0 });
    }
    await fill(year, predictions);
    const began: number[] = [];
    for (const folder of [empty, young, year]) {
      const from = performance.now();
      servers.push(await startServer(folder));
      began.push(performance.now() - from);
    }
    const name = (await firstModel(servers[2]!)) ?? "";
    console.log(`start until ready, ms: empty ${began.map((ms) => ms.toFixed(0)).join(", young, year ")}`);
    await compare(servers as [Server, Server, Server], name);
  } finally {
    for (const server of servers) await server.stop();
    for (const [label, folder] of [
      ["young", young],
      ["year", year],
    ] as const) {
      const megabytes = statSync(join(folder, "signalbox.sqlite")).size / 1e6;
      console.log(
        `database of the ${label} one: ${megabytes.toFixed(1)} MB${label === "year" ? " (goal: under 1,000)" : ""}`,
      );
    }
    console.log(`a figure takes at most ${POINTS_A_SERIES} points`);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(folder: string, predictions: number): Promise<void> {
  const store = await openSqlite(folder);
  const random = seeded(1);
  const versions = await Promise.all(
    (await listModels(store, { before: Number.MAX_SAFE_INTEGER, limit: 1000 })).map(async ({ name }) => ({
      name,
      id: (await versionKey(store, name, 1))!,
    })),
  );
  const reference = await new References(store).of({ name: versions.at(-1)!.name, version: 1 });
  const rowsEach = Math.round(predictions / DAYS / versions.length / REQUESTS_A_DAY);
  const end = Date.now();
  for (let day = 0; day < DAYS; day++) {
    const begin = end - (DAYS - day) * DAY_MS;
    const isLogged = day >= DAYS - LOGGED_DAYS;
    await store.transaction(async (tx) => {
      await gaugesOf(tx, { begin, isFine: day >= DAYS - 14, isLogged, random });
      for (const { name, id } of versions) {
        for (let request = 0; request < REQUESTS_A_DAY; request++) {
          const at = Math.floor(begin + random() * DAY_MS);
          const minute = Math.floor(at / 60_000);
          await addPredictions(tx, { name, version: 1, minute, predictions: rowsEach });
          await addPoints(tx, at, [
            measuredOnce("predictions", name, rowsEach),
            measuredOnce("latency", name, 0.0002 + random() * 0.001),
            ...(random() < 0.1 ? [measuredOnce("warnings", name, 1)] : []),
          ]);
          if (isLogged)
            await insertPredictions(
              tx,
              id,
              Array.from({ length: rowsEach }, () => predictionAt(at, random)),
            );
          if (isLogged)
            await event(tx, at, "prediction.counted", { model: name, version: 1, predictions: rowsEach });
        }
        const noon = begin + DAY_MS / 2;
        await addPoints(tx, noon, [
          measuredOnce("drift", name, random() * 0.3),
          measuredOnce("score.roc_auc", name, 0.8 + random() * 0.05),
        ]);
        if (isLogged && reference)
          await updateDriftDay(tx, { versionId: id, day: Math.floor(noon / DAY_MS) }, () =>
            noCounts(reference),
          );
      }
    });
    await trimPoints(store, { now: begin + DAY_MS, ...TRIM });
    await trimPredictionMinutes(store, { minute: Math.floor((begin - DAY_MS) / 60_000), ...TRIM });
  }
  await store.purgeLog();
  await store.close();
}

interface GaugeDay {
  begin: number;
  /** By the minute, else by ten: it is not shown at a finer resolution. */
  isFine: boolean;
  isLogged: boolean;
  random: () => number;
}

async function gaugesOf(tx: Handle, { begin, isFine, isLogged, random }: GaugeDay): Promise<void> {
  const step = isFine ? 60_000 : 600_000;
  for (let at = begin; at < begin + DAY_MS; at += step) {
    const values = GAUGE_NAMES.map((gauge): [string, number] => [gauge, random() * 100]);
    const samples = step / 5000;
    const measured = values.map(
      ([gauge, value]): Measured => ({
        kind: "gauge",
        subject: gauge,
        n: samples,
        total: samples * value,
        low: value * 0.8,
        high: value,
      }),
    );
    await addPoints(tx, at, measured);
    if (!isLogged) continue;
    for (let sample = 0; sample < samples; sample++)
      await event(tx, at + sample * 5000, "metrics.sampled", { values: Object.fromEntries(values) });
  }
}

async function event(tx: Handle, at: number, type: string, data: unknown): Promise<void> {
  await insertEvent(tx, { type, at, data: JSON.stringify(data), activity: 0 });
}

function predictionAt(at: number, random: () => number): NewPrediction {
  const cells = {
    age: Math.floor(random() * 70),
    plan: "basic",
    monthly_fee: random() * 80,
    region: "north",
    calls: 3,
  };
  const answer = { prediction: "no", probabilities: { no: random(), yes: random() } };
  return { id: predictionId(at), at, cells: JSON.stringify(cells), answer: JSON.stringify(answer) };
}

async function firstModel({ url }: Server): Promise<string | undefined> {
  const { items } = (await (await fetch(`${url}api/models?limit=1`)).json()) as { items: { name: string }[] };
  return items[0]?.name;
}

async function compare(servers: [Server, Server, Server], model: string): Promise<void> {
  const paths = [
    "",
    "models",
    "api/models",
    "history?range=year",
    "history?range=day",
    "metrics",
    `models/${model}`,
    `history?range=year&model=${model}`,
  ];
  console.log(`median of ${ROUNDS} answers, in turn`);
  console.log(
    "page".padEnd(38) + ["empty ms", "young ms", "year ms", "to empty", "to young"].map(right).join(""),
  );
  for (const path of paths) {
    const isOfModel = model !== "" && path.includes(model);
    const times = servers.map((): number[] => []);
    for (let round = -3; round < ROUNDS; round++)
      for (const [index, server] of servers.entries()) {
        if (isOfModel && index === 0) continue;
        const headers = {
          accept: path.startsWith("api") ? "application/json" : path === "metrics" ? "*/*" : "text/html",
        };
        const from = performance.now();
        const answer = await fetch(server.url + path, { headers });
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
        if (round >= 0) times[index]!.push(performance.now() - from);
      }
    const [none, young, year] = times.map((own) => (own.length ? quantile(own, 0.5) : Number.NaN)) as [
      number,
      number,
      number,
    ];
    const cells = [none, young, year, year / none, year / young].map((n) =>
      right(Number.isNaN(n) ? "-" : n.toFixed(2)),
    );
    console.log(`/${path}`.padEnd(38) + cells.join(""));
  }
}

const right = (text: string) => text.padStart(10);
