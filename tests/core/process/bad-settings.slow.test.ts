/** A setting that cannot work ends the start with one line that says what to do, and exit code 2. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type S3Server, startS3 } from "../../harness/object-store.ts";
import { Pooler } from "../../harness/pooler.ts";
import { type PostgresServer, startPostgres } from "../../harness/postgres.ts";

const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
let postgres: PostgresServer;
let s3: S3Server;
let pooler: Pooler;
const root = mkdtempSync(join(tmpdir(), "signalbox-settings-"));
beforeAll(async () => {
  postgres = await startPostgres();
  s3 = await startS3();
  pooler = await Pooler.start(postgres.port);
}, 300_000);
afterAll(async () => {
  await pooler.remove();
  await s3.stop();
  postgres.stop();
  rmSync(root, { recursive: true });
});

async function start(settings: Record<string, string>, ...words: string[]) {
  const child = Bun.spawn([process.execPath, "server.ts", ...words], {
    cwd: new URL("../../..", import.meta.url).pathname,
    env: { ...process.env, DATA_DIR: mkdtempSync(join(root, "data-")), PORT: "0", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const decoder = new TextDecoder();
  let said = "";
  for await (const chunk of child.stdout) {
    const wasServing = said.includes('"url"');
    said += decoder.decode(chunk, { stream: true });
    if (!wasServing && said.includes('"url"')) child.kill("SIGTERM");
  }
  const [error, code] = [await new Response(child.stderr).text(), await child.exited];
  const lines = error.trim().split("\n");
  return { code, lines: lines.filter((line) => line.startsWith("signalbox: ")), error, said };
}

const refused = (why: RegExp) => ({
  code: 2,
  lines: [expect.stringMatching(why)],
});

test("a database that cannot be used is named with what to do", async () => {
  const { url } = postgres;
  const cases: [Record<string, string>, RegExp][] = [
    [{ DATABASE_URL: "mysql://localhost/x" }, /DATABASE_URL: must look like postgres:/],
    [{ DATABASE_URL: url.replace(/postgres$/, "nowhere") }, /database "nowhere"/],
    [{ DATABASE_URL: url.replace("postgres@", "nobody@") }, /role "nobody"/],
    [{ DATABASE_URL: url, LISTEN_URL: "x" }, /LISTEN_URL/],
    [{ DATABASE_URL: pooler.url }, /LISTEN does not reach.*Set LISTEN_URL/],
    [{ TRAIN_CONCURRENCY: "0" }, /TRAIN_CONCURRENCY=0.*DATABASE_URL and STORAGE_URL/],
  ];
  for (const [settings, why] of cases) expect(await start(settings)).toMatchObject(refused(why));
  expect(await start({ DATABASE_URL: url }, "worker")).toMatchObject(
    refused(/A worker needs DATABASE_URL and STORAGE_URL/),
  );
  expect((await start({ DATABASE_URL: pooler.url, LISTEN_URL: url })).code).toBe(0);
}, 120_000);

test("a schema that is newer, and a move that has not ended, are left alone", async () => {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  expect((await start({ DATABASE_URL: postgres.url })).code).toBe(0);
  await client.query("UPDATE schema_version SET version = version + 1000");
  expect(await start({ DATABASE_URL: postgres.url })).toMatchObject(refused(/newer Signalbox/));
  await client.query("UPDATE schema_version SET version = version - 1000");
  await client.query("INSERT INTO meta VALUES ('moving', '{}')");
  expect(await start({ DATABASE_URL: postgres.url })).toMatchObject(refused(/has not ended/));
  await client.query("DELETE FROM meta WHERE key = 'moving'");
  await client.end();
}, 120_000);

test("a bucket that is not there, keys that are wrong, and a folder that cannot be written", async () => {
  const good = s3.settings("good");
  const file = join(root, "a-file");
  writeFileSync(file, "");
  const cases: [Record<string, string>, RegExp][] = [
    [{ STORAGE_URL: "ftp://x" }, /STORAGE_URL: must look like s3:/],
    [{ ...good, STORAGE_URL: "s3://nowhere-at-all" }, /STORAGE_URL: .*NoSuchBucket/],
    [{ ...good, AWS_SECRET_ACCESS_KEY: "wrong" }, /STORAGE_URL: .*SignatureDoesNotMatch/],
    [{ STORAGE_URL: `file://${file}/below` }, /STORAGE_URL: .*cannot be used/],
  ];
  for (const [settings, why] of cases) expect(await start(settings)).toMatchObject(refused(why));
  expect((await start(good)).code).toBe(0);
}, 300_000);

test("clocks that differ by a minute end the start, by ten seconds they only warn", async () => {
  const ahead = (seconds: number) => ({
    DATABASE_URL: postgres.url,
    LD_PRELOAD: FAKETIME,
    FAKETIME: `+${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  });
  expect(await start(ahead(90))).toMatchObject(refused(/clocks.*differ by (89|90|91) s/));
  const warned = await start(ahead(12));
  expect(warned).toMatchObject({ code: 0, said: expect.stringMatching(/clocks .*differ/) });
}, 120_000);
