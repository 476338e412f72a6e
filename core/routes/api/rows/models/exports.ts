/**
 * The API of a version's data for experts: rows with their predictions, folds, charts, and everything in one archive.
 */
import * as z from "zod";
import { OUTPUT_FORMS, type OutputForm } from "../../../../csv/formats/writers/output.ts";
import { PARQUET_TYPE, streamAnswer, XLSX_TYPE } from "../../../../http/responses.ts";
import { revocableBody } from "../../../../http/revocable.ts";
import { STREAM_HEADER, streamBody } from "../../../../http/stream.ts";
import type { ExportedChart } from "../../../../models/exports/chart.ts";
import { ROW_PARTS } from "../../../../models/exports/row-parts.ts";
import type { RowTable } from "../../../../models/exports/row-tables.ts";
import { AppError } from "../../../../platform/errors.ts";
import { lazily, type OutputOf } from "../../../../platform/zod-setup.ts";
import { findDataset } from "../../../../store/datasets.ts";
import { findEvaluation, type StoredVersion } from "../../../../store/models.ts";
import { findRun, runRounds, type StoredRun } from "../../../../store/runs.ts";
import type { RowPredictions } from "../../../../trainer/checks/row-predictions.ts";
import type { ContributionRows } from "../../../../trainer/explain/contribution-rows.ts";
import { planAs } from "../../../../training/options/test-plan.ts";
import { runView } from "../../../../training/run-view.ts";
import { type Call, json, route } from "../../route.ts";
import { VERSION } from "./download.ts";

const CHART = lazily(() => VERSION().extend({ chart: z.string() }));
const FORM = lazily(() => z.enum(OUTPUT_FORMS).default("csv").describe("the format of the rows"));
const ROWS_QUERY = lazily(() =>
  z.object({
    format: FORM(),
    part: z
      .enum(ROW_PARTS)
      .default("all")
      .describe("training rows are predicted by the folds that held them out"),
    values: z
      .enum(["0", "1"])
      .default("0")
      .describe("1 adds the columns that the model reads, with values as training read them"),
  }),
);
const CHART_WIDTH = 640;
const CHART_QUERY = lazily(() =>
  z.object({
    format: z.enum(["svg", "png", "csv", "json"]).default("svg"),
    theme: z.enum(["light", "dark"]).default("light").describe("colours of SVG and PNG"),
    width: z.coerce
      .number()
      .int()
      .min(280)
      .max(2000)
      .default(CHART_WIDTH)
      .describe("pixels of the SVG; a PNG has twice as many"),
  }),
);
const TABLE_TYPES = {
  "text/csv": "one line per row",
  "application/x-ndjson": "one object per line",
  [XLSX_TYPE]: "an Excel workbook",
  [PARQUET_TYPE]: "Parquet",
};

type VersionCall<Q = unknown> = Call<OutputOf<typeof VERSION>, Q>;

const found = ({ signalbox, params }: Pick<VersionCall, "signalbox" | "params">): Promise<StoredVersion> =>
  signalbox.models.findVersion(params.name, params.v);

function attachment({ name, version }: StoredVersion, what: string): Record<string, string> {
  return { "content-disposition": `attachment; filename="${name}-v${version}-${what}"` };
}

/** Loaded with the first export: it reads a model, and with it the whole trainer. Throws AppError `conflict`. */
async function rowPredictionsOf(
  { signalbox }: Pick<Call, "signalbox">,
  version: StoredVersion,
): Promise<RowPredictions> {
  const answers = await import("../../../../models/exports/row-predictions.ts");
  return answers.rowPredictionsOf(signalbox.files, version);
}

async function predictionRows(call: VersionCall<OutputOf<typeof ROWS_QUERY>>): Promise<Response> {
  const version = await found(call);
  const answers = await rowPredictionsOf(call, version);
  const { predictionTable } = await import("../../../../models/exports/row-tables.ts");
  const values = call.query.values === "1" ? await valuesOf(call, version) : null;
  const what = call.query.part === "all" ? "predictions" : `predictions-${call.query.part}`;
  return tableAnswer(call, predictionTable(answers, call.query.part, values), { version, what });
}

/** Cells of a table that is held in memory while it is written. */
const MOST_VALUES = 20_000_000;

/** Throws AppError: `conflict` if the data is gone, `invalid` if it is too large. */
async function valuesOf({ signalbox }: VersionCall, version: StoredVersion) {
  const run = await findRun(signalbox.store, version.runId);
  const dataset = run && (await findDataset(signalbox.store, run.datasetId, run.datasetVersion));
  if (!run || dataset?.status !== "ready" || !dataset.profile) {
    throw new AppError("conflict", "The data of this version was deleted", {
      fix: "Leave out values=1: predictions are stored without the data.",
    });
  }
  const columns = version.result.schema.features.map(({ name }) => name);
  if (dataset.profile.rows * columns.length > MOST_VALUES) {
    throw new AppError("invalid", `The data has more than ${MOST_VALUES / 1e6} million values`, {
      fix: "Leave out values=1 and join the predictions with your file by the column row.",
    });
  }
  const { loadTable } = await import("../../../../csv/columns/load.ts");
  const path = await signalbox.datasets.ensureTable({ ...dataset, profile: dataset.profile });
  const table = await loadTable(path, dataset.profile.plan, { columns });
  const { testDatasetId, testDatasetVersion } = run.options;
  if (testDatasetId === undefined) return table;
  const test = await signalbox.datasets.findReady(testDatasetId, testDatasetVersion);
  const { joinTables } = await import("../../../../training/stages/work/rows/row-options.ts");
  const plan = planAs(test.profile.plan, dataset.profile.plan);
  const tested = await loadTable(await signalbox.datasets.ensureTable(test), plan, { columns });
  return joinTables(table, tested, table.rows);
}

async function tableAnswer(
  {
    problemOf,
    takeTime,
    query,
    hold,
  }: Pick<Call, "problemOf" | "takeTime" | "hold"> & { query: { format: OutputForm } },
  table: RowTable,
  { version, what }: { version: StoredVersion; what: string },
): Promise<Response> {
  takeTime();
  const { openWriter } = await import("../../../../csv/formats/writers/table-writer.ts");
  const writer = await openWriter(query.format, table.columns);
  async function* chunks() {
    for (const rows of table.batches()) {
      yield writer.rows(rows);
      // Lets other requests run first.
      await new Promise((resolve) => setImmediate(resolve));
    }
    yield writer.end();
  }
  const headers = attachment(version, `${what}.${query.format}`);
  const { headers: written, body } = streamAnswer(chunks(), query.format, { problemOf, headers });
  return new Response(body && revocableBody(body, hold), { headers: written });
}

interface ChartedVersion {
  version: StoredVersion;
  run: StoredRun | null;
  charts: ExportedChart[];
  candidates: Awaited<ReturnType<typeof runView>>["candidates"];
  /** Why there are no SHAP charts; null: there are. */
  unexplained: AppError | null;
}

async function chartsOf(call: VersionCall): Promise<ChartedVersion> {
  const { signalbox } = call;
  const { store } = signalbox;
  const version = await found(call);
  const [{ exportedCharts }, { readEvaluation }, evaluation, run] = await Promise.all([
    import("../../../../models/exports/charts.ts"),
    import("../../../../training/results/evaluation-data.ts"),
    findEvaluation(store, version.name, version.version),
    findRun(store, version.runId),
  ]);
  const candidates = run ? (await runView(store, run, signalbox.now())).candidates : [];
  const { metric, schema } = version.result;
  const data = readEvaluation(evaluation);
  const late = data.contributions === null ? await explainedLate(call, version) : null;
  const contributions = late?.contributions ?? data.contributions;
  const charts = exportedCharts({
    ...{ target: schema.target, metric, candidates, data: { ...data, contributions } },
    rounds: run ? await runRounds(store, run.id, null) : [],
  });
  return { version, run, charts, candidates, unexplained: late?.refusal ?? null };
}

/** SHAP for a version whose run had no time for it; `refusal`: why it cannot be computed any more. */
async function explainedLate(
  call: VersionCall,
  version: StoredVersion,
): Promise<{ contributions: ContributionRows | null; refusal: AppError | null }> {
  call.takeTime();
  const { lateContributions } = await import("../../../../models/exports/late-contributions.ts");
  try {
    const read = async () => {
      const [{ readTestedModel }, { TEST }] = await Promise.all([
        import("../../../../trainer/model/model-file.ts"),
        import("../../../../trainer/checks/row-predictions.ts"),
      ]);
      const { rows, folds } = await rowPredictionsOf(call, version);
      return {
        model: readTestedModel(await call.signalbox.models.read(version)),
        table: await valuesOf(call, version),
        tested: rows.filter((_, at) => folds[at] === TEST),
      };
    };
    const { log } = call.signalbox;
    return { contributions: await lateContributions(log, version.runId, read), refusal: null };
  } catch (error) {
    if (error instanceof AppError) return { contributions: null, refusal: error };
    throw error;
  }
}

async function chartList(call: VersionCall): Promise<Response> {
  const { version, charts } = await chartsOf(call);
  const path = `${call.home}/api/models/${encodeURIComponent(version.name)}/versions/${version.version}/charts`;
  const items = charts.map(({ name, title, sentence }) => {
    const at = (format: string) => `${path}/${encodeURIComponent(name)}?format=${format}`;
    return { name, title, sentence, svg: at("svg"), png: at("png"), csv: at("csv"), json: at("json") };
  });
  return Response.json({ items });
}

async function oneChart(call: Call<OutputOf<typeof CHART>, OutputOf<typeof CHART_QUERY>>): Promise<Response> {
  const { params, query, drawings } = call;
  const { version, charts, unexplained } = await chartsOf(call);
  const chart = charts.find(({ name }) => name === params.chart);
  if (!chart && unexplained && params.chart.startsWith("shap-")) throw unexplained;
  if (!chart) {
    throw new AppError("missing", `${version.name} version ${version.version} has no chart ${params.chart}`, {
      fix: `It has: ${charts
        .slice(0, 20)
        .map(({ name }) => name)
        .join(", ")}.`,
    });
  }
  const headers = attachment(version, `${chart.name.replace(/[^\w.-]+/g, "-")}.${query.format}`);
  if (query.format === "json") return Response.json(chart);
  if (query.format === "csv") {
    const { csv } = await import("../../../../models/exports/archive.ts");
    return new Response(csv(chart), { headers: { ...headers, "content-type": "text/csv; charset=utf-8" } });
  }
  const svg = await drawings.chartSvg(chart, query);
  if (query.format === "svg") return new Response(svg, { headers: { "content-type": "image/svg+xml" } });
  const { svgToPng } = await import("../../../../models/exports/png.ts");
  return new Response(await svgToPng(svg, 2 * query.width), {
    headers: { ...headers, "content-type": "image/png" },
  });
}

async function archive(call: VersionCall): Promise<Response> {
  const { signalbox, home, drawings, hold, takeTime, problemOf } = call;
  const { version, run, charts, candidates } = await chartsOf(call);
  if (!run) {
    throw new AppError("conflict", `The run of ${version.name} version ${version.version} was deleted`, {
      fix: "Download the model, its predictions and charts one by one.",
    });
  }
  takeTime();
  const { packArchive, runFiles } = await import("../../../../models/exports/archive.ts");
  const files = runFiles({
    ...{ run, version, charts, candidates, home },
    drawChart: (chart) => drawings.chartSvg(chart, { theme: "light", width: CHART_WIDTH }),
    answers: await rowPredictionsOf({ signalbox }, version).catch(nullIfNone),
    dataset: await findDataset(signalbox.store, run.datasetId, run.datasetVersion),
    bytes: await signalbox.models.readAsServed(version),
  });
  const name = `${version.name}-v${version.version}`;
  const failed = async (error: unknown) => {
    await problemOf(error);
    return "";
  };
  const body = revocableBody(streamBody(packArchive(files, name, version.createdAt), failed), hold);
  const headers = {
    "content-type": "application/x-tar",
    "content-disposition": `attachment; filename="${name}.tar"`,
    [STREAM_HEADER]: "no",
  };
  return new Response(body, { headers });
}

function nullIfNone(error: unknown): null {
  if (error instanceof AppError && error.code === "conflict") return null;
  throw error;
}

const VERSION_PATH = "{home}/api/models/{model}/versions/{version}";

export const EXPORT_ROUTES = [
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v/predictions",
    scope: "read",
    params: VERSION,
    query: ROWS_QUERY,
    example: `curl --fail-with-body -OJ '${VERSION_PATH}/predictions?part=test&format=csv'`,
    says: "Every row with its actual value and its prediction: training rows by the folds that held them out (out-of-fold), test rows by the tested model. The column row counts the data rows of the file from 1, and goes on with those of a test dataset.",
    answers: { 200: TABLE_TYPES },
    refusals: ["conflict", "invalid"],
    handle: predictionRows,
  }),
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v/folds",
    scope: "read",
    params: VERSION,
    query: () => z.object({ format: FORM() }),
    example: `curl --fail-with-body -OJ '${VERSION_PATH}/folds'`,
    says: "Says for each row whether it was a training or a test row, and which fold held it out.",
    answers: { 200: TABLE_TYPES },
    refusals: ["conflict"],
    handle: async (call) => {
      const version = await found(call);
      const { foldTable } = await import("../../../../models/exports/row-tables.ts");
      const table = foldTable(await rowPredictionsOf(call, version));
      return tableAnswer(call, table, { version, what: "folds" });
    },
  }),
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v/charts",
    scope: "read",
    params: VERSION,
    example: `curl --fail-with-body '${VERSION_PATH}/charts'`,
    says: "Lists the charts of a version with their addresses as SVG, PNG, CSV and JSON.",
    answers: { 200: json("CHARTS") },
    handle: chartList,
  }),
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v/charts/:chart",
    scope: "read",
    params: CHART,
    query: CHART_QUERY,
    example: `curl --fail-with-body -o importance.svg '${VERSION_PATH}/charts/importance?format=svg'`,
    says: "One chart as an image, or its table.",
    answers: {
      200: {
        "image/svg+xml": "a whole document",
        "image/png": "twice as many pixels wide",
        "text/csv": "the table",
        ...json("CHART"),
      },
    },
    refusals: ["conflict", "invalid"],
    handle: oneChart,
  }),
  route({
    method: "GET",
    path: "/api/models/:name/versions/:v/archive",
    scope: "read",
    params: VERSION,
    example: `curl --fail-with-body -OJ '${VERSION_PATH}/archive'`,
    says: "A run as one tar: settings, metrics, leaderboard, folds, predictions, charts, the model in every format that supports it, its card, how the file was read, and a notebook.",
    answers: { 200: { "application/x-tar": "a folder" } },
    refusals: ["conflict"],
    handle: archive,
  }),
];
