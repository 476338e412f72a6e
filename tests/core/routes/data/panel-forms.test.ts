/**
 * Checks that every panel has each of its forms, safe to open, with its position as ETag, complete for other
 * origins.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PANEL_NAMES } from "../../../../core/events/panel-names.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

const TYPES = {
  "": "text/html; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
};
const FORMULA = `=SUM(1)&"<b>".csv`;

let empty: Harness;
let harness: Harness;
let run: { id: string; number: number };
beforeAll(async () => {
  empty = await openHarness();
  harness = await openHarness({ EMBED_ORIGINS: "https://portal.example", BASE_PATH: "/tools/box" });
  const { id: datasetId } = (await (await upload()).json()) as { id: string };
  const body = { datasetId, target: "Survived", budgetRounds: 60, name: "boat" };
  const trained = await harness.send("POST", "/tools/box/api/train?wait=1", body);
  run = (await trained.json()) as typeof run;
  await harness.send("PUT", "/tools/box/api/models/boat/live", { version: 1 });
});
afterAll(async () => {
  await empty.close();
  await harness.close();
});

const upload = () =>
  harness.ask(`/tools/box/api/upload?name=${encodeURIComponent(FORMULA)}`, {
    method: "POST",
    body: passengersCsv(120),
  });
const html = { headers: { accept: "*/*" } };

describe.each(PANEL_NAMES)("%s", (panel) => {
  test.each(Object.entries(TYPES))("as %p", async (ending, type) => {
    for (const [signalbox, base] of [
      [empty, ""],
      [harness, "/tools/box"],
    ] as const) {
      const address = `${base}/panels/${panel}${ending}`;
      const answer = await signalbox.ask(address, html);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(type);
      const body = await answer.text();
      const etag = answer.headers.get("etag")!;
      expect(etag).toMatch(/^"\w+-\d+-\w+"$/);
      const again = await signalbox.ask(address, { headers: { accept: "*/*", "if-none-match": etag } });
      expect(again.status).toBe(304);
      const head = await signalbox.ask(address, { ...html, method: "HEAD" });
      expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([200, type, ""]);
      if (ending === ".svg")
        expect(body).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/);
      if (ending === ".csv") expect(body).not.toMatch(/(^|,)=/m);
      if (ending === ".txt") expect(body).toMatch(/^[A-Z ]+ {2}\S/);
      if (ending === "" || ending === ".svg") expect(body).not.toContain('"<b>"');
    }
  });

  test("a panel of an unknown subject is not found", async () => {
    for (const ending of Object.keys(TYPES))
      expect((await empty.ask(`/panels/${panel}${ending}?of=nobody`, html)).status).toBe(404);
  });
});

test("badges and tables say what the panel says", async () => {
  const text = async (path: string) => (await harness.ask(`/tools/box/panels/${path}`, html)).text();
  expect(await text("model.svg?of=boat")).toContain("version 1 · ROC AUC");
  expect(await text("run.svg")).toContain(`run ${run.number}`);
  expect(await text(`stages.csv?of=${run.id}`)).toMatch(
    /^stage,status,progress,durationMs,note\r\nData validation,finished,1,/,
  );
  expect(await text("stages.txt")).toContain("Finalizing");
  expect(await text("datasets.csv")).toContain(`,"'=SUM(1)&""<b>"".csv",ready,120,`);
  expect(await text("curve.svg?theme=dark")).toContain("Validation rows");
});

test("an unknown extension is refused with the list of known ones", async () => {
  const answer = await empty.ask("/panels/metrics.pdf");
  expect(answer.status).toBe(404);
  expect(((await answer.json()) as { fix: string }).fix).toContain(".csv");
});

test("a page of another origin gets full URLs, our own pages get paths", async () => {
  const of = async (headers: Record<string, string>) =>
    (await harness.ask("/tools/box/panels/run", { headers: { accept: "*/*", ...headers } })).text();
  expect(await of({})).toContain(`href="/tools/box/runs/${run.id}"`);
  expect(await of({ origin: "http://127.0.0.1:8000" })).toContain(`href="/tools/box/runs/${run.id}"`);
  const foreign = await of({ origin: "https://portal.example" });
  expect(foreign).toContain(`href="http://127.0.0.1:8000/tools/box/runs/${run.id}"`);
  expect(foreign).not.toMatch(/(href|action|hx-get|hx-post)="\//);
});

test("badges load on other pages only if embedding is allowed", async () => {
  const policy = async (signalbox: Harness, path: string) =>
    (await signalbox.ask(path, html)).headers.get("cross-origin-resource-policy");
  expect(await policy(harness, "/tools/box/panels/health.svg")).toBe("cross-origin");
  expect(await policy(harness, "/tools/box/panels/health")).toBe("same-origin");
  expect(await policy(empty, "/panels/health.svg")).toBe("same-origin");
  expect(await policy(empty, "/static/signalbox-panel.js")).toBe("cross-origin");
});

test("behind a proxy that strips the base path everything has the same address", async () => {
  for (const path of ["/healthz", "/api/events?limit=1", "/panels/health", "/embed/health", "/", "/docs"]) {
    const kept = await harness.ask(`/tools/box${path}`, html);
    const stripped = await harness.ask(path, html);
    expect(stripped.status).toBe(200);
    expect(stripped.headers.get("link")).toBe(kept.headers.get("link"));
  }
  const list = await harness.ask("/api/events?limit=1");
  expect(list.headers.get("link")).toContain("</tools/box/api/events?");
});
