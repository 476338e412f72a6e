/** Sources and destinations on real servers: PostgreSQL and MariaDB from Debian, an S3 server, SQLite files, HTTP. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import type { SourceView } from "../../../../core/datasets/sources/source-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { inTime } from "../../../harness/deadline.ts";
import { startMariaDb } from "../../../harness/mariadb.ts";
import { type PostgresServer, startPostgres } from "../../../harness/postgres.ts";
import { type S3Server, startS3 } from "../../../harness/s3.ts";

const PASSWORD = "sown-password-5b1e";
const S3_SECRET = "sown-s3-secret-77aa";
let folder: string;
let postgres: PostgresServer;
let mariadb: Awaited<ReturnType<typeof startMariaDb>>;
let s3: S3Server;
let harness: Harness;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-servers-"));
  [postgres, mariadb] = await Promise.all([startPostgres(), startMariaDb(PASSWORD)]);
  s3 = startS3("sown-key-id", S3_SECRET);
  harness = await openHarness({
    SOURCE_HOSTS: `127.0.0.1,${folder}`,
    SECRET_KEY: "a key for these tests",
    LOG_LEVEL: "silent",
  });
  const pg = new SQL(postgres.url);
  await pg.unsafe("create table sales (id int, sold date, price numeric(10,2), name text, big bigint)");
  await pg.unsafe(
    "insert into sales select x, date '2026-01-01' + x % 90, x * 1.25, 'n ' || x, 9007199254740993 from generate_series(1, 12000) x",
  );
  await pg.unsafe(`create role reader login password '${PASSWORD}'`);
  await pg.unsafe("grant select on sales to reader");
  // Only who gives the password is let in as reader.
  const access = join(postgres.folder, "data", "pg_hba.conf");
  writeFileSync(access, `host all reader 127.0.0.1/32 scram-sha-256\n${readFileSync(access, "utf8")}`);
  await pg.unsafe("select pg_reload_conf()");
  await pg.close();
  const my = new SQL({ adapter: "mysql", ...mariadb.login });
  await my.unsafe("create table sales (id int, sold date, price decimal(10,2), name varchar(30))");
  await my.unsafe(
    "insert into sales values (1, '2026-01-02', 1.50, 'a, \"b\"'), (2, '2026-01-03', null, '=x')",
  );
  await my.close({ timeout: 1 });
  const lite = new SQL({ adapter: "sqlite", filename: join(folder, "shop.db") });
  await lite.unsafe("create table sales (id integer, name text)");
  await lite.unsafe("insert into sales values (1, 'a'), (2, 'b')");
  await lite.close();
}, 120_000);
afterAll(async () => {
  await harness?.close();
  postgres?.stop();
  mariadb?.stop();
  s3?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function add(body: Record<string, unknown>): Promise<SourceView> {
  const answer = await harness.send("POST", "/api/sources", body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as SourceView;
}

/** Files that a refresh was receiving. */
const partsOf = ({ folder: data }: Harness) =>
  readdirSync(join(data, "datasets")).filter((name) => name.endsWith(".part"));

const rowsOf = async (id: string | null) =>
  (await harness.json<{ items: string[][] }>(`/api/datasets/${id}/rows?limit=3`)).items;

test("a query of each database becomes a dataset with its own types", async () => {
  const query = "select * from sales order by id";
  const pg = await add({ name: "pg", url: postgres.url, query });
  expect(pg).toMatchObject({ status: "ok", kind: "query", lastError: null });
  expect(await rowsOf(pg.datasetId)).toEqual([
    ["1", "2026-01-02", "1.25", "n 1", "9007199254740993"],
    ["2", "2026-01-03", "2.50", "n 2", "9007199254740993"],
    ["3", "2026-01-04", "3.75", "n 3", "9007199254740993"],
  ]);
  expect(await harness.json(`/api/datasets/${pg.datasetId}`)).toMatchObject({ rows: 12_000 });
  const { host, port, username, database } = mariadb.login;
  const my = await add({
    name: "my",
    url: `mysql://${username}@${host}:${port}/${database}`,
    password: PASSWORD,
    query,
  });
  expect(await rowsOf(my.datasetId)).toEqual([
    ["1", "2026-01-02", "1.50", 'a, "b"'],
    ["2", "2026-01-03", "", "=x"],
  ]);
  const lite = await add({ name: "lite", url: `sqlite://${folder}/shop.db`, query });
  expect(await rowsOf(lite.datasetId)).toEqual([
    ["1", "a"],
    ["2", "b"],
  ]);
}, 60_000);

test("the rows and time of a query are limited, and a cut is reported", async () => {
  const cut = await add({
    name: "cut",
    url: postgres.url,
    query: "select id, name from sales order by id",
    rowLimit: 7,
  });
  expect(await harness.json(`/api/datasets/${cut.datasetId}`)).toMatchObject({
    rows: 7,
  });
  expect((await harness.signalbox.alerts.active()).map(({ sentence }) => sentence)).toContain(
    "cut: the query returned more rows than the limit; the rest was left out.",
  );
  const slow = await add({
    name: "slow",
    url: postgres.url,
    query: "select pg_sleep(30)",
    timeoutSeconds: 1,
  });
  expect(slow).toMatchObject({ status: "failed", datasetId: null });
  expect(slow.lastError).toMatch(/statement timeout|longer than 1 s/);
}, 60_000);

test("only a single SELECT statement runs", async () => {
  const asked = async (query: string) =>
    (await harness.send("POST", "/api/sources", { name: "x", url: postgres.url, query })).status;
  for (const query of [
    "delete from sales",
    "select 1; drop table sales",
    "commit; drop table sales",
    "select * from sales into outfile '/tmp/x'",
    "copy sales to program 'id'",
  ])
    expect([query, await asked(query)]).toEqual([query, 422]);
  const hidden = await add({
    name: "hidden",
    url: postgres.url,
    query: "with gone as (delete from sales returning *) select * from gone",
  });
  expect(hidden.status).toBe("failed");
  const pg = new SQL(postgres.url);
  expect(await pg.unsafe("select count(*)::int as n from sales")).toEqual(
    expect.arrayContaining([expect.objectContaining({ n: 12_000 })]),
  );
  await pg.close();
}, 60_000);

test("a database that goes away is reported, and works again when it is back", async () => {
  const { id } = await add({
    name: "back",
    url: postgres.url,
    query: "select id, name from sales where id < 9",
  });
  postgres.kill();
  const down = await harness.ask(`/api/sources/${id}/refresh`, { method: "POST" });
  expect(down.status).toBe(503);
  expect((await harness.signalbox.alerts.active()).map(({ code }) => code)).toContain("source");
  await postgres.start();
  const up = await harness.ask(`/api/sources/${id}/refresh`, { method: "POST" });
  expect([up.status, ((await up.json()) as { isChanged: boolean }).isChanged]).toEqual([200, false]);
}, 60_000);

/** A web server that returns what `files` has, and responds with 304 if the client already has it. */
function serveFiles(files: Map<string, string>) {
  const answered: number[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/moved") return Response.redirect("/crew.csv", 302);
      if (pathname === "/inside") return Response.redirect("http://169.254.169.254/latest/", 302);
      if (pathname === "/private" && request.headers.get("authorization") !== `Bearer ${PASSWORD}`)
        return new Response("who are you", { status: 401 });
      const file = files.get(pathname === "/private" ? "/crew.csv" : pathname);
      if (file === undefined) return new Response("", { status: 404 });
      const etag = `"${Bun.hash(file)}"`;
      const isKnown = request.headers.get("if-none-match") === etag;
      answered.push(isKnown ? 304 : 200);
      return new Response(isKnown ? null : file, { status: isKnown ? 304 : 200, headers: { etag } });
    },
  });
  return { server, home: server.url.href.slice(0, -1), answered };
}

interface Refreshed {
  isChanged: boolean;
  datasetId: string;
  dataset: { version: number; rows: number; changes: { sentence: string; rows: unknown } | null };
}

async function refresh(id: string): Promise<Refreshed> {
  const answer = await harness.ask(`/api/sources/${id}/refresh`, { method: "POST" });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Refreshed;
}

test("for each kind of source, equal rows make no version, and other rows make the next one with the changes", async () => {
  const files = new Map([["/crew.csv", passengersCsv(300)]]);
  const { server, home, answered } = serveFiles(files);
  const client = new Bun.S3Client({ bucket: "data", region: "us-east-1", ...s3.keys });
  await client.write("again.csv", passengersCsv(300));
  const [pg, my, lite] = [
    new SQL(postgres.url),
    new SQL({ adapter: "mysql", ...mariadb.login }),
    new SQL({ adapter: "sqlite", filename: join(folder, "shop.db") }),
  ];
  const engines = [pg, my, lite];
  for (const sql of engines) {
    await sql.unsafe("create table again (id integer, name varchar(20))");
    for (let id = 1; id <= 20; id++) await sql.unsafe(`insert into again values (${id}, 'n${id % 3}')`);
  }
  try {
    const query = "select * from again order by id";
    const { host, port, username, database } = mariadb.login;
    const reader = { url: `mysql://${username}@${host}:${port}/${database}`, password: PASSWORD };
    const databases = [{ url: postgres.url }, reader, { url: `sqlite://${folder}/shop.db` }];
    const sources = [
      ...(await Promise.all(databases.map((place, k) => add({ name: `again ${k}`, query, ...place })))),
      await add({ name: "object", url: "s3://data/again.csv", ...s3.keys }),
      await add({ name: "web", url: `${home}/moved` }),
      await add({
        name: "private",
        url: `${home}/private`,
        headers: { Authorization: `Bearer ${PASSWORD}` },
      }),
    ];
    expect(sources.map(({ lastError }) => lastError)).toEqual(Array(6).fill(null));
    for (const { id } of sources) expect(await refresh(id)).toMatchObject({ isChanged: false });
    // A server with the same ETag is not asked for the file again.
    expect(answered).toEqual([200, 200, 304, 304]);
    expect(partsOf(harness)).toEqual([]);
    for (const sql of engines) await sql.unsafe("insert into again values (21, 'n1'), (22, 'n2')");
    await client.write("again.csv", passengersCsv(420));
    files.set("/crew.csv", passengersCsv(420));
    for (const [k, { id, datasetId }] of sources.entries()) {
      const { isChanged, dataset } = await refresh(id);
      const [from, to] = k < 3 ? [20, 22] : [300, 420];
      expect([isChanged, dataset.version, dataset.rows]).toEqual([true, 2, to]);
      expect(dataset.changes).toMatchObject({ rows: { from, to } });
      expect(dataset.changes!.sentence).toContain(`${to} rows, ${to - from} more`);
      const page = await harness.ask(`/datasets/${datasetId}`, { headers: { accept: "text/html" } });
      expect((await page.text()).includes(`${to} rows, ${to - from} more`)).toBe(true);
    }
  } finally {
    for (const sql of engines) await sql.unsafe("drop table again");
    for (const sql of engines) await sql.close({ timeout: 1 });
    server.stop(true);
  }
}, 120_000);

test("errors say what is wrong and what to do, never with a secret", async () => {
  const { server, home } = serveFiles(new Map([["/page", "<html><body>Sign in</body></html>"]]));
  const { host, port, database } = mariadb.login;
  const query = "select * from sales";
  const wrong = "wrong-password-5b1e";
  const my = `mysql://reader@${host}:${port}/${database}`;
  const reader = postgres.url.replace("postgres@", "reader@");
  const forever = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*), 1 from c";
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ url: reader, password: wrong, query }, /password authentication failed.*Check the user, the password/],
    [{ url: my, password: wrong, query }, /Access denied.*Check the user, the password/],
    [{ url: my, password: PASSWORD, query: "select * from gone" }, /gone.*doesn't exist.*Correct the query/],
    [{ url: postgres.url, query: "select * from gone" }, /"gone" does not exist.*Correct the query/],
    [{ url: reader, password: PASSWORD, query: "select * from pg_authid" }, /denied.*may read/],
    [{ url: `sqlite://${folder}/shop.db`, query: "select * from gone" }, /no such table: gone/],
    [{ url: "sqlite:///etc/passwd", query }, /may not read this file.*SOURCE_HOSTS/],
    [{ url: "postgres://reader@127.0.0.1:1/shop", query }, /127\.0\.0\.1:1 cannot be reached.*port/],
    [{ url: postgres.url, query: "select * from sales where false" }, /returned no rows/],
    [{ url: my, password: PASSWORD, query: "select sleep(9), 1", timeoutSeconds: 1 }, /longer than 1 s/],
    [
      { url: `sqlite://${folder}/shop.db`, query: forever, timeoutSeconds: 1 },
      /longer than 1 s.*timeoutSeconds/,
    ],
    [{ url: "s3://data/none.csv", ...s3.keys }, /nothing at this address \(404\)/],
    [{ url: "s3://data/a.csv", ...s3.keys, secretAccessKey: wrong }, /refused access \(403\).*credentials/],
    [{ url: `${home}/none` }, /nothing at this address \(404\)/],
    [{ url: `${home}/private`, headers: { Authorization: wrong } }, /refused access \(401\)/],
    [{ url: `${home}/page` }, /HTML page/],
    [{ url: `${home}/inside` }, /may not connect to 169\.254\.169\.254/],
  ];
  try {
    for (const [place, says] of cases) {
      const { status, lastError, datasetId } = await add({ name: "refused", ...place });
      expect([status, datasetId, lastError]).toEqual(["failed", null, expect.stringMatching(says)]);
      expect(lastError).not.toContain(wrong);
    }
    const listed = { name: "x", url: "http://10.0.0.1/x.csv" };
    const refused = await harness.send("POST", "/api/sources", listed);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("SOURCE_HOSTS")]);
  } finally {
    server.stop(true);
  }
}, 120_000);

test("a stopped refresh leaves nothing, and the next one starts again", async () => {
  const query = "select pg_sleep(60), 1";
  const answer = await harness.send("POST", "/api/sources?wait=0", {
    name: "long",
    url: postgres.url,
    query,
  });
  const { id } = (await answer.json()) as SourceView;
  const path = `/api/sources/${id}`;
  const begun = async () => {
    while ((await harness.json<SourceView>(path)).status !== "refreshing") await Bun.sleep(20);
  };
  await inTime(begun(), "the beginning of the refresh");
  expect((await harness.ask(`${path}/refresh`, { method: "POST" })).status).toBe(409);
  expect((await harness.ask(`${path}/stop`, { method: "POST" })).status).toBe(202);
  const over = async () => {
    let source = await harness.json<SourceView>(path);
    while (source.status === "refreshing") {
      await Bun.sleep(20);
      source = await harness.json<SourceView>(path);
    }
    return source;
  };
  const stopped = await inTime(over(), "the end of the refresh");
  expect(stopped).toMatchObject({
    status: "failed",
    datasetId: null,
    lastError: expect.stringContaining("was stopped"),
  });
  expect((await harness.ask(`${path}/stop`, { method: "POST" })).status).toBe(409);
  await harness.send("PATCH", path, { query: "select id, name from sales where id < 20" });
  expect((await harness.ask(`${path}/refresh`, { method: "POST" })).status).toBe(200);
  // The process that fetched is gone, and its file too.
  expect(partsOf(harness)).toEqual([]);
}, 60_000);

test("credentials are in no response, event, audit entry or plain row", async () => {
  const source = await add({
    name: "secret",
    url: `postgres://reader:${PASSWORD}@127.0.0.1:1/shop`,
    query: "select 1",
  });
  expect(source.secrets).toEqual(["password"]);
  for (const path of ["/api/sources", `/api/sources/${source.id}`, "/sources", "/api/audit", "/api/alerts"])
    expect([path, (await (await harness.ask(path)).text()).includes(PASSWORD)]).toEqual([path, false]);
  expect(JSON.stringify(await harness.eventsSince(0))).not.toContain(PASSWORD);
  const stored = await harness.signalbox.store.all("SELECT * FROM sources");
  expect(JSON.stringify(stored)).not.toContain(PASSWORD);
  for (const secret of [PASSWORD, S3_SECRET])
    expect([secret, JSON.stringify(await harness.eventsSince(0)).includes(secret)]).toEqual([secret, false]);
  // Another server must not get what was given to this one.
  await harness.send("PATCH", `/api/sources/${source.id}`, { url: "postgres://reader@127.0.0.1:2/shop" });
  expect((await harness.signalbox.sources.find(source.id)).secrets).toEqual([]);
}, 30_000);

test("an object of an S3 server is read, and scored rows are written to S3 and to a table", async () => {
  const client = new Bun.S3Client({ bucket: "data", region: "us-east-1", ...s3.keys });
  await client.write("in/crew 1+ü.csv", passengersCsv(200));
  const source = await add({ name: "crew", url: "s3://data/in/crew 1+ü.csv", ...s3.keys });
  expect(source).toMatchObject({ status: "ok", lastError: null });
  const run = await harness.signalbox.runs.train({
    datasetId: source.datasetId!,
    name: "crew",
    target: "Survived",
    budgetSeconds: 2,
  });
  await harness.signalbox.runs.ended(run.id);
  await harness.signalbox.models.deploy("crew", 1);
  const { schedules } = harness.signalbox;
  const asked = {
    name: "score",
    action: "score",
    model: "crew",
    sourceId: source.id,
    cron: "0 3 * * *",
  } as const;
  const score = async (to: { url: string; table?: string }) => {
    const { id } = await schedules.create({ ...asked, to: { ...(to.table ? {} : s3.keys), ...to } }, "tests");
    await schedules.runNow(id);
    await schedules.settled();
    return (await schedules.find(id)).last;
  };
  expect(await score({ url: "s3://data/out/scored.csv" })).toMatchObject({
    status: "done",
    sentence: "200 rows scored by crew version 1.",
  });
  const written = await client.file("out/scored.csv").text();
  expect(written.split("\n")[0]).toContain("prediction");
  expect(written.trim().split("\n")).toHaveLength(201);
  expect(await score({ url: postgres.url, table: "scored" })).toMatchObject({ status: "done" });
  const pg = new SQL(postgres.url);
  const [row] = await pg.unsafe('select count(*)::int as n, avg("probability_1") as mean from scored');
  expect(row.n).toBe(200);
  expect(Number(row.mean)).toBeGreaterThan(0);
  await pg.close();
}, 120_000);
