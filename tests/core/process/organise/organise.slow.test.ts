/** A team's story: names, tags, notes, the archive, search, saved filters, deleting, undoing, many at once. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

setDefaultTimeout(90_000);

let harness: Harness;
let clock = Date.parse("2026-03-01T10:00:00Z");
beforeAll(async () => {
  harness = await openHarness({}, () => clock);
});
afterAll(() => harness.close());

interface Listed {
  items: {
    id: string;
    name: string | null;
    tags: string[];
    note: string;
    archived: boolean;
    number: number;
  }[];
}
const names = async (path: string) => (await harness.json<Listed>(path)).items.map(({ name }) => name);
const ids = async (path: string) => (await harness.json<Listed>(path)).items.map(({ id }) => id);
const status = async (path: string, init?: RequestInit) => (await harness.ask(path, init)).status;
const remove = (path: string) => harness.ask(path, { method: "DELETE" });
const form = (path: string, fields: [string, string][]) => {
  const body = new URLSearchParams(fields).toString();
  const type = "application/x-www-form-urlencoded";
  const headers = { accept: "text/html", "content-type": type, "content-length": String(body.length) };
  return harness.ask(path, { method: "POST", headers, body });
};

async function train(name: string, seed: number): Promise<{ run: string; dataset: string }> {
  const csv = passengersCsv(90 + seed, seed);
  const answer = await harness.ask(`/api/train/${name}.csv?target=Survived&budgetSeconds=1&budgetRounds=1`, {
    ...{ method: "PUT", body: csv, headers: { accept: "application/json" } },
  });
  const { id, datasetId } = (await answer.json()) as { id: string; datasetId: string };
  return { run: id, dataset: datasetId };
}

function heldBy(text: string): string[] {
  return ["", "-wal"]
    .map((end) => `signalbox.sqlite${end}`)
    .filter((name) => {
      const path = join(harness.folder, name);
      return existsSync(path) && readFileSync(path).includes(text);
    });
}

test("names, tags and notes are searched, as are columns and targets; the ETag changes with them", async () => {
  const { dataset, run } = await train("crew", 1);
  const before = (await harness.ask(`/api/datasets/${dataset}`)).headers.get("etag");
  const named = await harness.send("PATCH", `/api/datasets/${dataset}`, {
    name: "Crew list",
    tags: ["ships", "50%_off"],
    note: "From the harbour office",
  });
  expect(named.status).toBe(200);
  expect(await named.json()).toMatchObject({ name: "Crew list", version: 1, archived: false });
  expect((await harness.ask(`/api/datasets/${dataset}`)).headers.get("etag")).not.toBe(before);
  expect(
    (await harness.send("PATCH", `/api/runs/${run}`, { name: "with fares", tags: ["first"] })).status,
  ).toBe(200);
  expect((await harness.send("PATCH", "/api/models/crew", { note: "asked for by Anna" })).status).toBe(200);
  for (const q of ["crew list", "HARBOUR", "ships", "Fare", "survived"])
    expect([q, await ids(`/api/datasets?q=${q}`)]).toEqual([q, [dataset]]);
  for (const q of ["[", '"', "nothing"]) expect([q, await ids(`/api/datasets?q=${q}`)]).toEqual([q, []]);
  expect(await ids("/api/datasets?tag=ships")).toEqual([dataset]);
  expect(await ids(`/api/datasets?tag=${encodeURIComponent("50%_off")}`)).toEqual([dataset]);
  expect(await ids("/api/datasets?tag=ship")).toEqual([]);
  for (const q of ["with fares", "first", "crew list", "fare"])
    expect([q, await ids(`/api/runs?q=${q}`)]).toEqual([q, [run]]);
  for (const q of ["anna", "fare"]) expect([q, await names(`/api/models?q=${q}`)]).toEqual([q, ["crew"]]);
  const refused = await harness.send("PATCH", `/api/runs/${run}`, { tags: ["a,b"] });
  expect(refused.status).toBe(400);
});

test("archived items leave lists and panels, but keep their addresses", async () => {
  const [run] = await ids("/api/runs");
  await harness.send("PATCH", `/api/runs/${run}`, { archived: true });
  expect(await ids("/api/runs")).toEqual([]);
  expect(await ids("/api/runs?q=fare")).toEqual([]);
  expect(await ids("/api/runs?status=archived")).toEqual([run!]);
  expect(await harness.json("/panels/runs.json")).toMatchObject({ items: [] });
  expect(await harness.json(`/api/runs/${run}`)).toMatchObject({ archived: true });
  const { items } = await harness.json<{ items: { sentence: string }[] }>("/api/activity?limit=1");
  expect(items[0]!.sentence).toBe("Run 1 was archived");
  await harness.send("PATCH", `/api/runs/${run}`, { archived: false });
  expect(await ids("/api/runs")).toEqual([run!]);
});

test("a model is renamed with its versions, deployment and predictions; the old name's error names the new one", async () => {
  await harness.send("PUT", "/api/models/crew/live", { version: 1, confirm: true });
  await harness.send("POST", "/api/models/crew/predict", { Sex: "female" });
  const renamed = await harness.send("PATCH", "/api/models/crew", { name: "sailors", tags: ["sea"] });
  expect(await renamed.json()).toMatchObject({
    ...{ name: "sailors", liveVersion: 1, tags: ["sea"], note: "asked for by Anna" },
    predictions: { total: 1 },
  });
  expect(await status("/api/models/crew")).toBe(404);
  expect(await harness.json("/api/models/crew")).toMatchObject({ fix: "It was renamed to sailors." });
  expect((await harness.send("POST", "/api/models/sailors/predict", { Sex: "male" })).status).toBe(200);
  const [run] = (await harness.json<{ items: { modelName: string }[] }>("/api/runs")).items;
  expect(run).toMatchObject({ modelName: "sailors" });
  const { run: second } = await train("crew", 2);
  expect(await harness.json(`/api/runs/${second}`)).toMatchObject({ modelName: "crew", version: 1 });
  const clash = await harness.send("PATCH", "/api/models/crew", { name: "sailors" });
  expect(clash.status).toBe(409);
});

test("a deleted item disappears everywhere, and an undo restores it completely", async () => {
  const { run, dataset } = await train("guests", 3);
  await harness.send("PUT", "/api/models/guests/live", { version: 1, confirm: true });
  const gone = [await remove("/api/models/guests"), await remove(`/api/runs/${run}?delete=1`)];
  gone.push(await remove(`/api/datasets/${dataset}`));
  expect(gone.map((answer) => answer.status)).toEqual([204, 204, 204]);
  const hidden = [
    ...["/api/models/guests", "/api/models/guests/versions/1", "/models/guests", "/panels/model?of=guests"],
    ...["/api/models/guests/versions/1/download", `/api/runs/${run}`, `/runs/${run}`, `/runs/${run}/replay`],
    ...[`/panels/run?of=${run}`, `/api/datasets/${dataset}`, `/datasets/${dataset}`],
    ...[`/api/datasets/${dataset}/rows`, `/api/compare?runs=${run},guests:1`],
  ];
  for (const path of hidden) expect([path, await status(path)]).toEqual([path, 404]);
  expect((await harness.send("POST", "/api/models/guests/predict", { Sex: "male" })).status).toBe(404);
  expect((await harness.send("POST", "/api/train", { datasetId: dataset })).status).toBe(404);
  expect(await ids("/api/runs?q=guests")).toEqual([]);
  expect(await names("/api/models")).not.toContain("guests");
  const { items } = await harness.json<{ items: { id: string; items: { label: string }[] }[] }>("/api/undo");
  expect(items.flatMap((entry) => entry.items.map(({ label }) => label)).sort()).toEqual(
    ["guests", "guests.csv", "Run 3"].sort(),
  );
  // By what the deletion answered, or by what was deleted.
  expect(await status(gone[0]!.headers.get("location")!, { method: "POST" })).toBe(200);
  for (const id of [run, dataset]) expect(await status(`/api/undo/${id}`, { method: "POST" })).toBe(200);
  expect(await harness.json("/api/models/guests")).toMatchObject({ liveVersion: 1 });
  expect((await harness.send("POST", "/api/models/guests/predict", { Sex: "male" })).status).toBe(200);
  for (const path of hidden.filter((path) => !path.startsWith("/panels")))
    expect([path, await status(path)]).toEqual([path, 200]);
  expect(await status(`/api/undo/${run}`, { method: "POST" })).toBe(404);
});

test("after a minute a delete is final, files and rows are gone, and its number is never reused", async () => {
  const { run, dataset } = await train("secret-guests", 4);
  await harness.send("PATCH", `/api/runs/${run}`, { note: "the-note-to-forget" });
  const models = () => readdirSync(join(harness.folder, "models")).length;
  const before = models();
  await remove(`/api/runs/${run}?delete=1`);
  await remove(`/api/datasets/${dataset}`);
  await remove("/api/models/secret-guests/versions/1");
  expect(await status("/api/models/secret-guests")).toBe(404);
  expect(models()).toBe(before);
  clock += 60_001;
  for (const id of [run, dataset, "secret-guests:1"])
    expect(await status(`/api/undo/${id}`, { method: "POST" })).toBe(404);
  await harness.signalbox.deletions.sweep();
  // The model, and its predictions by row.
  expect(models()).toBe(before - 2);
  expect(existsSync(join(harness.folder, "datasets", `${dataset}.csv`))).toBe(false);
  const deadline = performance.now() + 10_000;
  while (heldBy("the-note-to-forget").length && performance.now() < deadline) await Bun.sleep(50);
  expect(heldBy("the-note-to-forget")).toEqual([]);
  expect((await harness.json<{ items: unknown[] }>("/api/undo")).items).toEqual([]);
  const { run: next } = await train("next", 5);
  expect(await harness.json(`/api/runs/${next}`)).toMatchObject({ number: 5 });
});

test("now=1 deletes at once; the same file and name can be added again", async () => {
  const { run, dataset } = await train("again", 6);
  expect((await remove(`/api/datasets/${dataset}?now=1`)).headers.has("location")).toBe(false);
  expect(await status(`/api/undo/${dataset}`, { method: "POST" })).toBe(404);
  expect((await remove(`/api/runs/${run}`)).status).toBe(409);
  await remove("/api/models/again");
  const second = await train("again", 6);
  expect(second.dataset).not.toBe(dataset);
  expect(await harness.json("/api/models/again")).toMatchObject({ versions: [{ version: 1 }] });
  expect(await status("/api/undo/again", { method: "POST" })).toBe(404);
  const upload = await remove(`/api/datasets/${second.dataset}`);
  expect(upload.headers.has("location")).toBe(true);
  const third = await train("again", 6);
  expect(third.dataset).not.toBe(second.dataset);
  expect(await harness.json("/api/models/again")).toMatchObject({
    versions: [{ version: 2 }, { version: 1 }],
  });
  const predicted = await harness.send("POST", "/api/models/again/predict?version=1", { Sex: "male" });
  const { predictions } = (await predicted.json()) as { predictions: { id?: string }[] };
  expect(predictions[0]!.id).toBeString();
});

test("many at once: what cannot be done gets its reason, and one undo restores all", async () => {
  const runs = await ids("/api/runs?limit=3");
  const tagged = await harness.send("POST", "/api/bulk", {
    kind: "runs",
    ids: [...runs, "none"],
    addTags: ["x"],
  });
  const { items, undo } = (await tagged.json()) as {
    items: { id: string; done: boolean; error: { code: string } | null }[];
    undo: string | null;
  };
  expect(items.map(({ done }) => done)).toEqual([true, true, true, false]);
  expect([items[3]!.error!.code, undo]).toEqual(["missing", null]);
  expect((await ids("/api/runs?tag=x")).sort()).toEqual([...runs].sort());
  const deleted = await harness.send("POST", "/api/bulk", { kind: "runs", ids: runs, delete: true });
  const { undo: back } = (await deleted.json()) as { undo: string };
  expect(await ids("/api/runs?tag=x")).toEqual([]);
  expect(await status(`/api/undo/${back}`, { method: "POST" })).toBe(200);
  expect((await ids("/api/runs?tag=x")).length).toBe(3);
});

test("the pages do the same without script: select, tag, delete, undo, save a filter", async () => {
  const runs = await ids("/api/runs?limit=2");
  const ticked = runs.map((id): [string, string] => ["runs", id]);
  const html = async (path: string) => (await harness.ask(path, { headers: { accept: "text/html" } })).text();
  expect(await html("/runs")).toContain(`name="runs" value="${runs[0]}" form="pick-rows"`);
  expect(await html("/models")).toContain('value="again:2" form="pick-rows"');
  expect(await status(`/compare?runs=${runs[0]}&runs=${runs[1]}&back=&tags=`)).toBe(200);
  expect((await form("/runs/bulk", [...ticked, ["do", "tag"], ["tags", "page, two"]])).status).toBe(303);
  expect((await ids("/api/runs?tag=two")).length).toBe(2);
  expect((await form("/runs/bulk", [...ticked, ["do", "delete"]])).headers.get("location")).toBe("/runs");
  const page = await html("/runs");
  const [, undo] = /action="(\/undo\/\w+)"/.exec(page)!;
  expect(page).toContain("Deleted: ");
  expect((await form(undo!, [])).headers.get("location")).toBe("/runs");
  expect((await ids("/api/runs?tag=two")).length).toBe(2);
  const saved = await form("/filters", [
    ...([
      ["list", "runs"],
      ["name", "Two"],
      ["query", "tag=two"],
    ] as [string, string][]),
  ]);
  expect(saved.headers.get("location")).toBe("/runs?tag=two");
  expect(await html("/runs")).toContain('href="/runs?tag=two"');
  const { items } = await harness.json<{ items: { id: string; name: string }[] }>("/api/filters");
  expect(items).toMatchObject([{ list: "runs", name: "Two", query: "tag=two" }]);
  expect((await remove(`/api/filters/${items[0]!.id}`)).status).toBe(204);
  const order = await form(`/runs/${runs[0]}/order`, [
    ["name", "Best"],
    ["tags", "a, b"],
    ["note", "line"],
  ]);
  expect(order.status).toBe(303);
  expect(await harness.json(`/api/runs/${runs[0]}`)).toMatchObject({
    name: "Best",
    tags: ["a", "b"],
    note: "line",
  });
  expect((await form("/runs/bulk", [["do", "delete"]])).status).toBe(400);
});
