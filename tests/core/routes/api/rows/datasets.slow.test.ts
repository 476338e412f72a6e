/** What a page or a script requests for one file: a preview with other settings, another target, and its deletion. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ColumnProfile, ReadingPreview } from "../../../../../core/csv/types.ts";
import { API } from "../../../../../core/routes/api/index.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

interface View {
  id: string;
  version: number;
  status: string;
  rows: number | null;
  target: string;
  columns: ColumnProfile[];
}

const upload = async (name: string, csv: string) => (await (await harness.upload(name, csv)).json()) as View;
const form = (fields: Record<string, string>) => {
  const body = new URLSearchParams(fields).toString();
  const headers = {
    accept: "text/html",
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
  };
  return { method: "POST", headers, body };
};

test("new import settings are previewed on the page and in the API before they are saved", async () => {
  const csv = `a;b,c\n${Array.from({ length: 30 }, (_, k) => `${k};x${k},${k % 3}`).join("\n")}\n`;
  const { id, version } = await upload("two-ways.csv", csv);
  const before = harness.signalbox.log.lastSeq;
  const asked = await harness.send("POST", `/api/datasets/${id}/preview`, { delimiter: ";", header: false });
  const preview = (await asked.json()) as ReadingPreview;
  expect(preview.names).toEqual(["column_1", "column_2"]);
  expect(preview.rows.slice(0, 2)).toEqual([
    ["a", "b,c"],
    ["0", "x0,0"],
  ]);
  const page = await harness.ask(`/datasets/${id}/preview`, form({ delimiter: ";" }));
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain("<td>x0,0</td>");
  expect(html).toContain('<option value=";" selected="">');
  expect(harness.signalbox.log.lastSeq).toBe(before);
  expect((await harness.json<View>(`/api/datasets/${id}`)).version).toBe(version);
  const refused = await harness.send("POST", `/api/datasets/${id}/preview`, { delimiter: "§" });
  expect(refused.status).toBe(422);
});

test("columns related to the target are listed, and again after another target is chosen", async () => {
  const { id, target, columns } = await upload("passengers.csv", passengersCsv(300));
  const measures = (found: ColumnProfile[]) =>
    Object.fromEntries(found.map(({ name, correlation }) => [name, correlation?.measure ?? null]));
  expect(target).toBe("Survived");
  expect(measures(columns)).toMatchObject({
    Id: null,
    Sex: "correlation_ratio",
    Fare: "pearson",
    Survived: null,
  });
  const patched = await harness.send("PATCH", `/api/datasets/${id}`, { target: "Sex" });
  const again = (await patched.json()) as View;
  expect(measures(again.columns)).toMatchObject({ Sex: null, Fare: "correlation_ratio" });
  expect(harness.signalbox.datasets.inProgress()).toEqual([]);
  const page = await (await harness.ask(`/datasets/${id}`, { headers: { accept: "text/html" } })).text();
  expect(page).toMatch(/relationship with Sex \(η\s/);
});

test("columns are there while a large file is read", async () => {
  const lines = Array.from({ length: 300_000 }, (_, k) => `${k % 97},${k % 2 ? "yes" : "no"},${k % 1000}`);
  const body = `n,flag,m\n${lines.join("\n")}\n`;
  const shown: { api: View; panel: string }[] = [];
  const looks: Promise<unknown>[] = [];
  const unsubscribe = harness.signalbox.log.observe((type, data) => {
    const id = String((data as { datasetId?: string }).datasetId);
    if (type !== "dataset.progressed" || !harness.signalbox.datasets.arrival(id)?.columns.length) return;
    const look = async () => {
      const [api, panel] = [
        harness.json<View>(`/api/datasets/${id}`),
        harness.ask("/panels/datasets", { headers: { accept: "text/html" } }),
      ];
      shown.push({ api: await api, panel: await (await panel).text() });
    };
    looks.push(look());
  });
  expect((await harness.ask("/api/upload?name=large.csv", { method: "POST", body })).status).toBe(201);
  await Promise.all(looks);
  unsubscribe();
  const { api, panel } = shown[0]!;
  expect(api.status).toBe("reading");
  expect(api.rows!).toBeGreaterThan(0);
  expect(api.columns.map(({ name }) => name)).toEqual(["n", "flag", "m"]);
  expect(panel).toContain("Columns of large.csv so far");
}, 30_000);

const SECRET = "Zzyzx-Quillfeather-8842";

/** Files under the data folder whose bytes hold the text. */
function holders(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

test("a file that a run learns from is not deleted during the run", async () => {
  const { id } = await upload("busy.csv", passengersCsv(500, 6));
  const answer = await harness.send("POST", "/api/train", { datasetId: id, budgetSeconds: 60 });
  const run = (await answer.json()) as { id: string };
  expect((await harness.ask(`/api/datasets/${id}`, { method: "DELETE" })).status).toBe(409);
  await harness.ask(`/api/runs/${run.id}`, { method: "DELETE" });
  expect((await harness.ask(`/api/datasets/${id}`, { method: "DELETE" })).status).toBe(204);
});

test("a deleted dataset's rows are nowhere on disk and in no response", async () => {
  const rows = passengersCsv(300, 4).trimEnd().split("\n");
  const csv = rows.map((row, k) => `${row},${k === 0 ? "Note" : k === 7 ? SECRET : `note ${k}`}`).join("\n");
  const { id } = await upload("private.csv", `${csv}\n`);
  await harness.send("PATCH", `/api/datasets/${id}`, { types: { Note: "category" } });
  await harness.send("PATCH", `/api/datasets/${id}`, { types: { Note: "text" } });
  await harness.send("POST", `/api/datasets/${id}/preview`, { header: true });
  await harness.ask("/panels/datasets");
  const trained = await harness.send("POST", "/api/train?wait=1", {
    datasetId: id,
    target: "Survived",
    exclude: ["Note"],
    budgetSeconds: 2,
  });
  const run = (await trained.json()) as { id: string; modelName: string };
  const folder = harness.signalbox.config.DATA_DIR;
  // As a run that was cut off would leave it.
  const left = join(folder, "runs", run.id, "supervised.bin");
  await Bun.write(left, `labels: ${SECRET}`);
  expect(holders(folder, SECRET).length).toBeGreaterThan(1);
  expect((await harness.ask(`/api/datasets/${id}?now=1`, { method: "DELETE" })).status).toBe(204);
  expect(holders(folder, SECRET)).toEqual([]);
  const fill = (path: string) =>
    path
      .replace(":name", run.modelName)
      .replace(":version", "1")
      .replace(":id", path.includes("runs") ? run.id : id);
  const paths = API.filter(({ method, path }) => method === "GET" && path !== "/api/events").map(({ path }) =>
    fill(path),
  );
  for (const path of [...paths, "/", `/runs/${run.id}`, `/models/${run.modelName}`, "/panels/datasets"])
    expect([path, (await (await harness.ask(path)).text()).includes(SECRET)]).toEqual([path, false]);
  expect(JSON.stringify(await harness.eventsSince(0))).not.toContain(SECRET);
}, 60_000);

test("a file has a page while it is read, and one with the reason if it was refused", async () => {
  const html = { headers: { accept: "text/html" } };
  const body = passengersCsv(20_000, 77);
  const sent = await harness.ask("/api/upload?wait=0&name=slow.csv", { method: "POST", body });
  const { id } = (await sent.json()) as { id: string };
  const page = await harness.ask(`/datasets/${id}`, html);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain(`id="reading:${id}"`);
  const told = await harness.json<{ status: string }>(`/datasets/${id}`);
  expect(told.status).toBe("reading");
  // The same bytes again: answered when they are read.
  await harness.upload("slow.csv", body);
  expect(await (await harness.ask(`/datasets/${id}`, html)).text()).toContain("Train model");
  expect(await (await harness.ask(`/panels/reading?of=${id}`, html)).text()).toContain("20,000 rows");

  const noise = "\u0000\u0001\u0002".repeat(999);
  const bad = await harness.ask("/api/upload?wait=0&name=photo.csv", { method: "POST", body: noise });
  const refused = (await bad.json()) as { id: string };
  await harness.upload("photo.csv", noise);
  const why = await (await harness.ask(`/datasets/${refused.id}`, html)).text();
  expect(why).toContain("photo.csv cannot be used");
});
