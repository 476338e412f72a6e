/**
 * A team on two servers of one database: a switch to private on one is obeyed by every list, panel, socket, embed and
 * export of the other, and a session that ends on one ends on both.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { passengersCsv } from "../../../harness/app.ts";
import { inTime, until } from "../../../harness/deadline.ts";
import { CLIENT, openProvider, type RunningProvider, Visitor } from "../../../harness/oidc.ts";
import { ownSchema } from "../../../harness/postgres.ts";
import { openServed, type Served } from "../../../harness/served.ts";

setDefaultTimeout(120_000);

const SECRET = /zebra/i;
const ADMIN = "the admin of these tests";
const OWNERS: Scope[] = ["read", "predict", "train", "deploy", "embed"];
/** The provider sends the browser back here; the answer is then given to one of the servers. */
const HOME = "http://127.0.0.1:8000";
const storage = mkdtempSync(join(tmpdir(), "signalbox-shared-"));
let schema: Awaited<ReturnType<typeof ownSchema>>;
let provider: RunningProvider;
let servers: [Served, Served];
const as: Record<string, Record<string, string>> = { admin: { authorization: `Bearer ${ADMIN}` } };

beforeAll(async () => {
  schema = await ownSchema();
  // It tells the second server of sign-outs.
  provider = await openProvider([`${HOME}/sign-in/company/callback`], {
    logout: (body) =>
      servers[1].ask("/sign-in/company/sign-out", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body,
      }),
  });
  const settings = {
    ...{ DATABASE_URL: schema.url, STORAGE_URL: `file://${storage}`, AUTH: "token", ADMIN_TOKEN: ADMIN },
    ...{
      OIDC_ISSUER: provider.issuer,
      OIDC_NAME: "Company",
      PUBLIC_URL: HOME,
      EMBED_SECRET: "of the portal",
    },
    ...{ OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret },
    ...{
      OIDC_SCOPES: "openid profile email groups",
      OIDC_ROLES: "admins=admin,ml-team=trainer,staff=viewer",
    },
  };
  servers = [await openServed(settings), await openServed(settings)];
  for (const name of ["alice", "bob"]) {
    const { token } = await servers[0].signalbox.tokens.create({ name, scopes: OWNERS }, "tests");
    as[name] = { authorization: `Bearer ${token}` };
  }
});
afterAll(async () => {
  for (const server of servers ?? []) await server.close();
  await provider?.close();
  await schema?.drop();
  rmSync(storage, { recursive: true, force: true });
});

const ask = (server: Served, who: string, path: string, init: RequestInit = {}) =>
  server.ask(path, { ...init, headers: { ...as[who], ...(init.headers as Record<string, string>) } });
const send = (server: Served, who: string, [method, path]: [string, string], body: unknown) =>
  ask(server, who, path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const textOf = async (server: Served, who: string, path: string, accept = "application/json") =>
  (await ask(server, who, path, { headers: { accept } })).text();

const statusFor = async (server: Served, who: string, path: string) =>
  (await ask(server, who, path, { headers: { accept: "*/*" } })).status;

/** A socket's messages; it opens again when it is cut, as a page's does. */
async function watch(server: Served, who: string) {
  const seen = { text: "", close: () => {} };
  const open = async (): Promise<void> => {
    const panels = "datasets,runs,models,activity,model,run,watch,attention";
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws?panels=${panels}`, {
      headers: as[who],
    } as unknown as string[]);
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      seen.text += `${data}\n`;
      resolve();
    });
    const again = () => void open();
    socket.addEventListener("close", again);
    seen.close = () => {
      socket.removeEventListener("close", again);
      socket.close();
    };
    await promise;
  };
  await inTime(open(), "the socket's greeting");
  return seen;
}

test("what becomes private on one server is nowhere on the other for anybody else, and comes back when shared", async () => {
  const [first, second] = servers;
  const trained = await ask(
    first,
    "alice",
    "/api/train/zebra.csv?target=Survived&name=zebra&budgetRounds=2",
    {
      method: "PUT",
      body: passengersCsv(120),
    },
  );
  const { id: run, datasetId: dataset } = (await trained.json()) as { id: string; datasetId: string };
  await send(first, "alice", ["PUT", "/api/models/zebra/live"], { version: 1 });
  await until(() => second.signalbox.log.lastSeq >= first.signalbox.log.lastSeq);
  const embed = await send(second, "alice", ["POST", "/api/embeds"], { panel: "model", of: "zebra" });
  const { url: framed } = (await embed.json()) as { url: string };
  const embedded = framed.slice(HOME.length);
  const places = [
    ...["/api/datasets", "/api/runs", "/api/models", "/api/activity", "/api/events?since=0"],
    ...["/panels/datasets.json", "/panels/runs.json", "/panels/models.json", "/panels/activity.txt"],
    ...["/panels/model.csv", "/panels/run.svg", "/panels/datasets"],
    ...["/datasets", "/runs", "/models", "/"],
  ];
  const own = [
    ...[`/api/datasets/${dataset}`, `/api/runs/${run}`, "/api/models/zebra", `/panels/stages?of=${run}`],
    ...["/api/models/zebra/versions/1/download?format=mjs", "/api/models/zebra/versions/1/archive"],
    ...["/api/models/zebra/versions/1/predictions", `/api/datasets/${dataset}/rows`],
    ...["/api/models/zebra/versions/1/charts/importance?format=svg", "/api/history?model=zebra"],
  ];
  const asPage = (path: string) =>
    path.startsWith("/api") || path.startsWith("/panels") ? "*/*" : "text/html";
  for (const path of own) expect([path, await statusFor(second, "bob", path)]).toEqual([path, 200]);
  const socket = await watch(second, "bob");
  expect(SECRET.test(socket.text)).toBe(true);

  // The other server knows it at its next answer, without waiting for the log to be followed.
  await send(first, "alice", ["PATCH", `/api/datasets/${dataset}`], { visibility: "private" });
  await until(() => second.signalbox.log.lastSeq >= first.signalbox.log.lastSeq);
  if (second.signalbox.privacy.settled !== null) await second.signalbox.privacy.settled;
  socket.text = "";
  for (const path of places)
    expect([path, SECRET.test(await textOf(second, "bob", path, asPage(path)))]).toEqual([path, false]);
  for (const path of own) expect([path, await statusFor(second, "bob", path)]).toEqual([path, 404]);
  expect((await second.ask(embedded, { headers: { accept: "text/html" } })).status).toBe(404);
  expect((await send(second, "bob", ["POST", "/api/models/zebra/predict"], { Class: 1 })).status).toBe(404);
  for (const path of own) expect([path, await statusFor(second, "alice", path)]).toEqual([path, 200]);
  // Something of the team's is pushed, nothing of hers.
  const other = await ask(first, "bob", "/api/train/lion.csv?target=Survived&name=lion&budgetRounds=2", {
    method: "PUT",
    body: passengersCsv(120, 2),
  });
  await other.text();
  await until(() => socket.text.includes("lion version 1 is ready to deploy"));
  expect(socket.text.match(/.{60}zebra.{60}/i)?.[0]).toBeUndefined();

  await send(second, "alice", ["PATCH", `/api/datasets/${dataset}`], { visibility: "team" });
  await until(() => SECRET.test(socket.text));
  await until(() => first.signalbox.log.lastSeq >= second.signalbox.log.lastSeq);
  for (const path of own) expect([path, await statusFor(first, "bob", path)]).toEqual([path, 200]);
  expect((await second.ask(embedded, { headers: { accept: "text/html" } })).status).toBe(200);
  socket.close();
});

const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((text) => text.split(";")[0]!)
    .filter((pair) => !pair.endsWith("="))
    .join("; ");

/** By the provider, on one server. */
async function signIn(server: Served, login: string) {
  const begun = await server.ask("/sign-in/company");
  const visitor = new Visitor();
  const location = await visitor.signIn(begun.headers.get("location")!, login);
  const headers = { cookie: cookiesOf(begun), accept: "text/html" };
  const cookie = cookiesOf(await server.ask(location.slice(HOME.length), { headers }));
  return { visitor, cookie };
}

/** Opens a stream with this cookie on a server; `ended` resolves when it ends. */
async function streamOf(server: Served, cookie: string): Promise<{ ended: Promise<string> }> {
  const { body } = await server.ask("/api/events?follow=1", {
    headers: { cookie, accept: "application/x-ndjson" },
  });
  const ended = body!.pipeTo(new WritableStream()).then(
    () => "ended",
    () => "ended",
  );
  return { ended };
}
const statusOf = async (server: Served, cookie: string) =>
  (await server.ask("/api/runs", { headers: { cookie } })).status;

interface Listed {
  items: {
    id: string;
    name: string;
    via: string;
    provider: string | null;
    scopes: string[];
    groups: string[];
    isOwn: boolean;
  }[];
}

test("an admin sees everyone's sessions on either server, and ends one: it ends on both", async () => {
  const [first, second] = servers;
  const { cookie: vera } = await signIn(first, "vera");
  const { token } = await first.signalbox.tokens.create({ name: "kiosk", scopes: ["read"] }, "tests");
  const signed = await first.ask("/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
    body: new URLSearchParams({ token }).toString(),
  });
  const kiosk = cookiesOf(signed);
  const { cookie: ada } = await signIn(second, "ada");
  const listed = (await (await second.ask("/api/sessions", { headers: { cookie: ada } })).json()) as Listed;
  expect(
    listed.items.map(({ name, via, provider, scopes, isOwn }) => [name, via, provider, scopes, isOwn]),
  ).toEqual([
    ["Ada Lovelace (ada@example.com)", "oidc", "Company", ["admin", "read", "predict"], true],
    ["kiosk", "token", null, ["read"], false],
    ["Vera Viewer (vera@example.com)", "oidc", "Company", ["read", "predict"], false],
  ]);
  expect(JSON.stringify(listed)).not.toContain(vera.split("=")[1]!);
  for (const cookie of [vera, kiosk]) {
    expect(await statusOf(first, cookie)).toBe(200);
    expect((await first.ask("/api/sessions", { headers: { cookie } })).status).toBe(403);
    const { ended } = await streamOf(first, cookie);
    const name = cookie === vera ? "Vera Viewer (vera@example.com)" : "kiosk";
    const { id } = listed.items.find((session) => session.name === name)!;
    const end = await second.ask(`/api/sessions/${id}`, {
      method: "DELETE",
      headers: { cookie: ada, origin: HOME },
    });
    expect([name, end.status]).toEqual([name, 204]);
    expect(await inTime(ended, "the stream's end on the other server")).toBe("ended");
    for (const server of servers) expect(await statusOf(server, cookie)).toBe(401);
  }
  const again = await second.ask("/api/sessions/nothing", {
    method: "DELETE",
    headers: { cookie: ada, origin: HOME },
  });
  expect(again.status).toBe(404);
});

test("the settings list them, and the button there signs out even the browser that uses it", async () => {
  const [first, second] = servers;
  const { cookie } = await signIn(first, "ada");
  const page = await (
    await first.ask("/settings/sessions", { headers: { cookie, accept: "text/html" } })
  ).text();
  expect(page).toContain("this browser");
  const { items } = (await (await first.ask("/api/sessions", { headers: { cookie } })).json()) as Listed;
  const { id } = items.find(({ isOwn }) => isOwn)!;
  const ended = await first.ask(`/settings/sessions/${id}/end`, {
    method: "POST",
    headers: {
      cookie,
      origin: HOME,
      accept: "text/html",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "",
  });
  expect(ended.status).toBe(303);
  for (const server of servers) expect(await statusOf(server, cookie)).toBe(401);
  expect((await ask(second, "admin", "/settings", { headers: { accept: "text/html" } })).status).toBe(200);
});

test("a sign-out at the provider, told to one server, ends the session on the other", async () => {
  const [first] = servers;
  const { cookie, visitor } = await signIn(first, "vera");
  const { ended } = await streamOf(first, cookie);
  await visitor.signOut(provider.issuer);
  expect(await inTime(ended, "the stream's end on the other server")).toBe("ended");
  expect(await statusOf(first, cookie)).toBe(401);
});

test("signing out on one server closes what the same browser has open on the other", async () => {
  const [first, second] = servers;
  const { cookie } = await signIn(first, "tim");
  const { ended } = await streamOf(second, cookie);
  await first.ask("/sign-out", { method: "POST", headers: { cookie, origin: HOME } });
  expect(await inTime(ended, "the stream's end on the other server")).toBe("ended");
});
