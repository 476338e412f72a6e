/**
 * Asks every route of the server as somebody else, as the owner and as an admin for what is private. A route that names
 * a dataset, run or model in its address is covered by itself; any other that changes something must be listed here, with
 * a request that names what is private, or as one that names nothing.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { PANEL_NAMES, PANELS } from "../../../../core/events/panel-names.ts";
import { accessTable } from "../../../../core/http/identity/access-table.ts";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { API } from "../../../../core/routes/api/index.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

setDefaultTimeout(180_000);

const ADMIN = "the admin of these tests";
const HOME = "http://127.0.0.1:8000";
const SCOPES: Scope[] = ["read", "predict", "train", "deploy", "sources", "embed"];
/** In every name that only the owner and admins may read. */
const SECRET = /zebra/i;
const TABLE = accessTable(API);

let harness: Harness;
let routes: { method: string; path: string }[];
const as: Record<string, Record<string, string>> = { admin: { authorization: `Bearer ${ADMIN}` } };
/** Of what is private. */
const ids = {
  dataset: "",
  run: "",
  model: "zebramodel",
  prediction: "",
  schedule: "",
  undo: "",
  second: "",
  scheduleRun: "",
};

const json = { "content-type": "application/json" };
const ask = (who: string, path: string, init: RequestInit = {}) =>
  harness.ask(path, { ...init, headers: { ...as[who], ...(init.headers as Record<string, string>) } });
const send = (who: string, method: string, path: string, body: unknown) =>
  ask(who, path, { method, headers: json, body: JSON.stringify(body) });

/** With columns that say whose they are. */
const secretCsv = (rows: number, seed: number) =>
  passengersCsv(rows, seed).replace(/^[^\n]*/, "Id,Zebraclass,Zebrasex,Age,Fare,Zebratarget");

async function trained(who: string, csv: string, query: string): Promise<Record<string, string>> {
  const answer = await ask(who, `/api/train/${query}&budgetSeconds=5&budgetRounds=1`, {
    ...{ method: "PUT", body: csv, headers: { accept: "application/json" } },
  });
  expect([query, answer.status]).toEqual([query, 200]);
  return (await answer.json()) as Record<string, string>;
}

beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN });
  for (const name of ["alice", "bob"]) {
    const { token } = await harness.signalbox.tokens.create({ name, scopes: SCOPES }, "tests");
    as[name] = { authorization: `Bearer ${token}` };
  }
  await trained("alice", passengersCsv(90, 3), "lions.csv?target=Survived&name=lions");
  const run = await trained(
    "alice",
    secretCsv(120, 1),
    "zebrafile.csv?target=Zebratarget&name=zebramodel&visibility=private",
  );
  Object.assign(ids, { dataset: run.datasetId, run: run.id });
  const second = await trained(
    "alice",
    secretCsv(90, 2),
    "zebragone.csv?target=Zebratarget&name=zebragone&visibility=private",
  );
  ids.second = second.id!;
  await send("alice", "PUT", "/api/models/zebramodel/live", { version: 1 });
  const answered = await send("alice", "POST", "/api/models/zebramodel/predict", { Zebrasex: "female" });
  const { predictions } = (await answered.json()) as { predictions: { id: string }[] };
  ids.prediction = predictions[0]!.id;
  const scheduled = await send("alice", "POST", "/api/schedules", {
    ...{ name: "zebranight", action: "retrain", model: "zebramodel", cron: "0 3 * * *" },
  });
  expect(scheduled.status).toBe(201);
  ids.schedule = ((await scheduled.json()) as { id: string }).id;
  const begun = await ask("alice", `/api/schedules/${ids.schedule}/run`, { method: "POST" });
  ids.scheduleRun = ((await begun.json()) as { id: string }).id;
  await send("alice", "PATCH", `/api/runs/${ids.run}`, { tags: ["zebratag"], name: "zebrarun" });
  await harness.signalbox.alerts.raise({
    ...{ code: "drift", subject: "zebramodel", severity: "error", sentence: "zebramodel drifts." },
    action: { label: "Open model", method: "get", path: "/models/zebramodel" },
  });
  const deleted = await ask("alice", `/api/datasets/${second.datasetId}`, { method: "DELETE" });
  ids.undo = deleted.headers.get("location")!.split("/").at(-1)!;
  routes = harness.routes.filter(({ path }) => !path.endsWith("/*"));
});
afterAll(() => harness.close());

const KIND = /^\/(?:api\/)?(datasets|runs|models)\/:(?:id|name)/;
/** The address of what is private; null: it names something else, or nothing. */
function privateAddress(path: string): string | null {
  const kind = KIND.exec(path)?.[1];
  const subject = { datasets: ids.dataset, runs: ids.run, models: ids.model }[kind ?? ""];
  return subject === undefined
    ? null
    : path
        .replace(/:(?:id|name)/, subject)
        .replace(":v", "1")
        .replace(/:\w+/g, "roc");
}

/** Requests of other routes that name what is private. */
const NAMED: Record<string, () => { path: string; method?: string; body?: unknown; form?: string }[]> = {
  "POST /api/train": () => [
    { path: "/api/train", body: { datasetId: ids.dataset, target: "Zebratarget" } },
    { path: "/api/train", body: { fromRun: ids.run } },
  ],
  "POST /api/bulk": () => [
    { path: "/api/bulk", body: { kind: "datasets", ids: [ids.dataset], addTags: ["x"] } },
    { path: "/api/bulk", body: { kind: "runs", ids: [ids.run], delete: true, now: true } },
    { path: "/api/bulk", body: { kind: "models", ids: [ids.model], archived: true } },
  ],
  "POST /api/embeds": () => [
    { path: "/api/embeds", body: { panel: "run", of: ids.run } },
    { path: "/api/embeds", body: { panel: "model", of: ids.model } },
    { path: "/api/embeds", body: { panel: "runs", of: ids.dataset } },
  ],
  "POST /api/schedules": () => [
    { path: "/api/schedules", body: { name: "x", action: "retrain", model: ids.model, cron: "0 4 * * *" } },
  ],
  "PATCH /api/schedules/:id": () => [{ path: `/api/schedules/${ids.schedule}`, body: { name: "mine" } }],
  "DELETE /api/schedules/:id": () => [{ path: `/api/schedules/${ids.schedule}` }],
  "POST /api/schedules/:id/run": () => [{ path: `/api/schedules/${ids.schedule}/run` }],
  "POST /schedules/:id/run": () => [{ path: `/schedules/${ids.schedule}/run`, form: "" }],
  "POST /schedules/:id/switch": () => [{ path: `/schedules/${ids.schedule}/switch`, form: "enabled=0" }],
  "POST /schedules/:id/delete": () => [{ path: `/schedules/${ids.schedule}/delete`, form: "" }],
  "GET /api/schedules/:id": () => [{ path: `/api/schedules/${ids.schedule}` }],
  "GET /api/schedules/:id/runs": () => [{ path: `/api/schedules/${ids.schedule}/runs` }],
  "POST /api/schedule-runs/:id/stop": () => [{ path: `/api/schedule-runs/${ids.scheduleRun}/stop` }],
  "POST /schedules/runs/:id/stop": () => [{ path: `/schedules/runs/${ids.scheduleRun}/stop`, form: "" }],
  "GET /api/schedule-runs/:id/result": () => [{ path: `/api/schedule-runs/${ids.scheduleRun}/result` }],
  "POST /api/undo/:id": () => [{ path: `/api/undo/${ids.undo}` }],
  "POST /undo/:id": () => [{ path: `/undo/${ids.undo}`, form: "" }],
  "POST /api/predictions/:id/actual": () => [
    { path: `/api/predictions/${ids.prediction}/actual`, body: { actual: "1" } },
  ],
  "GET /api/compare": () => [
    { path: `/api/compare?runs=${ids.run},${ids.second}` },
    { path: "/api/compare?runs=zebramodel:1,lions:1" },
  ],
  "GET /compare": () => [{ path: `/compare?runs=${ids.run},${ids.second}` }],
  "POST /datasets/bulk": () => [{ path: "/datasets/bulk", form: `runs=${ids.dataset}&do=archive` }],
  "POST /runs/bulk": () => [{ path: "/runs/bulk", form: `runs=${ids.run}&do=archive` }],
  "POST /models/bulk": () => [{ path: "/models/bulk", form: `runs=${ids.model}:1&do=archive` }],
  "DELETE /api/alerts/:id": () => [],
};

/** They name no dataset, run or model of others, or only what the client sends along. */
const HARMLESS = new Set([
  ...["POST /api/upload", "PUT /api/upload", "POST /api/upload/:file", "PUT /api/upload/:file"],
  ...[
    "POST /api/train/",
    "PUT /api/train/",
    "PUT /api/train",
    "POST /api/train/:file",
    "PUT /api/train/:file",
  ],
  ...["POST /api/samples/:name", "POST /samples/:name", "POST /datasets", "POST /sign-in", "POST /sign-out"],
  ...["POST /sign-in/:provider/sign-out", "POST /api/filters", "DELETE /api/filters/:id", "POST /filters"],
  ...["POST /filters/:id/delete", "POST /api/sources", "POST /sources", "POST /schedules"],
  // Of a source without a dataset; those with a private one are in the test below.
  ...["PATCH /api/sources/:id", "DELETE /api/sources/:id", "POST /api/sources/:id/refresh"],
  ...[
    "POST /api/sources/:id/stop",
    "POST /sources/:id",
    "POST /sources/:id/refresh",
    "POST /sources/:id/stop",
  ],
  "POST /sources/:id/delete",
  // IDs are 60 random bits; the form's scope is that of its API row.
  "POST /api/predictions/actuals",
  "POST /alerts/:id/dismiss",
]);

function requestOf({
  method,
  path,
  body,
  form,
}: {
  method: string;
  path: string;
  body?: unknown;
  form?: string;
}) {
  if (form !== undefined) {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(form.length),
    };
    return [path, { method, headers, body: form }] as const;
  }
  return [
    path,
    { method, ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }) },
  ] as const;
}

const QUERIES: Record<string, string[]> = {
  "/api/events": ["", "?since=0", "?since=0&follow=1", "?since=0&type=run.queued"],
  "/panels": ["?panels=runs,activity,datasets,models,model,run,attention,health,metrics,watch,leaderboard"],
};

/** Text of the response; an endless one ends with its request. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.body) return "";
  const reader = answer.body.getReader();
  let text = "";
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (value) text += decoder.decode(value, { stream: true });
    if (done) break;
  }
  return text;
}

/** Those that could show or change something of others. */
const open = () =>
  routes.filter(({ method, path }) => !["open", "admin"].includes(TABLE.get(`${method} ${path}`)!.scope));

test("every route that changes something and names nothing in its address is listed here", () => {
  const unlisted = open()
    .filter(({ method, path }) => method !== "GET" && !KIND.test(path))
    .map(({ method, path }) => `${method} ${path}`)
    .filter((key) => !(key in NAMED) && !HARMLESS.has(key));
  expect(unlisted).toEqual([]);
});

test("the names are in what the owner and admins read", async () => {
  for (const who of ["alice", "admin"])
    for (const path of [
      "/api/datasets",
      "/api/runs",
      "/api/models",
      "/api/activity",
      "/api/events",
      "/api/alerts",
    ])
      expect([who, path, SECRET.test(await textOf(await ask(who, path)))]).toEqual([who, path, true]);
});

test("addresses of what is private do not exist for anybody else", async () => {
  const wrong: string[] = [];
  for (const { method, path } of open()) {
    const address = privateAddress(path);
    if (address === null) continue;
    for (const accept of ["application/json", "text/html"]) {
      const form = path.startsWith("/api/") || method === "GET" ? {} : { form: "x=1" };
      const [to, init] = requestOf({ method, path: address, ...form });
      const headers = { ...(init as RequestInit).headers, accept } as Record<string, string>;
      const answer = await ask("bob", to, { ...init, headers });
      const text = await textOf(answer);
      if (answer.status !== 404 && !/rewind$/.test(path))
        wrong.push(`${method} ${path} answers ${answer.status}`);
      if (SECRET.test(text.replaceAll(ids.model, ""))) wrong.push(`${method} ${path} tells it`);
    }
  }
  expect(wrong).toEqual([]);
});

test("requests that name what is private are refused to anybody else", async () => {
  const wrong: string[] = [];
  for (const [key, requests] of Object.entries(NAMED))
    for (const request of requests()) {
      const [method] = key.split(" ") as [string];
      const [to, init] = requestOf({ method, ...request });
      const accept = { accept: "application/json, */*;q=0.5", ...((init as RequestInit).headers as object) };
      const answer = await ask("bob", to, { ...init, headers: accept });
      const text = await textOf(answer);
      const isRefused = answer.status === 404 || /"done":false/.test(text) || answer.status === 409;
      if (!isRefused)
        wrong.push(`${key} ${JSON.stringify(request)} answers ${answer.status}: ${text.slice(0, 200)}`);
      if (SECRET.test(text.replaceAll(ids.model, ""))) wrong.push(`${key} tells it: ${text.slice(0, 200)}`);
    }
  expect(wrong).toEqual([]);
});

describe("nobody else reads a name of it", () => {
  const forms = [
    "application/json",
    "text/html",
    "text/plain",
    "application/x-ndjson",
    "text/event-stream",
    "*/*",
  ];
  test("in any page or list, in any form", async () => {
    const told: string[] = [];
    for (const { method, path } of open()) {
      if (method !== "GET" || path.includes(":")) continue;
      for (const query of QUERIES[path] ?? ["", "?q=zebra"])
        for (const accept of forms) {
          const isEndless =
            query.includes("follow=1") || (path === "/api/events" && /event-stream/.test(accept));
          const init = { headers: { accept }, ...(isEndless && { signal: AbortSignal.timeout(400) }) };
          const text = await textOf(await ask("bob", path + query, init));
          if (
            SECRET.test(
              text.replaceAll("q=zebra", "").replaceAll('value="zebra"', "").replaceAll('"q":"zebra"', ""),
            )
          )
            told.push(`${path}${query} as ${accept}`);
        }
    }
    expect(told).toEqual([]);
  });

  test("in any panel, with and without its subject, in any form, also in a frame", async () => {
    const told: string[] = [];
    for (const panel of PANEL_NAMES) {
      const kind = PANELS[panel];
      const of = kind === null ? "" : `?of=${ids[kind]}`;
      for (const place of ["/panels/", "/embed/"])
        for (const ending of place === "/embed/" ? [""] : ["", ".json", ".svg", ".txt", ".csv"]) {
          const all = await ask("bob", `${place}${panel}${ending}`);
          if (SECRET.test(await textOf(all))) told.push(`${place}${panel}${ending}`);
          if (!of) continue;
          const one = await ask("bob", `${place}${panel}${ending}${of}`);
          const text = (await textOf(one)).replaceAll(ids.model, "");
          if (SECRET.test(text) || one.status !== 404)
            told.push(`${place}${panel}${ending}${of}: ${one.status}`);
        }
    }
    expect(told).toEqual([]);
  });

  test("through the links of embedded panels", async () => {
    const embed = await send("alice", "POST", "/api/embeds", { panel: "runs" });
    const { url } = (await embed.json()) as { url: string };
    const text = await textOf(await harness.ask(url.slice(HOME.length)));
    expect(text).toContain("lions");
    expect(SECRET.test(text)).toBe(false);
    expect((await send("alice", "POST", "/api/embeds", { panel: "run", of: ids.run })).status).toBe(409);
  });
});

test("the owner and admins reach every address of it", async () => {
  const wrong: string[] = [];
  for (const who of ["alice", "admin"])
    for (const { method, path } of open()) {
      const address = method === "GET" ? privateAddress(path) : null;
      if (address === null) continue;
      const answer = await ask(who, address, { headers: { accept: "*/*" } });
      await answer.body?.cancel();
      if (answer.status === 404 || answer.status === 403)
        wrong.push(`${who}: ${path} answers ${answer.status}`);
    }
  expect(wrong).toEqual([]);
});

test("nothing of it was changed by all that", async () => {
  const run = (await (await ask("alice", `/api/runs/${ids.run}`)).json()) as Record<string, unknown>;
  expect([run.visibility, run.owner, run.archived, run.name]).toEqual([
    "private",
    "alice",
    false,
    "zebrarun",
  ]);
  const model = (await (await ask("alice", "/api/models/zebramodel")).json()) as Record<string, unknown>;
  expect([model.visibility, model.owner, model.archived, model.liveVersion]).toEqual([
    "private",
    "alice",
    false,
    1,
  ]);
  expect((await ask("alice", `/api/undo/${ids.undo}`, { method: "POST" })).status).toBe(200);
});
