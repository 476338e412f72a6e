/** Who owns what, the effects of making something private, and what nobody else can find out by trying. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

setDefaultTimeout(120_000);

const ADMIN = "the admin of these tests";
const SCOPES: Scope[] = ["read", "predict", "train", "deploy", "sources"];
type Json = Record<string, unknown>;
let harness: Harness;
const as: Record<string, Record<string, string>> = { admin: { authorization: `Bearer ${ADMIN}` } };

beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN });
  for (const name of ["alice", "bob"]) {
    const { token } = await harness.signalbox.tokens.create({ name, scopes: SCOPES }, "tests");
    as[name] = { authorization: `Bearer ${token}` };
  }
});
afterAll(() => harness.close());

const ask = (who: string, path: string, init: RequestInit = {}) =>
  harness.ask(path, { ...init, headers: { ...as[who], ...(init.headers as Record<string, string>) } });
const read = async (who: string, path: string) => (await (await ask(who, path)).json()) as Json;
const send = (
  who: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
) =>
  ask(who, path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const upload = async (who: string, name: string, csv: string, query = "") => {
  const answer = await ask(who, `/api/upload?name=${name}${query}`, { method: "POST", body: csv });
  const told = (await answer.json()) as { id: string; owner: string; visibility: string };
  return { ...told, status: answer.status };
};
const train = (who: string, body: Json) =>
  send(who, "POST", "/api/train?wait=1", { target: "Survived", budgetSeconds: 5, budgetRounds: 1, ...body });
const trained = async (who: string, body: Json) =>
  (await (await train(who, body)).json()) as Json & { id: string };
const switchTo = (who: string, path: string, visibility: string) => send(who, "PATCH", path, { visibility });
const visibility = async (path: string) => (await read("admin", path)).visibility;

test("whoever made it owns it, and by default the team sees it", async () => {
  const { id, owner, visibility: shown } = await upload("alice", "made.csv", passengersCsv(80, 11));
  expect([owner, shown]).toEqual(["alice", "team"]);
  const run = await trained("bob", { datasetId: id, name: "made" });
  expect([run.owner, run.visibility]).toEqual(["bob", "team"]);
  const model = await read("alice", "/api/models/made");
  expect([model.owner, model.visibility]).toEqual(["bob", "team"]);
  const items = (await read("bob", "/api/datasets")).items as Json[];
  expect(items.find((item) => item.id === id)).toMatchObject({ owner: "alice", visibility: "team" });
});

test("only its owner and admins may switch it", async () => {
  const { id } = await upload("alice", "switch.csv", passengersCsv(80, 12));
  const refused = await switchTo("bob", `/api/datasets/${id}`, "private");
  expect([refused.status, ((await refused.json()) as Json).detail]).toEqual([
    403,
    "You cannot change who sees switch.csv: it belongs to alice",
  ]);
  expect((await switchTo("alice", `/api/datasets/${id}`, "nobody")).status).toBe(400);
  expect((await switchTo("alice", `/api/datasets/${id}`, "private")).status).toBe(200);
  expect((await ask("bob", `/api/datasets/${id}`)).status).toBe(404);
  expect(
    (await send("bob", "PATCH", `/api/datasets/${id}`, { visibility: "team", note: "mine" })).status,
  ).toBe(404);
  expect((await switchTo("admin", `/api/datasets/${id}`, "team")).status).toBe(200);
  const both = { visibility: "private", note: "mine" };
  expect((await send("bob", "PATCH", `/api/datasets/${id}`, both)).status).toBe(403);
  expect((await read("bob", `/api/datasets/${id}`)).note).toBe("");
  expect((await ask("bob", `/api/datasets/${id}`)).status).toBe(200);
});

test("runs and models follow their dataset, unless they are set", async () => {
  const { id } = await upload("alice", "follow.csv", passengersCsv(80, 13));
  const first = await trained("alice", { datasetId: id, name: "follow" });
  const shared = await trained("alice", { datasetId: id, name: "follow-shared" });
  await switchTo("alice", `/api/runs/${shared.id}`, "team");
  await switchTo("alice", `/api/datasets/${id}`, "private");
  expect(await visibility(`/api/runs/${first.id}`)).toBe("private");
  expect(await visibility("/api/models/follow")).toBe("private");
  expect(await visibility(`/api/runs/${shared.id}`)).toBe("team");
  expect(await visibility("/api/models/follow-shared")).toBe("team");
  const later = await trained("alice", { datasetId: id, name: "follow" });
  expect([later.visibility, later.version]).toEqual(["private", 2]);
  await switchTo("alice", "/api/models/follow", "team");
  expect((await ask("bob", "/api/models/follow")).status).toBe(200);
  expect((await ask("bob", `/api/runs/${first.id}`)).status).toBe(404);
  await switchTo("alice", `/api/datasets/${id}`, "team");
  expect(await visibility(`/api/runs/${first.id}`)).toBe("team");
});

test("a run can be private on a dataset that the team sees", async () => {
  const { id } = await upload("alice", "shared.csv", passengersCsv(80, 14));
  const run = await trained("bob", { datasetId: id, name: "bobs", visibility: "private" });
  expect([run.owner, run.visibility]).toEqual(["bob", "private"]);
  expect((await ask("alice", `/api/runs/${run.id}`)).status).toBe(404);
  expect((await ask("alice", "/api/models/bobs")).status).toBe(404);
  const page = await (await ask("alice", `/panels/runs?of=${id}`)).text();
  expect(page).not.toContain(run.id);
});

test("a private run takes no name that the team sees, and a name that is taken stays what it is", async () => {
  const open = await upload("bob", "open.csv", passengersCsv(80, 15));
  await trained("bob", { datasetId: open.id, name: "everybodys" });
  const own = await upload("alice", "everybodys.csv", passengersCsv(80, 16), "&visibility=private");
  expect(own.visibility).toBe("private");
  const refused = await train("alice", { datasetId: own.id, name: "everybodys" });
  expect([refused.status, ((await refused.json()) as Json).detail]).toEqual([
    409,
    "The team sees the model everybodys, and this run is private",
  ]);
  expect((await trained("alice", { datasetId: own.id })).modelName).toBe("everybodys-2");
  const taken = await train("bob", { datasetId: open.id, name: "everybodys-2" });
  expect([taken.status, ((await taken.json()) as Json).detail]).toEqual([
    409,
    "The name everybodys-2 is taken",
  ]);
});

test("an admin adds to what is private to somebody else, and it stays private to that owner", async () => {
  const own = await upload("alice", "helped.csv", passengersCsv(80, 31), "&visibility=private");
  await trained("alice", { datasetId: own.id });
  const more = await trained("admin", { datasetId: own.id });
  expect([more.modelName, more.version, more.visibility]).toEqual(["helped", 2, "private"]);
  expect((await ask("alice", "/api/models/helped/versions/2")).status).toBe(200);
  expect((await ask("bob", "/api/models/helped")).status).toBe(404);
});

test("a private run whose name the team took meanwhile gets another one", async () => {
  const own = await upload("alice", "race.csv", passengersCsv(200, 32), "&visibility=private");
  const open = await upload("bob", "race2.csv", passengersCsv(80, 33));
  const body = { datasetId: own.id, target: "Survived", name: "race", budgetSeconds: 5, budgetRounds: 30 };
  const queued = (await (await send("alice", "POST", "/api/train", body)).json()) as Json & { id: string };
  const { log } = harness.signalbox;
  // As if a run of the team had finished first.
  const theirs = await trained("bob", { datasetId: open.id, name: "race-first" });
  expect(theirs.status).toBe("finished");
  const run = await harness.signalbox.runs.ended(queued.id);
  expect([run.status, run.modelName]).toEqual(["finished", "race"]);
  await log.record(async (tx) => {
    const { finishedName } = await import("../../../../core/training/queue/enqueue.ts");
    expect(await finishedName(tx, { ...run, modelName: "race-first" })).toBe("race-first-2");
    expect(await finishedName(tx, run)).toBe("race");
  });
});

test("the same bytes are another dataset for somebody else, and the same for the owner", async () => {
  const csv = passengersCsv(80, 17);
  const own = await upload("alice", "bytes.csv", csv, "&visibility=private");
  expect(own.status).toBe(201);
  const theirs = await upload("bob", "bytes.csv", csv);
  expect([theirs.status, theirs.id === own.id]).toEqual([201, false]);
  const again = await upload("alice", "bytes.csv", csv, "&visibility=private");
  expect([again.status, again.id]).toEqual([200, own.id]);
  // Shared, it is not recognised in the place of the one that the team has.
  expect((await switchTo("alice", `/api/datasets/${own.id}`, "team")).status).toBe(200);
  expect((await upload("bob", "bytes.csv", csv)).id).toBe(theirs.id);
  // Deleted and uploaded again within the minute for undo.
  await switchTo("alice", `/api/datasets/${own.id}`, "private");
  await ask("alice", `/api/datasets/${own.id}`, { method: "DELETE" });
  expect((await upload("alice", "bytes.csv", csv, "&visibility=private")).status).toBe(201);
});

test("a private model answers its owner's predictions only, on every path", async () => {
  const own = await upload("alice", "answers.csv", passengersCsv(80, 18), "&visibility=private");
  await trained("alice", { datasetId: own.id, name: "answers" });
  await send("alice", "PUT", "/api/models/answers/live", { version: 1 });
  const row = { Sex: "female" };
  expect((await send("alice", "POST", "/api/models/answers/predict", row)).status).toBe(200);
  for (const [path, body] of [
    ["/api/models/answers/predict", row],
    ["/api/models/answers/predict", { rows: [row, row] }],
    ["/api/models/answers/predict?version=1&explain=1", row],
  ] as const) {
    const answer = await send("bob", "POST", path, body);
    const absent = await send("bob", "POST", path.replace("answers", "nothing"), body);
    const withoutName = async (from: Response, name: string) =>
      JSON.stringify({ ...((await from.json()) as Json), instance: "", example: "" }).replaceAll(name, "");
    expect(answer.status).toBe(404);
    expect(await withoutName(answer, "answers")).toBe(await withoutName(absent, "nothing"));
  }
  const csv = await ask("bob", "/api/models/answers/predict", {
    ...{ method: "PUT", body: "Sex\nfemale\n", headers: { "content-type": "text/csv" } },
  });
  expect(csv.status).toBe(404);
  const series = async (who: string) =>
    (await ask(who, "/metrics", { headers: { accept: "text/plain" } })).text();
  expect(await series("bob")).not.toContain('model="answers"');
  expect(await series("alice")).toContain('model="answers"');
});

test("what was deleted stays private in the log", async () => {
  const own = await upload("alice", "forgotten.csv", passengersCsv(80, 19), "&visibility=private");
  await ask("alice", `/api/datasets/${own.id}?now=1`, { method: "DELETE" });
  expect(JSON.stringify(await read("alice", "/api/activity?limit=1000"))).toContain("forgotten");
  for (const path of ["/api/activity?limit=1000", "/api/events?limit=1000", "/api/activity?q=forgotten"])
    expect([path, JSON.stringify(await read("bob", path)).includes("forgotten")]).toEqual([path, false]);
});

test("a refused private file is told to its owner alone", async () => {
  const refused = await ask("alice", "/api/upload?name=refused.csv&visibility=private&wait=1", {
    ...{ method: "POST", body: "\u0000\u0001\u0002\u0000" },
  });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(JSON.stringify(await read("bob", "/panels/datasets.json"))).not.toContain("refused.csv");
  expect(JSON.stringify(await read("bob", "/api/events?limit=1000"))).not.toContain("refused.csv");
});

test("tokens of one name have answers of their own for an Idempotency-Key", async () => {
  for (const who of ["twin", "other twin"]) {
    const { token } = await harness.signalbox.tokens.create({ name: "twin", scopes: SCOPES }, "tests");
    as[who] = { authorization: `Bearer ${token}` };
  }
  const csv = passengersCsv(80, 20);
  const headers = { "idempotency-key": "the-same" };
  const path = "/api/upload?name=twins.csv&visibility=private";
  const first = await ask("twin", path, { method: "POST", body: csv, headers });
  const second = await ask("other twin", path, { method: "POST", body: csv, headers });
  expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([201, 201, null]);
  expect(((await first.json()) as Json).id).not.toBe(((await second.json()) as Json).id);
});

test("a webhook is not told of what is private", async () => {
  const heard: string[] = [];
  const receiver = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    fetch: async (request) => {
      heard.push(await request.text());
      return new Response("ok");
    },
  });
  await harness.signalbox.webhooks.create({ url: `http://127.0.0.1:${receiver.port}/`, types: [] });
  await upload("alice", "hushed.csv", passengersCsv(80, 21), "&visibility=private");
  await upload("alice", "spoken.csv", passengersCsv(80, 22));
  const deadline = Date.now() + 20_000;
  while (!heard.join().includes("spoken.csv") && Date.now() < deadline) await Bun.sleep(20);
  expect(heard.join()).toContain("spoken.csv");
  expect(heard.join()).not.toContain("hushed.csv");
  await receiver.stop(true);
});

test("where nobody signs in nobody owns, and everything is the team's", async () => {
  const open = await openHarness();
  const answer = (await (await open.upload("open.csv", passengersCsv(80, 23))).json()) as Json;
  expect([answer.owner, answer.visibility]).toEqual([null, "team"]);
  const page = await (await open.ask(`/datasets/${answer.id}`, { headers: { accept: "text/html" } })).text();
  expect(page).not.toContain("Make private");
  await open.close();
});

test("the page says who owns it and who sees it, and its button switches", async () => {
  const { id } = await upload("alice", "page.csv", passengersCsv(80, 24));
  const page = async (who: string) =>
    (await ask(who, `/datasets/${id}`, { headers: { accept: "text/html" } })).text();
  expect(await page("alice")).toContain("Owner: alice. The whole team sees this dataset.");
  expect(await page("alice")).toContain("Make private");
  expect(await page("bob")).not.toContain("Make private");
  const body = "visibility=private";
  const form = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  const press = (who: string) =>
    ask(who, `/datasets/${id}/visibility`, {
      method: "POST",
      headers: { ...form, accept: "text/html" },
      body,
    });
  expect((await press("bob")).status).toBe(403);
  const switched = await press("alice");
  expect([switched.status, switched.headers.get("location")]).toEqual([303, `/datasets/${id}#order`]);
  expect(await page("alice")).toContain("Share with the team");
  expect((await ask("alice", "/datasets", { headers: { accept: "text/html" } })).status).toBe(200);
  expect(await (await ask("alice", "/datasets", { headers: { accept: "text/html" } })).text()).toContain(
    "Only its owner and admins see this",
  );
});

test("the form without script keeps an upload private, and the page with script offers the same", async () => {
  const home = await (await ask("alice", "/", { headers: { accept: "text/html" } })).text();
  expect(home).toContain('formaction="/datasets?visibility=private"');
  expect(home).toContain("Private: only you and admins see it");
  const body = new FormData();
  body.append("file", new File([passengersCsv(80, 25)], "form.csv", { type: "text/csv" }));
  const sent = await ask("alice", "/datasets?visibility=private", {
    method: "POST",
    headers: { accept: "text/html" },
    body,
  });
  expect(sent.status).toBe(303);
  const path = sent.headers.get("location")!;
  expect(await read("alice", `/api${path}`)).toMatchObject({ owner: "alice", visibility: "private" });
  expect((await ask("bob", path)).status).toBe(404);
  const wrong = await ask("alice", "/datasets?visibility=mine", { method: "POST", body });
  expect(wrong.status).toBe(400);
});

test("a run that tests on a private dataset is private, as long as that dataset is", async () => {
  const { id: open } = await upload("alice", "open.csv", passengersCsv(85, 21));
  const { id: own } = await upload("alice", "own.csv", passengersCsv(60, 22), "&visibility=private");
  const refused = await train("bob", { datasetId: open, testDatasetId: own, name: "guess" });
  expect(refused.status).toBe(404);
  const run = await trained("alice", { datasetId: open, testDatasetId: own, name: "tested-apart" });
  expect(run.visibility).toBe("private");
  expect((await ask("bob", `/api/runs/${run.id}`)).status).toBe(404);
  await switchTo("alice", `/api/datasets/${own}`, "team");
  expect(await visibility(`/api/runs/${run.id}`)).toBe("team");
  await switchTo("alice", `/api/datasets/${own}`, "private");
  expect(await visibility(`/api/runs/${run.id}`)).toBe("private");
});
