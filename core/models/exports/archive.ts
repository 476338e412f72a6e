/**
 * Writes everything about a run as one tar: settings, metrics, leaderboard, folds, predictions, charts, the model in
 * every format that supports it, its card, how the file was read, and a notebook that recomputes the metrics.
 */
import { openWriter } from "../../csv/formats/writers/table-writer.ts";
import type { CsvValue } from "../../csv/write.ts";
import { writeRow } from "../../csv/write.ts";
import { TAR_END, tarHeader, tarPadding } from "../../operations/backup/tar.ts";
import { AppError } from "../../platform/errors.ts";
import { slug } from "../../platform/ids.ts";
import type { StoredDataset } from "../../store/datasets.ts";
import type { StoredVersion } from "../../store/models.ts";
import type { StoredRun } from "../../store/runs.ts";
import type { RowPredictions } from "../../trainer/checks/row-predictions.ts";
import { readTestedModel } from "../../trainer/model/model-file.ts";
import type { LeaderboardEntry } from "../../training/results/leaderboard.ts";
import { modelCard } from "./card.ts";
import type { ExportedChart } from "./chart.ts";
import { exportModel } from "./export.ts";
import { type ArchiveFile, mlflowFiles } from "./mlflow.ts";
import { notebook } from "./notebook.ts";
import { foldTable, predictionTable, type RowTable, rowNames } from "./row-tables.ts";

export interface ArchivedRun {
  run: StoredRun;
  version: StoredVersion;
  candidates: readonly LeaderboardEntry[];
  charts: readonly ExportedChart[];
  drawChart: (chart: ExportedChart) => Promise<string>;
  /** Null if an earlier Signalbox trained it. */
  answers: RowPredictions | null;
  /** Null if it was deleted. */
  dataset: StoredDataset | null;
  /** The model's file, as it serves. */
  bytes: Uint8Array;
  home: string;
}

const encoder = new TextEncoder();

/** Chunks of the archive, one file after another, in a folder with the version's name. */
export async function* packArchive(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
  folder: string,
  at: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { name, body } of files) {
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    yield new Uint8Array(tarHeader(`${folder}/${name}`, bytes.length, Math.floor(at / 1000)));
    yield new Uint8Array(bytes);
    yield new Uint8Array(tarPadding(bytes.length));
  }
  yield TAR_END;
}

/** Each file is made when it is asked for, so that only one is in memory. */
export async function* runFiles(archived: ArchivedRun): AsyncGenerator<ArchiveFile> {
  const { run, version, candidates, charts, drawChart, answers, dataset } = archived;
  const { result } = version;
  const { metrics, intervals, baseline, verdict, findings, task, metric } = result;
  yield { name: "README.md", body: modelCard(version, run) };
  yield json("settings.json", run.options);
  yield json("metrics.json", { task, metric, metrics, intervals, baseline, verdict, findings });
  yield json("leaderboard.json", candidates);
  yield { name: "leaderboard.csv", body: csv(leaderboardTable(candidates)) };
  yield json("reading.json", {
    file: run.datasetName,
    datasetId: run.datasetId,
    datasetVersion: run.datasetVersion,
    readings: result.readings ?? null,
    choices: dataset?.choices ?? null,
    plan: dataset?.profile?.plan ?? null,
  });
  if (answers) {
    yield { name: "folds.csv", body: await tableText(foldTable(answers)) };
    yield { name: "predictions.csv", body: await tableText(predictionTable(answers, "all")) };
  }
  for (const chart of charts) {
    const name = `charts/${fileName(chart.name)}`;
    yield { name: `${name}.svg`, body: await drawChart(chart) };
    yield { name: `${name}.csv`, body: csv(chart) };
  }
  yield* modelFiles(archived);
}

function* modelFiles({ version, bytes, home }: ArchivedRun): Generator<ArchiveFile> {
  for (const format of ["json", "mjs", "onnx", "lightgbm"] as const) {
    const made = written(() => exportModel(bytes, version, format));
    if (made) yield { name: `model/model.${made.ending}`, body: made.body };
  }
  const mlflow = written(() => mlflowFiles(bytes, version)) ?? [];
  yield* mlflow.map(({ name, body }) => ({ name: `model/mlflow/${name}`, body }));
  yield { name: "notebook.ipynb", body: versionNotebook({ version, bytes, home }) };
}

/** Null if the format cannot hold the model. */
function written<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid") return null;
    throw error;
  }
}

/** `bytes`: the model file. `home`: the server's URL, which the notebook fetches from. */
export function versionNotebook(given: { version: StoredVersion; bytes: Uint8Array; home: string }): string {
  const { version, bytes, home } = given;
  const { encoder: encoding, classes } = readTestedModel(bytes);
  const columns = encoding.columns.map(({ column }) => column);
  return notebook({ version, home, encodings: encoding.columns, names: rowNames(classes, columns) });
}

export function leaderboardTable(candidates: readonly LeaderboardEntry[]) {
  return {
    columns: ["candidate", "family", "group", "score", "std", "folds", "level", "seconds", "parameters"],
    rows: candidates.map(({ name, family, group, score, std, foldScores, isLevel, durationMs, params }) => [
      ...[name, family, group, score, std, foldScores.length, isLevel, durationMs / 1000],
      JSON.stringify(params),
    ]),
  };
}

const json = (name: string, value: unknown): ArchiveFile => ({
  name,
  body: `${JSON.stringify(value, null, 2)}\n`,
});

export function csv({ columns, rows }: Pick<ExportedChart, "columns" | "rows">): string {
  return [columns, ...rows].map((row) => writeRow(row as readonly CsvValue[])).join("");
}

async function tableText({ columns, batches }: RowTable): Promise<string> {
  const writer = await openWriter("csv", columns);
  let text = "";
  for (const rows of batches()) text += writer.rows(rows) as string;
  return text + (writer.end() as string);
}

/** A file name for a column's chart that is valid on every file system and short enough for a tar. */
function fileName(name: string): string {
  const plain = slug(name).slice(0, 40);
  if (plain === name) return plain;
  return `${plain}-${new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8)}`;
}
