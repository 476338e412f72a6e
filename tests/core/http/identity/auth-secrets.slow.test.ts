/** Checks that no planted secret appears in a response, a page, an error, the log or a gauge. */
import { afterAll, beforeAll, expect, mock, spyOn, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, SETTINGS, type Setting } from "../../../../core/operations/config.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";
import { type OwnSchema, ownSchema } from "../../../harness/postgres.ts";

const SECRETS = Object.entries<Setting>(SETTINGS).flatMap(([name, { isSecret }]) => (isSecret ? [name] : []));
const sown = (name: string) => `sown-${name}-4f1c9a7be2`;
/** In an address it is the password, which the tests' database does not ask for. */
const withSecret = (name: string, database: string) =>
  name === "SMTP_URL"
    ? `smtp://user:${sown(name)}@127.0.0.1:9`
    : name.endsWith("_URL")
      ? database.replace("postgres@", `postgres:${sown(name)}@`)
      : sown(name);

let folder: string;
let schema: OwnSchema;
let harness: Harness;
const printed: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-secrets-"));
  const settings: Record<string, string> = {
    AUTH: "token",
    LOG_LEVEL: "debug",
    WEBHOOK_URL: "http://127.0.0.1:9/",
  };
  schema = await ownSchema();
  for (const name of SECRETS) {
    settings[`${name}_FILE`] = join(folder, name);
    writeFileSync(join(folder, name), `${withSecret(name, schema.url)}\n`);
  }
  const keep = (...words: unknown[]) => void printed.push(words.join(" "));
  for (const stream of [process.stdout, process.stderr])
    spyOn(stream, "write").mockImplementation((text) => {
      keep(String(text));
      return true;
    });
  spyOn(console, "log").mockImplementation(keep);
  harness = await openHarness(settings);
});
afterAll(async () => {
  mock.restore();
  await harness.close();
  await schema.drop();
  rmSync(folder, { recursive: true, force: true });
});

test("the secrets come from their files", () => {
  expect(SECRETS).toContain("ADMIN_TOKEN");
  for (const name of SECRETS)
    expect(harness.signalbox.config[name as "ADMIN_TOKEN"]).toBe(withSecret(name, schema.url));
  expect(() => readConfig({ ADMIN_TOKEN: "a", ADMIN_TOKEN_FILE: "b" })).toThrow("both set");
  expect(() => readConfig({ ADMIN_TOKEN_FILE: join(folder, "none") })).toThrow(
    "ADMIN_TOKEN_FILE cannot be read",
  );
});

test("no route reveals a secret, whether asked for a page, for data or wrongly", async () => {
  const authorization = `Bearer ${sown("ADMIN_TOKEN")}`;
  const told: string[] = [];
  for (const { method, path } of harness.routes) {
    if (path.endsWith("/*") || path === "/api/backup") continue;
    const address = path.replace(/:(\w+)/g, (_, name: string) => (name === "panel" ? "metrics" : "x"));
    for (const accept of ["text/html", "application/json"]) {
      const answer = await harness.ask(address, { method, headers: { accept, authorization } });
      const text = `${[...answer.headers].join()} ${await answer.text()}`;
      if (text.includes("sown-")) told.push(`${method} ${path} as ${accept}`);
    }
  }
  const wrong = { headers: { authorization: `Bearer ${sown("ADMIN_TOKEN")}x` } };
  if ((await (await harness.ask("/api/runs", wrong)).text()).includes("sown-")) told.push("a wrong token");
  expect(told).toEqual([]);
});

test("the log contains no secret", () => {
  expect(printed.filter((line) => line.includes("sown-"))).toEqual([]);
});
