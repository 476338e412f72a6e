/** Checks each file format end to end: uploaded, read, another sheet chosen, predicted, answered in its format. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { sheetData, tableOf, workbookOf } from "../../csv/formats/files.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PARQUET = "application/vnd.apache.parquet";
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const upload = await send("/api/upload?name=crew.csv", passengersCsv(600));
  const { id: datasetId } = (await upload.json()) as { id: string };
  const trained = await harness.ask("/api/train?wait=1", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ datasetId, budgetRounds: 40 }),
  });
  expect(trained.status).toBe(200);
}, 30_000);
afterAll(() => harness.close());

function send(path: string, body: string | Uint8Array, accept = "*/*"): Promise<Response> {
  const headers = { accept, "content-type": "" };
  return harness.ask(path, { method: "PUT", headers, body: body as Uint8Array<ArrayBuffer> });
}

const [HEADER = "", ...LINES] = passengersCsv(40, 5).trim().split("\n");
const NAMES = HEADER.split(",");
const CELLS = LINES.map((line) => line.split(","));
const number = (cell: string) => (cell !== "" && Number.isFinite(Number(cell)) ? Number(cell) : cell || null);
const OBJECTS = CELLS.map((cells) =>
  Object.fromEntries(NAMES.map((name, k) => [name, number(cells[k] ?? "")])),
);

const FILES = {
  csv: `${[HEADER, ...LINES].join("\n")}\n`,
  ndjson: OBJECTS.map((each) => JSON.stringify(each)).join("\n"),
  json: JSON.stringify(OBJECTS),
  xlsx: workbookOf({
    sheets: [{ name: "S", xml: sheetData([NAMES, ...OBJECTS.map((each) => Object.values(each))]) }],
  }),
  parquet: new Uint8Array(
    parquetWriteBuffer({
      columnData: NAMES.map((name) => ({
        name,
        data: OBJECTS.map((each) => (each[name] === null ? null : String(each[name]))),
        type: "STRING",
        nullable: true,
      })),
    }),
  ),
};
const PREDICT = "/api/models/crew/predict?version=1";

/** The predictions, row by row, whatever the response's format. */
async function predictionsIn(answer: Response): Promise<string[]> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.headers.get("content-type") === PARQUET) {
    const rows = await parquetReadObjects({ file: bytes.buffer });
    return rows.map((row) => `${row.prediction} ${shareOf(row)}`);
  }
  const { rows } = await tableOf(bytes);
  const [names = [], ...cells] = rows;
  return cells.map((row) => {
    const named = Object.fromEntries(names.map((name, k) => [name, row[k]]));
    return `${named.prediction} ${shareOf(named)}`;
  });
}

/** The probability of the first class. */
function shareOf(row: Record<string, unknown>): number {
  const name = Object.keys(row).find((each) => each.startsWith("probability_"));
  return Number(row[name!]);
}

test("a file is predicted in its own format, with the same predictions in each", async () => {
  const wanted = await predictionsIn(await send(PREDICT, FILES.csv));
  expect(wanted.length).toBe(40);
  expect(new Set(wanted).size).toBeGreaterThan(1);
  const types = {
    ndjson: "application/x-ndjson",
    json: "application/x-ndjson",
    xlsx: XLSX,
    parquet: PARQUET,
  };
  for (const [name, type] of Object.entries(types)) {
    const answer = await send(PREDICT, FILES[name as keyof typeof FILES]);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(await predictionsIn(answer)).toEqual(wanted);
  }
}, 30_000);

test("Accept chooses another format", async () => {
  const wanted = await predictionsIn(await send(PREDICT, FILES.csv));
  for (const type of ["text/csv", "application/x-ndjson", XLSX, PARQUET]) {
    const answer = await send(PREDICT, FILES.xlsx, type);
    expect(answer.headers.get("content-type")).toStartWith(type);
    expect(await predictionsIn(answer)).toEqual(wanted);
  }
}, 30_000);

test("nothing of a file to predict is kept", async () => {
  await predictionsIn(await send(PREDICT, FILES.xlsx));
  expect((await send(PREDICT, FILES.xlsx.subarray(0, 900))).status).toBe(422);
  expect(
    readdirSync(join(harness.signalbox.config.DATA_DIR, "datasets")).filter((file) => file.includes(".part")),
  ).toEqual([]);
});

test("rows in JSON: a list alone, and objects inside objects", async () => {
  const headers = { "content-type": "application/json" };
  const ask = (body: unknown) =>
    harness.ask(PREDICT, { method: "POST", headers, body: JSON.stringify(body) });
  const list = await ask(OBJECTS.slice(0, 3));
  expect(((await list.json()) as { predictions: unknown[] }).predictions.length).toBe(3);
  const nested = (await (await ask({ ...OBJECTS[0], a: { b: 1 } })).json()) as {
    warnings: { column: string }[];
  };
  expect(nested.warnings.map(({ column }) => column)).toContain("a.b");
});

test("another sheet and another range make a new version; rows are those of the table", async () => {
  const rows = (from: number) => Array.from({ length: 30 }, (_, k) => [from + k, k % 2 ? "x" : "y", k * k]);
  const bytes = workbookOf({
    sheets: [
      { name: "One", xml: sheetData([["a", "b", "c"], ...rows(0)]) },
      { name: "Two", xml: sheetData([["d", "e", "f"], ...rows(100)]) },
    ],
  });
  const { id, dialect } = (await (await send("/api/upload?name=book.xlsx", bytes)).json()) as Read;
  expect(dialect).toMatchObject({ format: "xlsx", sheet: "One", range: "A1:C31", sheets: ["One", "Two"] });
  const other = await patch(id, { sheet: "Two", target: "e" });
  expect(other).toMatchObject({ version: 2, target: "e", dialect: { sheet: "Two" } });
  expect(other.columns.map(({ name }) => name)).toEqual(["d", "e", "f"]);
  const page = await harness.ask(`/api/datasets/${id}/rows?limit=1`);
  expect(((await page.json()) as { items: string[][] }).items).toEqual([["100", "y", "0"]]);
  const cut = await patch(id, { range: "B1:C11" });
  expect(cut).toMatchObject({ version: 3, rows: 10, dialect: { sheet: "Two", range: "B1:C11" } });
}, 30_000);

interface Read {
  id: string;
  dialect: object;
  columns: { name: string }[];
}

async function patch(id: string, choices: object): Promise<Read> {
  const answer = await harness.ask(`/api/datasets/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(choices),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Read;
}

test("a deleted dataset leaves no table", async () => {
  const body = `${JSON.stringify({ a: 1, b: 2 })}\n${JSON.stringify({ a: 3, b: 5 })}`;
  const { id } = (await (await send("/api/upload?name=gone.json", body)).json()) as Read;
  expect((await harness.ask(`/api/datasets/${id}?now=1`, { method: "DELETE" })).status).toBe(204);
  const left = readdirSync(join(harness.signalbox.config.DATA_DIR, "datasets")).filter((file) =>
    file.startsWith(id),
  );
  expect(left).toEqual([]);
});
