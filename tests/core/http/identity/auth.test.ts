/** Checks how you sign in, what is refused without access, and what ends when a token does. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { signEmbedToken } from "../../../../core/http/identity/embeds/embed-token.ts";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import type { Problem } from "../../../../core/http/problem.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

const ADMIN = "the admin of these tests";
const EMBED_SECRET = "the portal's secret";
const HTML = { accept: "text/html" };
const OURS = "http://127.0.0.1:8000";

let harness: Harness;
/** Milliseconds that the server's clock is ahead. */
let ahead = 0;
const now = () => Date.now() + ahead;
beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN, EMBED_SECRET }, now);
});
afterAll(() => harness.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const make = (scopes: Scope[], expiresAt?: string) =>
  harness.signalbox.tokens.create({ name: `for ${scopes}`, scopes, expiresAt }, "tests");

/** What a browser sends of a form. */
function posted(fields: Record<string, string> | [string, string][], headers: Record<string, string> = {}) {
  const body = String(new URLSearchParams(fields));
  const about = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
  };
  return { method: "POST", body, headers: { ...about, ...headers } };
}

const signIn = (fields: Record<string, string>, headers: Record<string, string> = HTML) =>
  harness.ask("/sign-in", posted(fields, headers));

const cookieOf = (answer: Response) => answer.headers.get("set-cookie")!.split(";")[0]!;

describe("a token", () => {
  test("a token that revokes itself gets a success response, by the API and by the form", async () => {
    for (const [path, method] of [
      ["/api/tokens/:id", "DELETE"],
      ["/settings/tokens/:id/revoke", "POST"],
    ] as const) {
      const { id, token } = await make(["admin"]);
      const answer = await harness.ask(path.replace(":id", id), { method, headers: bearer(token) });
      expect([path, answer.status < 400]).toEqual([path, true]);
      expect((await harness.ask("/api/datasets", { headers: bearer(token) })).status).toBe(401);
    }
  });

  test("a missing credential is refused for programs and people alike", async () => {
    const answer = await harness.ask("/api/datasets");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="Signalbox"');
    const told = (await answer.json()) as Problem;
    expect(told).toMatchObject({ status: 401, example: expect.stringContaining("Authorization: Bearer") });
  });

  test("a token without the scope gets 403 that names it, also in the header", async () => {
    const init = { method: "POST", headers: bearer((await make(["read"])).token), body: "a,b\n1,2\n" };
    const answer = await harness.ask("/api/upload", init);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="train"');
    expect(((await answer.json()) as Problem).detail).toContain("needs the scope train");
  });

  test("an unknown or expired token gets an error that says so", async () => {
    const unknown = await harness.ask("/api/runs", { headers: bearer("sbx_wrong") });
    expect(unknown.headers.get("www-authenticate")).toContain('error="invalid_token"');
    const { token } = await make(["read"], new Date(now() + 60_000).toISOString());
    expect((await harness.ask("/api/runs", { headers: bearer(token) })).status).toBe(200);
    ahead += 60_001;
    const expired = await harness.ask("/api/runs", { headers: bearer(token) });
    expect(expired.status).toBe(401);
    expect(((await expired.json()) as Problem).detail).toContain("has expired");
  });

  test("every command to paste sends the token from the shell's variable", async () => {
    const headers = { ...bearer((await make(["read"])).token), accept: "text/html" };
    const docs = await (await harness.ask("/docs", { headers })).text();
    const commands = docs.match(/<code>curl [^<]*/g)!;
    expect(commands.length).toBeGreaterThan(30);
    for (const command of commands) expect(command).toContain("Bearer $SIGNALBOX_TOKEN");
  });

  test("is accepted as Basic too, as the password or alone", async () => {
    const { token } = await make(["read"]);
    for (const pair of [`curl:${token}`, `${token}:`]) {
      const authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
      expect((await harness.ask("/api/runs", { headers: { authorization } })).status).toBe(200);
    }
  });

  test("is shown once, listed without its value, stored as a hash only, and works", async () => {
    const asked = { name: "nightly", scopes: ["train"], expiresAt: "2100-01-01T00:00:00Z" };
    const init = {
      method: "POST",
      headers: { ...bearer(ADMIN), "content-type": "application/json" },
      body: JSON.stringify(asked),
    };
    const made = await harness.ask("/api/tokens", init);
    expect(made.status).toBe(201);
    const { token, id } = (await made.json()) as { token: string; id: string };
    await harness.ask("/api/runs", { headers: bearer(token) });
    const list = await (await harness.ask("/api/tokens", { headers: bearer(ADMIN) })).text();
    const listed = (JSON.parse(list) as { items: { id: string }[] }).items.find((item) => item.id === id);
    expect(listed).toMatchObject({ name: "nightly", createdBy: "admin", lastUsedAt: expect.any(String) });
    expect(list).not.toContain(token);
    const folder = harness.signalbox.config.DATA_DIR;
    for (const file of readdirSync(folder).filter((name) => name.startsWith("signalbox.sqlite")))
      expect(readFileSync(join(folder, file)).includes(token)).toBe(false);
  });

  test.each([
    [{ name: "", scopes: ["read"] }],
    [{ name: "x", scopes: [] }],
    [{ name: "x", scopes: ["root"] }],
    [{ name: "x", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" }],
    [{ name: "x", scopes: ["read"], expiresAt: "tomorrow" }],
  ])("%p cannot be created", async (request) => {
    const headers = { ...bearer(ADMIN), "content-type": "application/json" };
    const answer = await harness.ask("/api/tokens", {
      method: "POST",
      headers,
      body: JSON.stringify(request),
    });
    expect(answer.status).toBe(400);
  });

  test("that is revoked ends its streams with the reason, and its browsers", async () => {
    const { token, id } = await make(["read"]);
    const { cookie } = await harness.signalbox.tokens.signIn(token);
    const stream = await harness.ask("/api/events?follow=1", { headers: bearer(token) });
    const reading = readToEnd(stream);
    const revoked = await harness.ask(`/api/tokens/${id}`, { method: "DELETE", headers: bearer(ADMIN) });
    expect(revoked.status).toBe(204);
    expect(await reading).toMatchObject({ isBroken: true, text: expect.stringContaining("was revoked") });
    expect((await harness.ask("/api/runs", { headers: bearer(token) })).status).toBe(401);
    const session = { cookie: `signalbox-8000=${cookie}` };
    expect((await harness.ask("/api/runs", { headers: session })).status).toBe(401);
    expect(harness.signalbox.holds.count).toBe(0);
  });

  test("that expires ends its streams", async () => {
    const { token } = await make(["read"], new Date(now() + 60_000).toISOString());
    const reading = readToEnd(await harness.ask("/api/events?follow=1", { headers: bearer(token) }));
    ahead += 60_001;
    harness.signalbox.holds.endExpired();
    expect(await reading).toMatchObject({ isBroken: true, text: expect.stringContaining("has expired") });
  });
});

async function readToEnd(answer: Response): Promise<{ text: string; isBroken: boolean }> {
  let text = "";
  try {
    for await (const chunk of answer.body!) text += new TextDecoder().decode(chunk);
  } catch {
    return { text, isBroken: true };
  }
  return { text, isBroken: false };
}

describe("signing in", () => {
  test("a page without identity redirects to the form and back, and nowhere else", async () => {
    const page = await harness.ask("/runs/r1?at=3", { headers: HTML });
    expect(page.status).toBe(303);
    expect(page.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent("/runs/r1?at=3")}`);
    const form = await harness.ask(page.headers.get("location")!, { headers: HTML });
    expect(form.status).toBe(200);
    expect(await form.text()).toContain('value="/runs/r1?at=3"');
    const answer = await signIn({ token: ADMIN, next: "/runs/r1?at=3" });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/runs/r1?at=3");
  });

  test.each([
    ["https://evil.example/", "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/x//evil.example", "/x//evil.example"],
    ["///evil.example/x", "/x"],
    ["http://127.0.0.1:8000//evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/%0d%0aset-cookie:x=1", "/%0d%0aset-cookie:x=1"],
    ["/sign-out", "/"],
    ["", "/"],
  ])("the return path %p becomes %p", async (next, location) => {
    expect((await signIn({ token: ADMIN, next })).headers.get("location")).toBe(location);
  });

  test("sets an HttpOnly cookie that is valid for pages, API and panels until sign-out", async () => {
    const answer = await signIn({ token: ADMIN });
    expect(answer.headers.get("set-cookie")).toMatch(
      /^signalbox-8000=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
    );
    const cookie = cookieOf(answer);
    const page = await (await harness.ask("/", { headers: { ...HTML, cookie } })).text();
    expect(page).toContain("Sign out");
    expect(page).toContain('data-may="read predict train deploy sources admin"');
    for (const path of ["/api/runs", "/panels/metrics"])
      expect((await harness.ask(path, { headers: { cookie } })).status).toBe(200);
    const out = await harness.ask("/sign-out", { method: "POST", headers: { cookie, origin: OURS } });
    expect([out.status, out.headers.get("location")]).toEqual([303, "/sign-in"]);
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await harness.ask("/api/runs", { headers: { cookie } })).status).toBe(401);
  });

  test("a wrong token shows the form again with the error; a script gets the problem", async () => {
    const answer = await signIn({ token: "<script>", next: "/docs" });
    expect(answer.status).toBe(401);
    const html = await answer.text();
    expect(html).toContain("is wrong, or was revoked");
    expect(html).toContain('value="/docs"');
    expect(html).not.toContain("<script>");
    expect((await signIn({ token: "wrong" }, { accept: "application/json" })).status).toBe(401);
  });

  test("a form and a button without identity redirect there too", async () => {
    const headers = { ...HTML, origin: OURS, referer: `${OURS}/runs/r1` };
    const form = await harness.ask("/runs/r1/stop", { method: "POST", headers });
    expect(form.headers.get("location")).toBe("/sign-in?next=%2Fruns%2Fr1");
    const button = { ...headers, "hx-request": "true" };
    const pressed = await harness.ask("/runs/r1/stop", { method: "POST", headers: button });
    expect(pressed.status).toBe(401);
    expect(pressed.headers.get("hx-redirect")).toBe("/sign-in?next=%2Fruns%2Fr1");
  });

  test("a session's request from another page, or without a page, changes nothing", async () => {
    const cookie = cookieOf(await signIn({ token: ADMIN }));
    const post = (headers: Record<string, string>) =>
      harness.ask("/api/upload?name=x.csv", { method: "POST", headers: { cookie, ...headers }, body: "a" });
    expect((await post({ origin: "http://evil.example" })).status).toBe(403);
    expect((await post({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: OURS })).status).toBe(422);
  });

  test("a viewer's page offers only what a viewer may do", async () => {
    const cookie = `signalbox-8000=${(await harness.signalbox.tokens.signIn((await make(["read"])).token)).cookie}`;
    const page = await (await harness.ask("/", { headers: { ...HTML, cookie } })).text();
    expect(page).toContain('data-may="read"');
    expect(page).toMatch(/class="dropzone" data-needs="train"/);
  });
});

test("behind https the cookie is Secure, below a base path it stays there", async () => {
  const settings = { AUTH: "token", ADMIN_TOKEN: ADMIN, BASE_PATH: "/tools", TRUSTED_PROXIES: "10.0.0.1" };
  const other = await openHarness(settings);
  const init = posted({ token: ADMIN }, { "x-forwarded-proto": "https" });
  const proxied = await other.ask("/tools/sign-in", init, "10.0.0.1");
  expect(proxied.headers.get("set-cookie")).toContain("Path=/tools;");
  expect(proxied.headers.get("set-cookie")).toEndWith("; Secure; HttpOnly; SameSite=Lax");
  expect(proxied.headers.get("location")).toBe("/tools/");
  const direct = await other.ask("/tools/sign-in", init, "192.168.0.7");
  expect(direct.headers.get("set-cookie")).not.toContain("Secure");
  await other.close();
});

describe("an embed's token", () => {
  const ask = (path: string) => harness.ask(path, { headers: HTML });
  const link = (panel: string, expires: number) => signEmbedToken({ panel, expires }, EMBED_SECRET);
  const soon = Date.now() + 3_600_000;

  test("opens its panel under each address, and nothing else", async () => {
    const token = link("metrics", soon);
    for (const path of ["/embed/metrics", "/panels/metrics", "/panels/metrics.json"])
      expect((await ask(`${path}?token=${token}`)).status).toBe(200);
    for (const path of ["/embed/health", "/panels/health", "/panels/metrics?of=x", "/embed/%6detrics%3Ax"])
      expect((await ask(`${path}${path.includes("?") ? "&" : "?"}token=${token}`)).status).toBe(403);
    expect((await ask(`/ws?panels=metrics,health&token=${token}`)).status).toBe(403);
    expect((await ask(`/ws?format=json&token=${token}`)).status).toBe(403);
    expect((await ask(`/ws?panels=metrics&token=${token}`)).status).toBe(400);
    expect((await harness.ask(`/api/runs?token=${token}`)).status).toBe(401);
    expect((await ask(`/?token=${token}`)).status).toBe(303);
  });

  test("with a subject opens that subject", async () => {
    const token = link("run:r1", soon);
    expect((await ask(`/embed/run?of=r1&token=${token}`)).status).not.toBe(403);
    expect((await ask(`/embed/run?of=r2&token=${token}`)).status).toBe(403);
  });

  test("an expired and an invalid link say what they are, and do not redirect to sign-in", async () => {
    const expired = await ask(`/embed/metrics?token=${link("metrics", now() - 1)}`);
    expect(expired.status).toBe(401);
    expect(await expired.text()).toContain("expired at");
    const wrong = await ask(`/embed/metrics?token=${link("metrics", soon)}x`);
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toContain("not valid");
    expect((await ask("/embed/metrics")).status).toBe(401);
  });
});

describe("the audit", () => {
  test("records who changed what from where, including refusals, but no reads", async () => {
    const trainer = await make(["train"]);
    const csv = `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2}`).join("\n")}\n`;
    const init = { method: "POST", headers: bearer(trainer.token), body: csv };
    const uploaded = await harness.ask("/api/upload?name=audit.csv", init, "203.0.113.9");
    const { id } = (await uploaded.json()) as { id: string };
    await harness.ask("/api/datasets", { headers: bearer(trainer.token) });
    const refused = { method: "POST", headers: { ...bearer(trainer.token), "x-request-id": "of-the-test" } };
    await harness.ask("/api/tokens", refused);
    const answer = await harness.ask("/api/audit?limit=2", { headers: bearer(ADMIN) });
    const { items, next } = (await answer.json()) as { items: unknown[]; next: number };
    expect(items).toMatchObject([
      { who: "for train", action: "POST /api/tokens", status: 403, requestId: "of-the-test" },
      {
        who: "for train",
        via: "token",
        address: "203.0.113.9",
        action: "POST /api/upload",
        target: "/api/upload",
        made: `/api/datasets/${id}`,
        status: 201,
        at: expect.stringMatching(/Z$/),
      },
    ]);
    expect(answer.headers.get("link")).toContain(`cursor=${next}`);
    const events = JSON.stringify(await harness.eventsSince(0));
    expect(events).not.toContain("203.0.113.9");
  });

  test("the audit log has a page and lists sign-ins", async () => {
    await signIn({ token: "not this one" });
    const page = await (
      await harness.ask("/settings/audit", { headers: { ...HTML, ...bearer(ADMIN) } })
    ).text();
    expect(page).toContain("refused (401)");
    expect(page).toContain("/sign-in");
  });
});

describe("the tokens' page", () => {
  test("creates and revokes tokens without script; a token is shown once", async () => {
    const cookie = cookieOf(await signIn({ token: ADMIN }));
    const headers = { ...HTML, cookie, origin: OURS };
    const fields: [string, string][] = [
      ["name", "<b>portal</b>"],
      ["scopes", "read"],
      ["scopes", "embed"],
      ["days", "7"],
    ];
    const made = await (await harness.ask("/settings/tokens", posted(fields, headers))).text();
    const token = /sbx_[\w-]{43}/.exec(made)![0];
    expect(made).not.toContain("<b>portal</b>");
    expect((await harness.ask("/api/runs", { headers: bearer(token) })).status).toBe(200);
    const page = await (await harness.ask("/settings/tokens", { headers })).text();
    expect(page).not.toContain(token);
    const path = /\/settings\/tokens\/\w+\/revoke/.exec(page)![0];
    expect((await harness.ask(path, { method: "POST", headers })).status).toBe(303);
    expect((await harness.ask("/api/runs", { headers: bearer(token) })).status).toBe(401);
  });
});
