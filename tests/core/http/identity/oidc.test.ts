/** People sign in with a real OpenID Connect provider, and what they may do follows from their groups. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Harness, openHarness } from "../../../harness/app.ts";
import { CLIENT, moveTo, openProvider, type RunningProvider, Visitor } from "../../../harness/oidc.ts";

setDefaultTimeout(60_000);

const HOME = "http://127.0.0.1:8000";
const ADMIN = "the admin of these tests";
let provider: RunningProvider;
let harness: Harness;
let ahead = 0;

beforeAll(async () => {
  provider = await openProvider([`${HOME}/sign-in/company/callback`], {
    logout: (body) =>
      harness.ask("/sign-in/company/sign-out", {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "content-length": String(body.length),
        },
        body,
      }),
  });
  harness = await openHarness(
    {
      ...{ AUTH: "token", ADMIN_TOKEN: ADMIN, OIDC_ISSUER: provider.issuer, OIDC_NAME: "Company" },
      ...{ OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret },
      ...{ OIDC_SCOPES: "openid profile email groups" },
      OIDC_ROLES: "admins=admin,ml-team=trainer,staff=viewer",
    },
    () => Date.now() + ahead,
  );
});
afterAll(async () => {
  await harness.close();
  await provider.close();
});

/** The cookies that a browser sends: name and value of each cookie that a response sets. */
function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((text) => text.split(";")[0]!)
    .filter((pair) => !pair.endsWith("="))
    .join("; ");
}

async function start(next = "/") {
  const answer = await harness.ask(`/sign-in/company?next=${encodeURIComponent(next)}`);
  expect(answer.status).toBe(303);
  return { url: answer.headers.get("location")!, cookie: cookiesOf(answer) };
}

const back = (location: string, headers: Record<string, string>) =>
  harness.ask(location.slice(HOME.length), { headers });

async function signIn(login: string, next = "/", visitor = new Visitor()) {
  const { url, cookie } = await start(next);
  const location = await visitor.signIn(url, login);
  const answer = await back(location, { cookie, accept: "text/html" });
  return { answer, cookie: cookiesOf(answer), location, visitor, attempt: cookie };
}

const status = async (path: string, cookie: string) =>
  (await harness.ask(path, { headers: { cookie } })).status;

test("the sign-in page has a button for the provider, and the token's field", async () => {
  const page = await (await harness.ask("/sign-in?next=/runs", { headers: { accept: "text/html" } })).text();
  expect(page).toContain('href="/sign-in/company?next=%2Fruns"');
  expect(page).toContain("Sign in with Company");
  expect(page).toContain('name="token"');
});

test("the way to the provider uses PKCE, state and nonce", async () => {
  const { url, cookie } = await start();
  const asked = new URL(url).searchParams;
  expect(asked.get("code_challenge_method")).toBe("S256");
  expect(asked.get("code_challenge")).toHaveLength(43);
  expect(asked.get("state")!.length).toBeGreaterThan(20);
  expect(asked.get("nonce")!.length).toBeGreaterThan(20);
  expect(asked.get("redirect_uri")).toBe(`${HOME}/sign-in/company/callback`);
  expect(cookie).toMatch(/^signalbox-8000-sign-in-/);
});

test("whoever signs in returns to the page asked for, by name, with the role of the group", async () => {
  const { answer, cookie } = await signIn("tim", "/runs?q=x");
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/runs?q=x"]);
  const set = answer.headers.getSetCookie().find((text) => text.startsWith("signalbox-8000="))!;
  expect(set).toMatch(/HttpOnly/i);
  expect(set).toMatch(/SameSite=Lax/i);
  const page = await (await harness.ask("/runs", { headers: { cookie, accept: "text/html" } })).text();
  expect(page).toContain("Tim &lt;b&gt;Trainer&lt;/b&gt; (tim@example.com)");
  expect(page).toContain("Sign out");
  expect(await status("/api/runs", cookie)).toBe(200);
  expect(await status("/api/tokens", cookie)).toBe(403);
});

test("groups decide: an admin opens the settings, a viewer does not, someone without a role gets nothing", async () => {
  const { cookie: ada } = await signIn("ada");
  expect(await status("/api/tokens", ada)).toBe(200);
  const { cookie: vera } = await signIn("vera");
  expect(await status("/api/runs", vera)).toBe(200);
  const train = await harness.ask("/api/train", {
    ...{ method: "POST", headers: { cookie: vera, origin: HOME, "content-type": "application/json" } },
    body: "{}",
  });
  expect(train.status).toBe(403);
  const { answer, cookie } = await signIn("nobody");
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain("No Group (nobody@example.com) has no role here");
  expect(cookie).toBe("");
});

test("another group gives another role from the next sign-in on", async () => {
  const { cookie: before } = await signIn("vera");
  expect(await status("/api/tokens", before)).toBe(403);
  const moveBack = moveTo("vera", ["admins"]);
  try {
    // The session that stands has what she had when it began.
    expect(await status("/api/tokens", before)).toBe(403);
    const { cookie: after } = await signIn("vera");
    expect(await status("/api/tokens", after)).toBe(200);
    moveTo("vera", []);
    const { answer } = await signIn("vera");
    expect(answer.status).toBe(403);
  } finally {
    moveBack();
  }
});

test("the answer counts once, and only in the browser that began", async () => {
  const { location, attempt } = await signIn("ada");
  expect((await back(location, { cookie: attempt })).status).toBe(401);
  const { url, cookie } = await start();
  const other = await new Visitor().signIn(url, "ada");
  expect((await back(other, {})).status).toBe(401);
  const forged = cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  expect((await back(other, { cookie: forged })).status).toBe(401);
  const swapped = new URL(other);
  swapped.searchParams.set("state", "x".repeat(43));
  expect((await back(swapped.href, { cookie })).status).toBe(401);
  expect((await back(other, { cookie })).status).toBe(303);
});

test("an attempt ends after ten minutes", async () => {
  const { url, cookie } = await start();
  const location = await new Visitor().signIn(url, "ada");
  ahead = 601_000;
  expect((await back(location, { cookie })).status).toBe(401);
  ahead = 0;
});

test("a return address outside is not followed", async () => {
  for (const next of [
    "https://evil.example/x",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/sign-out",
  ]) {
    const { answer } = await signIn("vera", next);
    expect([next, new URL(answer.headers.get("location")!, HOME).origin]).toEqual([next, HOME]);
  }
});

test("each sign-in makes a session of its own, and the one before ends", async () => {
  const { cookie: before } = await signIn("vera");
  const { url, cookie: attempt } = await start();
  const location = await new Visitor().signIn(url, "vera");
  const answer = await back(location, { cookie: `${before}; ${attempt}` });
  const after = cookiesOf(answer);
  expect(after).not.toBe(before);
  expect(await status("/api/runs", before)).toBe(401);
  expect(await status("/api/runs", after)).toBe(200);
});

test("signing out ends the session, and another site's page cannot do it", async () => {
  const { cookie } = await signIn("vera");
  const leave = (headers: Record<string, string>) =>
    harness.ask("/sign-out", { method: "POST", headers: { cookie, ...headers } });
  expect((await leave({ origin: "https://evil.example" })).status).toBe(403);
  expect((await leave({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect(await status("/api/runs", cookie)).toBe(200);
  expect((await leave({ origin: HOME })).status).toBe(303);
  expect(await status("/api/runs", cookie)).toBe(401);
});

test("a session ends after its hours", async () => {
  const { cookie } = await signIn("vera");
  ahead = 12 * 3_600_000 - 5000;
  expect(await status("/api/runs", cookie)).toBe(200);
  ahead = 12 * 3_600_000 + 5000;
  expect(await status("/api/runs", cookie)).toBe(401);
  ahead = 0;
});

test("signing out at the provider ends the session here, and what it holds open", async () => {
  const { cookie, visitor } = await signIn("vera");
  const { cookie: other } = await signIn("vera");
  const { body } = await harness.ask("/api/events?follow=1", {
    headers: { cookie, accept: "application/x-ndjson" },
  });
  const ended = body!.pipeTo(new WritableStream()).then(
    () => "ended",
    () => "ended",
  );
  await visitor.signOut(provider.issuer);
  expect(await status("/api/runs", cookie)).toBe(401);
  expect(await status("/api/runs", other)).toBe(200);
  expect(await ended).toBe("ended");
});

test("sign-ins and sign-outs are in the audit log by name", async () => {
  const { items } = await harness.json<{
    items: { who: string; via: string; action: string; status: number }[];
  }>("/api/audit?limit=200", { headers: { authorization: `Bearer ${ADMIN}` } });
  const told = items.map(({ who, via, action, status }) => `${who} ${via} ${action} ${status}`);
  expect(told).toContain("Ada Lovelace (ada@example.com) oidc GET /sign-in/:provider/callback 303");
  expect(told).toContain("Vera Viewer (vera@example.com) oidc POST /sign-out 303");
  expect(told.some((line) => line.endsWith("POST /sign-in/:provider/sign-out 200"))).toBe(true);
  expect(told.some((line) => line.endsWith("GET /sign-in/:provider/callback 401"))).toBe(true);
});

test("while the provider is down the page says so, and the token still works", async () => {
  const gone = await openProvider([`${HOME}/sign-in/gone/callback`]);
  await gone.close();
  const alone = await openHarness({
    ...{ AUTH: "token", ADMIN_TOKEN: ADMIN, OIDC_ISSUER: gone.issuer, OIDC_NAME: "Gone" },
    ...{ OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret },
  });
  try {
    const page = await alone.ask("/sign-in", { headers: { accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("Gone cannot be reached right now. Sign in with a token");
    const tried = await alone.ask("/sign-in/gone", { headers: { accept: "text/html" } });
    expect([tried.status, await tried.text()]).toEqual([
      503,
      expect.stringContaining("Gone cannot be reached"),
    ]);
    const body = new URLSearchParams({ token: ADMIN, next: "/runs" }).toString();
    const signed = await alone.ask("/sign-in", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) },
      body,
    });
    expect([signed.status, signed.headers.get("location")]).toEqual([303, "/runs"]);
  } finally {
    await alone.close();
  }
});
