/** Checks HTTP semantics: idempotency keys, entity tags, lengths, forms, methods, preferences, ids. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
let dataset: string;
beforeAll(async () => {
  harness = await openHarness();
  dataset = ((await (await harness.upload("crew.csv", passengersCsv(200))).json()) as { id: string }).id;
  for (const seed of [1, 2])
    await harness.send("POST", "/api/train?wait=1", { datasetId: dataset, budgetSeconds: 2, seed });
}, 60_000);
afterAll(() => harness.close());

const json = { "content-type": "application/json" };
const post = (path: string, key: string, body: unknown) =>
  harness.ask(path, {
    method: "POST",
    headers: { ...json, "idempotency-key": key },
    body: JSON.stringify(body),
  });

describe("an Idempotency-Key", () => {
  test("trains once, however often it is sent, and responds the same", async () => {
    const asked = { datasetId: dataset, budgetSeconds: 2 };
    const [first, second] = [await post("/api/train", "k1", asked), await post("/api/train", "k1", asked)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("location")).toBe(first.headers.get("location")!);
    expect(await second.json()).toEqual(await first.json());
    await harness.signalbox.runs.ended(first.headers.get("location")!.split("/").at(-1)!);
  });

  test("means one request: another body, query or route is refused", async () => {
    const asked = { datasetId: dataset, budgetSeconds: 3 };
    for (const [path, body] of [
      ["/api/train", asked],
      ["/api/train?wait=1", { datasetId: dataset, budgetSeconds: 2 }],
      ["/api/embeds", { panel: "metrics" }],
    ] as const)
      expect((await post(path, "k1", body)).status).toBe(422);
  });

  test("is refused while its request is being processed, and free again after a refusal", async () => {
    const gate = Promise.withResolvers<void>();
    const slow = new ReadableStream({
      async pull(controller) {
        await gate.promise;
        controller.enqueue(new TextEncoder().encode("a\n"));
        controller.close();
      },
    });
    const headers = { "idempotency-key": "k2" };
    const first = harness.ask("/api/upload?name=slow.csv", { method: "POST", headers, body: slow });
    const second = await harness.ask("/api/upload?name=slow.csv", {
      method: "POST",
      headers,
      body: "a\n",
    });
    expect(second.status).toBe(409);
    gate.resolve();
    expect((await first).status).toBe(422);
    const body = passengersCsv(50, 77);
    expect((await harness.ask("/api/upload?name=k2.csv", { method: "POST", headers, body })).status).toBe(
      201,
    );
    expect((await harness.ask("/api/upload?name=k2.csv", { method: "POST", headers, body })).status).toBe(
      201,
    );
  });

  test("knows a form by its content, whatever its boundary, and a stream by its text", async () => {
    const send = async (csv: string) => {
      const form = new FormData();
      form.append("file", new File([csv], "form.csv"));
      return harness.ask("/api/upload", { method: "POST", headers: { "idempotency-key": "k3" }, body: form });
    };
    const [first, second] = [await send(passengersCsv(60, 5)), await send(passengersCsv(60, 5))];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect((await send(passengersCsv(60, 6))).status).toBe(422);
    const train = () =>
      harness.ask("/api/train/once.csv?budgetSeconds=2&target=Survived", {
        method: "PUT",
        headers: { accept: "*/*", "idempotency-key": "k4" },
        body: passengersCsv(120, 8),
      });
    const before = (await harness.json<{ items: unknown[] }>("/api/runs")).items.length;
    const [told, again] = [await (await train()).text(), await (await train()).text()];
    expect(again).toBe(told);
    expect((await harness.json<{ items: unknown[] }>("/api/runs")).items.length).toBe(before + 1);
  }, 30_000);

  test("the stored responses hold no secret and nothing that was deleted", async () => {
    const token = { name: "night", scopes: ["read"] };
    expect((await post("/api/tokens", "k5", token)).status).toBe(201);
    expect((await post("/api/tokens", "k5", token)).status).toBe(409);
    const csv = passengersCsv(40, 99).replace("P1000", "sown-secret");
    const headers = { "idempotency-key": "k6" };
    const made = await harness.ask("/api/upload?name=s.csv", { method: "POST", headers, body: csv });
    await harness.ask(`/api/datasets/${((await made.json()) as { id: string }).id}`, { method: "DELETE" });
    const again = await harness.ask("/api/upload?name=s.csv", { method: "POST", headers, body: csv });
    expect(again.status).toBe(409);
  });

  test("must be valid", async () => {
    expect((await post("/api/train", "with blanks", {})).status).toBe(400);
    expect((await post("/api/train", "x".repeat(256), {})).status).toBe(400);
  });
});

describe("an ETag", () => {
  const change = (method: string, path: string, tag: string, body?: unknown) =>
    harness.ask(path, {
      method,
      headers: { ...json, "if-match": tag },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  test.each([
    ["PATCH", () => `/api/datasets/${dataset}`, () => `/api/datasets/${dataset}`, { target: "Survived" }],
    ["PUT", () => "/api/models/crew", () => "/api/models/crew/live", { version: 2 }],
    ["PATCH", () => "/api/settings", () => "/api/settings", { RETENTION_DAYS: 12 }],
  ])("%s is refused if somebody else was faster", async (method, seen, path, body) => {
    const tag = (await harness.ask(seen())).headers.get("etag")!;
    expect(tag).toMatch(/^"[^"]+"$/);
    const first = await change(method, path(), tag, body);
    expect(first.status).toBe(200);
    const second = await change(method, path(), tag, body);
    expect(second.status).toBe(412);
    expect(((await second.json()) as { fix: string }).fix).toContain("If-Match");
    expect((await change(method, path(), `"x", ${first.headers.get("etag")}`, body)).status).toBe(200);
    expect((await change(method, path(), "*", body)).status).toBe(200);
  });

  test("of two simultaneous changes one wins", async () => {
    const path = `/api/datasets/${dataset}`;
    const tag = (await harness.ask(path)).headers.get("etag")!;
    const both = await Promise.all([
      change("PATCH", path, tag, { target: "Sex" }),
      change("PATCH", path, tag, { target: "Class" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  test("If-Match on a version deletes only what the client saw", async () => {
    const path = "/api/models/crew/versions/1";
    const tag = (await harness.ask(path)).headers.get("etag")!;
    await harness.send("PUT", "/api/models/crew/live", { version: 1 });
    await harness.send("PUT", "/api/models/crew/live", { version: 2 });
    expect((await change("DELETE", path, tag)).status).toBe(412);
    const now = (await harness.ask(path)).headers.get("etag")!;
    expect((await change("DELETE", path, now)).status).toBe(204);
  });

  test("If-None-Match saves the body until the content changes", async () => {
    const tag = (await harness.ask("/api/models/crew")).headers.get("etag")!;
    const same = await harness.ask("/api/models/crew", { headers: { "if-none-match": `"a", W/${tag}` } });
    expect([same.status, await same.text(), same.headers.get("etag")]).toEqual([304, "", tag]);
    expect(same.headers.get("x-request-id")).toMatch(/.+/);
    await harness.send("POST", "/api/models/crew/predict", { Class: 1 });
    await harness.signalbox.serving.stop();
    expect((await harness.ask("/api/models/crew", { headers: { "if-none-match": tag } })).status).toBe(200);
  });

  test("a panel has its own position", async () => {
    const tag = (await harness.ask("/panels/datasets.json")).headers.get("etag")!;
    const other = await harness.ask("/panels/health.json", { headers: { "if-none-match": tag } });
    expect(other.status).toBe(200);
    expect((await harness.ask("/panels/datasets.json", { headers: { "if-none-match": tag } })).status).toBe(
      304,
    );
  });
});

test("HEAD returns the headers of GET, with the length, and starts no stream", async () => {
  for (const path of ["/api/runs", "/healthz", "/", "/openapi.json", "/nothing"]) {
    const [got, head] = [await harness.ask(path), await harness.ask(path, { method: "HEAD" })];
    expect([path, head.status]).toEqual([path, got.status]);
    const length = new TextEncoder().encode(await got.text()).length;
    // A page and the request's id in a problem change between the two.
    expect(Math.abs(Number(head.headers.get("content-length")) - length)).toBeLessThan(40);
    expect(await head.text()).toBe("");
  }
  const stream = await harness.ask("/api/events?follow=1", { method: "HEAD" });
  expect([stream.status, stream.headers.get("content-length")]).toEqual([200, null]);
  expect(harness.signalbox.log.followers).toBe(0);
});

test("compression is for what is large, wanted and not a stream", async () => {
  const encoded = async (path: string, accept: string) =>
    (
      await harness.ask(path, { headers: { "accept-encoding": accept, accept: "application/json" } })
    ).headers.get("content-encoding");
  expect(await encoded("/openapi.json", "gzip, br")).toBe("gzip");
  expect(await encoded("/openapi.json", "gzip;q=0, br")).toBeNull();
  expect(await encoded("/openapi.json", "identity")).toBeNull();
  expect(await encoded("/version", "gzip")).toBeNull();
  const stream = await harness.ask("/api/events", {
    headers: { "accept-encoding": "gzip", accept: "application/x-ndjson" },
  });
  expect(stream.headers.get("content-encoding")).toBeNull();
  await stream.body!.cancel();
});

test("each address lists its methods: OPTIONS, and 405 with Allow", async () => {
  const options = await harness.ask("/api/datasets/x", { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow")]).toEqual([
    204,
    "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
  ]);
  const wrong = await harness.ask("/api/runs", { method: "PUT" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  const page = await harness.ask("/docs", { method: "POST" });
  expect([page.status, page.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  expect((await harness.ask("/nothing", { method: "OPTIONS" })).status).toBe(404);
});

test("the Prefer header is applied and confirmed", async () => {
  const ask = (prefer: string, seed: number) =>
    harness.ask(`/api/upload?name=p${seed}.csv`, {
      method: "POST",
      headers: { prefer },
      body: passengersCsv(400, seed),
    });
  const soon = await ask("respond-async", 31);
  expect([soon.status, soon.headers.get("preference-applied")]).toEqual([202, "respond-async"]);
  const patient = await ask("handling=lenient, respond-async, wait=20", 32);
  expect([patient.status, patient.headers.get("preference-applied")]).toEqual([
    201,
    "respond-async, wait=20",
  ]);
  const train = (prefer: string) =>
    harness.ask("/api/train", {
      method: "POST",
      headers: { ...json, prefer },
      body: JSON.stringify({ datasetId: dataset, target: "Survived", budgetSeconds: 2 }),
    });
  expect((await train("wait=0")).status).toBe(202);
  expect((await train("wait=60")).status).toBe(200);
}, 30_000);

test("every response has its request's ID and its timing", async () => {
  const paths = [
    "/",
    "/api/runs",
    "/nothing",
    "/static/none",
    "/panels/run",
    "/healthz",
    "/api/runs?limit=x",
  ];
  const ids = await Promise.all(
    paths.map(async (path) => {
      const answer = await harness.ask(path);
      expect(answer.headers.get("server-timing")).toMatch(/total;dur=\d/);
      return answer.headers.get("x-request-id");
    }),
  );
  expect(new Set(ids).size).toBe(paths.length);
  expect((await harness.ask("/api/runs?limit=7")).headers.get("server-timing")).toMatch(
    /^db;dur=\d+\.\d+, total/,
  );
});

test("a cached list shows each change immediately", async () => {
  interface Runs {
    items: { id: string; status: string }[];
  }
  const before = await harness.json<Runs>("/api/runs");
  expect(await harness.json<Runs>("/api/runs")).toEqual(before);
  const asked = { datasetId: dataset, budgetSeconds: 2 };
  const run = (await (await harness.send("POST", "/api/train", asked)).json()) as { id: string };
  const after = await harness.json<Runs>("/api/runs");
  expect(after.items.map(({ id }) => id)).toEqual([run.id, ...before.items.map(({ id }) => id)]);
  expect(await (await harness.ask("/runs", { headers: { accept: "text/html" } })).text()).toContain(run.id);
  await harness.signalbox.runs.cancel(run.id);
  await harness.signalbox.runs.ended(run.id);
  expect((await harness.json<Runs>("/api/runs")).items[0]!.status).toBe("cancelled");
  const page = await (await harness.ask("/", { headers: { accept: "text/html" } })).text();
  expect(page).toContain("http://127.0.0.1:8000/api/");
  expect(page).not.toContain("origin.invalid");
});
