/** A provider whose responses are wrong in one way each: nobody gets in by any of them, and nothing is signed out. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Harness, openHarness } from "../../../harness/app.ts";

setDefaultTimeout(60_000);

const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };
type Claims = Record<string, unknown>;

const keys = await generateKeyPair("RS256", { extractable: true });
const others = await generateKeyPair("RS256", { extractable: true });
let issuer = "";
let harness: Harness;
/** The provider's next response. */
let idToken: (nonce: string) => Promise<string> = async () => "";
let userinfo: Claims = {};
let nonce = "";
let server: ReturnType<typeof Bun.serve>;
const now = () => Math.floor(Date.now() / 1000);

const sign = (claims: Claims, { key = keys.privateKey, kid = "one", alg = "RS256", typ = "JWT" } = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg, kid, typ }).sign(key);
const good = (more: Claims = {}): Claims => ({
  ...{ iss: issuer, aud: "signalbox", sub: "ada", iat: now(), exp: now() + 300, nonce, name: "Ada" },
  ...{ groups: ["admins"], ...more },
});

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "RS256", use: "sig" };
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/.well-known/openid-configuration")
        return Response.json({
          ...{ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` },
          ...{ jwks_uri: `${issuer}/keys`, userinfo_endpoint: `${issuer}/me` },
          ...{ response_types_supported: ["code"], subject_types_supported: ["public"] },
          id_token_signing_alg_values_supported: ["RS256"],
          token_endpoint_auth_methods_supported: ["client_secret_post"],
        });
      if (pathname === "/keys") return Response.json({ keys: [jwk] });
      if (pathname === "/me") return Response.json(userinfo);
      if (pathname !== "/token") return new Response(null, { status: 404 });
      return Response.json({ access_token: "x", token_type: "Bearer", id_token: await idToken(nonce) });
    },
  });
  issuer = `http://127.0.0.1:${server.port}`;
  harness = await openHarness({
    ...{ AUTH: "token", ADMIN_TOKEN: "the admin of these tests", OIDC_ISSUER: issuer, OIDC_NAME: "Evil" },
    ...{ OIDC_CLIENT_ID: "signalbox", OIDC_CLIENT_SECRET: "secret", OIDC_ROLES: "admins=admin" },
  });
});
afterAll(async () => {
  await harness.close();
  await server.stop(true);
});

async function comeBack(parameters: Record<string, string> = {}): Promise<Response> {
  const begun = await harness.ask("/sign-in/evil");
  const url = new URL(begun.headers.get("location")!);
  nonce = url.searchParams.get("nonce")!;
  const cookie = begun.headers.getSetCookie()[0]!.split(";")[0]!;
  const answer = { code: "c", state: url.searchParams.get("state")!, ...parameters };
  return harness.ask(`/sign-in/evil/callback?${new URLSearchParams(answer)}`, { headers: { cookie } });
}
const session = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .find((text) => /^signalbox-8000=./.test(text))
    ?.split(";")[0];

test("an answer that is right lets its person in", async () => {
  idToken = () => sign(good());
  const answer = await comeBack();
  expect([answer.status, session(answer) !== undefined]).toEqual([303, true]);
});

const WRONG: [string, () => Promise<string>][] = [
  ["signed by somebody else", () => sign(good(), { key: others.privateKey })],
  ["signed by a key that is not published", () => sign(good(), { key: others.privateKey, kid: "two" })],
  [
    "not signed at all",
    async () => {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      return `${part({ alg: "none" })}.${part(good())}.`;
    },
  ],
  [
    "signed with the client's secret",
    () =>
      new SignJWT(good()).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from("secret".padEnd(32, "x"))),
  ],
  ["for another client", () => sign(good({ aud: "other" }))],
  [
    "for several clients, this one not named as the asker",
    () => sign(good({ aud: ["signalbox", "x"], azp: "x" })),
  ],
  ["from another issuer", () => sign(good({ iss: "https://evil.example" }))],
  ["expired beyond the clock's tolerance", () => sign(good({ iat: now() - 900, exp: now() - 120 }))],
  ["not valid yet", () => sign(good({ nbf: now() + 600 }))],
  ["of another attempt", () => sign(good({ nonce: "another" }))],
  ["without a nonce", () => sign(good({ nonce: undefined }))],
  ["without a subject", () => sign(good({ sub: undefined }))],
  ["no token", async () => "x.y.z"],
];
test.each(WRONG)("an ID token that is %s lets nobody in", async (_, make) => {
  idToken = make;
  const answer = await comeBack();
  expect([answer.status, session(answer)]).toEqual([401, undefined]);
  expect(await answer.text()).toContain("could not be verified");
});

test("a clock that is 50 seconds off is no reason to refuse", async () => {
  idToken = () => sign(good({ iat: now() - 400, exp: now() - 50 }));
  expect((await comeBack()).status).toBe(303);
  idToken = () => sign(good({ iat: now() + 50, nbf: now() + 50, exp: now() + 400 }));
  expect((await comeBack()).status).toBe(303);
});

test("what the userinfo says of another person does not count", async () => {
  userinfo = { sub: "somebody else", groups: ["admins"] };
  idToken = () => sign(good({ groups: undefined }));
  expect((await comeBack()).status).toBe(401);
  userinfo = { sub: "ada", groups: ["admins"] };
  expect((await comeBack()).status).toBe(303);
  userinfo = {};
});

test("an error of the provider is told without its words", async () => {
  const answer = await comeBack({ error: "access_denied", error_description: "<script>alert(1)</script>" });
  expect(answer.status).toBe(401);
  const text = await answer.text();
  expect(text).toContain("Evil did not let you in");
  expect(text).not.toContain("alert");
});

test("hostile names and groups are text, on one line, and of bounded length", async () => {
  const name = `<img src=x onerror=alert(1)>\u202e\n${"x".repeat(500)}`;
  const groups = { toString: "admins", length: 1, 0: "admins" };
  idToken = () => sign(good({ name, groups }));
  expect((await comeBack()).status).toBe(403);
  idToken = () => sign(good({ name }));
  const answer = await comeBack();
  const cookie = session(answer)!;
  const page = await (await harness.ask("/runs", { headers: { cookie, accept: "text/html" } })).text();
  expect(page).toContain("&lt;img src=x onerror=alert(1)&gt; xxx");
  expect(page).not.toContain("<img src=x");
  expect(page).not.toContain("x".repeat(201));
});

const LOGOUTS: [string, () => Promise<string>][] = [
  ["signed by somebody else", () => sign(logout(), { key: others.privateKey })],
  ["an ID token", () => sign(good())],
  ["with a nonce", () => sign(logout({ nonce: "x" }))],
  ["for another client", () => sign(logout({ aud: "other" }))],
  ["old", () => sign(logout({ iat: now() - 3600 }))],
  ["without its event", () => sign(logout({ events: {} }))],
  ["naming nobody", () => sign(logout({ sub: undefined }))],
  ["of another type", () => sign(logout(), { typ: "at+jwt" })],
  ["without an id", () => sign(logout({ jti: undefined }))],
  ["no token", async () => "abc"],
];
const logout = (more: Claims = {}): Claims => ({
  ...{
    iss: issuer,
    aud: "signalbox",
    sub: "ada",
    iat: now(),
    jti: crypto.randomUUID(),
    events: EVENTS,
    ...more,
  },
});
async function signOutBy(token: string): Promise<number> {
  const body = new URLSearchParams({ logout_token: token }).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
  };
  return (await harness.ask("/sign-in/evil/sign-out", { method: "POST", headers, body })).status;
}

test.each(LOGOUTS)("a logout token that is %s signs nobody out", async (_, make) => {
  idToken = () => sign(good());
  const cookie = session(await comeBack())!;
  expect(await signOutBy(await make())).toBe(400);
  expect((await harness.ask("/api/runs", { headers: { cookie } })).status).toBe(200);
});

test("a logout token that is right signs out every session of its person", async () => {
  idToken = () => sign(good());
  const cookie = session(await comeBack())!;
  idToken = () => sign(good({ sub: "tim" }));
  const other = session(await comeBack())!;
  expect(await signOutBy(await sign(logout(), { typ: "logout+jwt" }))).toBe(200);
  expect((await harness.ask("/api/runs", { headers: { cookie } })).status).toBe(401);
  expect((await harness.ask("/api/runs", { headers: { cookie: other } })).status).toBe(200);
});
