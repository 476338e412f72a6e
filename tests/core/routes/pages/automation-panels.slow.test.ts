/** Sources and schedules as panels: pushed when they change, the same in every form, and what needs attention says why. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
let datasetId = "";
let file: ReturnType<typeof Bun.serve>;
const stale: string[] = [];
beforeAll(async () => {
  file = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(passengersCsv(40)) });
  harness = await openHarness({ SOURCE_HOSTS: "127.0.0.1", SECRET_KEY: "the same on every server" });
  harness.signalbox.log.subscribe((_, panels) => stale.push(...panels));
  datasetId = ((await (await harness.upload("crew.csv", passengersCsv(60))).json()) as { id: string }).id;
});
afterAll(async () => {
  await harness.close();
  await file.stop(true);
});

const panel = (name: string, form = "json") =>
  harness.ask(`/panels/${name}.${form}`, { headers: { accept: "*/*" } }).then((answer) => answer.text());
const staleAfter = async (act: () => Promise<unknown>) => {
  stale.length = 0;
  await act();
  return new Set(stale);
};
const page = async (path: string) => (await harness.ask(path, { headers: { accept: "text/html" } })).text();

test("a source is pushed when it is added, refreshed, changed and deleted", async () => {
  const url = `${file.url.href}crew.csv`;
  let id = "";
  const add = async () => {
    ({ id } = (await (await harness.send("POST", "/api/sources", { name: "crew", url })).json()) as {
      id: string;
    });
  };
  expect(await staleAfter(add)).toContain("sources");
  const refresh = () => harness.send("POST", `/api/sources/${id}/refresh`, {});
  expect(await staleAfter(refresh)).toContain("sources");
  expect(await panel("sources")).toContain('"status":"ok"');
  expect(await panel("sources", "csv")).toContain("crew");
  expect(await panel("sources", "svg")).toContain("1 source");
  expect(await page("/sources")).toContain('data-panel="sources"');
  expect(await staleAfter(() => harness.send("PATCH", `/api/sources/${id}`, { name: "sailors" }))).toContain(
    "sources",
  );
  expect(await staleAfter(() => harness.ask(`/api/sources/${id}`, { method: "DELETE" }))).toContain(
    "sources",
  );
  expect(await panel("sources")).toBe('{"items":[]}');
});

test("a schedule made by the form takes a dataset and a region, and its panel follows", async () => {
  await harness.send("POST", "/api/train?wait=1", { datasetId, name: "crew", budgetRounds: 5 });
  const fields = new URLSearchParams({
    ...{ name: "nightly", action: "score", datasetId, model: "crew", when: "cron", cron: "0 3 * * *" },
    ...{ url: "s3://bucket/out.csv", endpoint: `http://127.0.0.1:${file.port}`, region: "eu-west-1" },
    ...{ accessKeyId: "a", secretAccessKey: "b" },
  }).toString();
  const headers = {
    ...{ "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
    "content-length": String(fields.length),
  };
  const submit = () => harness.ask("/schedules", { method: "POST", headers, body: fields });
  expect(await staleAfter(submit)).toContain("schedules");
  const { items } = await harness.json<{ items: { id: string; datasetId: string }[] }>("/api/schedules");
  expect(items).toMatchObject([{ name: "nightly", action: "score", datasetId }]);
  expect(await page("/schedules")).toContain("Score crew.csv with crew");
  expect(await panel("schedules", "txt")).toContain("nightly");
  const pause = () => harness.send("PATCH", `/api/schedules/${items[0]!.id}`, { enabled: false });
  expect(await staleAfter(pause)).toContain("schedules");
  expect(await page("/schedules")).toContain("Paused");
  // With script the page and the focus stay where they are.
  const hx = await harness.ask(`/schedules/${items[0]!.id}/switch`, {
    ...{
      method: "POST",
      headers: { ...headers, "content-length": "9", "hx-request": "true" },
      body: "enabled=1",
    },
  });
  expect([hx.status, hx.headers.get("hx-redirect")]).toEqual([204, null]);
});

test("what needs attention says what is at risk and what to do", async () => {
  const bad = { name: "gone", url: "http://127.0.0.1:1/x.csv" };
  const { id } = (await (await harness.send("POST", "/api/sources", bad)).json()) as { id: string };
  await harness.send("POST", `/api/sources/${id}/refresh`, {});
  const { items } = JSON.parse(await panel("attention")) as {
    items: { risk: string; fix: string; sentence: string }[];
  };
  const item = items.find(({ sentence }) => sentence.startsWith("gone"))!;
  expect(item.risk).toContain("old rows");
  expect(item.fix).toContain("Refresh");
  expect(await page("/")).toContain(item.risk);
});

test("the form shows the next times in their zone before it is sent, or why there are none", async () => {
  const shown = async (cron: string, timeZone: string) =>
    page(`/schedules?${new URLSearchParams({ cron, timeZone })}`);
  expect(await shown("30 2 28 3 *", "Europe/Berlin")).toMatch(
    /Next times in Europe\/Berlin:<ol><li>\w{3} 28 Mar \d{4}, 0[23]:/,
  );
  expect(await shown("0 0 30 2 *", "UTC")).toContain("This time never comes.");
  expect(await shown("61 * * * *", "UTC")).toContain("cannot be read");
  expect(await shown("0 3 * * *", "Mars/Base")).toContain("“Mars/Base” is not a time zone.");
});

test("rows are scored by a chosen version, which must exist; the next five times are told", async () => {
  const to = { url: `${file.url.href}hook` };
  const score = { name: "fixed", action: "score", datasetId, model: "crew", cron: "0 3 * * *", to };
  const made = await harness.send("POST", "/api/schedules", { ...score, version: 1 });
  expect(made.status).toBe(201);
  const { id, version, upcoming, nextAt } = (await made.json()) as {
    id: string;
    version: number;
    upcoming: string[];
    nextAt: string;
  };
  expect([version, upcoming.length, upcoming[0]]).toEqual([1, 5, nextAt]);
  expect(await page("/schedules")).toContain("with version 1 of crew");
  const missing = await harness.send("POST", "/api/schedules", { ...score, version: 9 });
  expect([missing.status, await missing.json()]).toEqual([
    404,
    expect.objectContaining({ column: "version" }),
  ]);
  const retrain = { name: "x", action: "retrain", model: "crew", cron: "0 3 * * *", version: 1 };
  expect((await harness.send("POST", "/api/schedules", retrain)).status).toBe(422);
  // The version that no deployment made live predicts.
  const run = (await (await harness.send("POST", `/api/schedules/${id}/run`, {})).json()) as { id: string };
  await harness.signalbox.schedules.settled();
  const { items } = await harness.json<{ items: { id: string; sentence: string }[] }>(
    `/api/schedules/${id}/runs`,
  );
  expect(items.find((each) => each.id === run.id)?.sentence).toContain("scored by crew version 1.");
  const back = await harness.send("PATCH", `/api/schedules/${id}`, { version: "live", enabled: false });
  expect(await back.json()).toMatchObject({ version: "live", upcoming: [] });
});
