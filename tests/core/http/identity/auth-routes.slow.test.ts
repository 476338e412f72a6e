/** Checks that each kind of identity may do exactly what the access table says, on every route of the server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { accessTable } from "../../../../core/http/identity/access-table.ts";
import { type Access, SCOPES, type Scope } from "../../../../core/http/identity/scopes.ts";
import { API } from "../../../../core/routes/api/index.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

// A thousand requests, beside whatever else the machine does.
setDefaultTimeout(60_000);

const ADMIN = "the admin of these tests";
const PROXY = "10.1.2.3";
const TABLE = accessTable(API);

/** What is allowed, written down independently of the code. */
const OPENS: Record<Access, readonly string[]> = {
  open: [
    "none",
    "bad",
    "expired",
    "revoked",
    "read",
    "predict",
    "train",
    "deploy",
    "sources",
    "embed",
    "admin",
  ],
  panel: ["read", "train", "deploy", "sources", "embed", "admin"],
  read: ["read", "train", "deploy", "sources", "admin"],
  predict: ["predict", "train", "admin"],
  train: ["train", "admin"],
  deploy: ["deploy", "admin"],
  sources: ["sources", "admin"],
  embed: ["embed", "admin"],
  admin: ["admin"],
};

let token: Harness;
let proxy: Harness;
let routes: { method: string; path: string }[];
/** Headers of each identity. */
const identities = new Map<string, Record<string, string>>();

beforeAll(async () => {
  let ahead = 0;
  token = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN }, () => Date.now() + ahead);
  proxy = await openHarness({
    AUTH: "proxy",
    TRUSTED_PROXIES: "10.0.0.0/8",
    TRUSTED_AUTH_SECRET: "between us",
    TRUSTED_ROLE_HEADER: "X-Role",
  });
  const make = (name: string, scope: Scope, expiresAt?: string) =>
    token.signalbox.tokens.create({ name, scopes: [scope], expiresAt }, "tests");
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  identities.set("none", {}).set("bad", bearer("sbx_of-nobody")).set("admin-environment", bearer(ADMIN));
  for (const scope of SCOPES) identities.set(scope, bearer((await make(scope, scope)).token));
  const expired = await make("expired", "admin", new Date(Date.now() + 60_000).toISOString());
  const revoked = await make("revoked", "admin");
  identities.set("expired", bearer(expired.token)).set("revoked", bearer(revoked.token));
  await token.signalbox.tokens.revoke(revoked.id);
  for (const scope of SCOPES) {
    const { cookie } = await token.signalbox.tokens.signIn((await make(`browser ${scope}`, scope)).token);
    const session = { cookie: `theme=dark; signalbox-8000=${cookie}`, origin: "http://127.0.0.1:8000" };
    identities.set(`browser-${scope}`, session);
  }
  identities.set("browser-unknown", { cookie: `signalbox-8000=${"x".repeat(43)}` });
  ahead = 60_001;
  routes = token.routes.filter(({ path }) => !path.endsWith("/*"));
});
afterAll(() => Promise.all([token.close(), proxy.close()]));

const PARAMETERS: Record<string, string> = { panel: "metrics", file: "x.csv" };
const addressOf = (path: string) =>
  path.replace(/:(\w+)/g, (_, name: string) => PARAMETERS[name] ?? "nothing");

/** "in": whatever the route then responds to a meaningless request, it is neither 401 nor 403. */
async function outcome(
  harness: Harness,
  route: { method: string; path: string },
  from: Queryable,
): Promise<string> {
  const init = { method: route.method, headers: from.headers };
  const answer = await harness.ask(addressOf(route.path), init, from.address);
  await answer.body?.cancel();
  return answer.status === 401 ? "unknown" : answer.status === 403 ? "forbidden" : "in";
}

interface Queryable {
  headers: Record<string, string>;
  address?: string;
}

function expected(access: Access, identity: string): string {
  if (access === "open") return "in";
  const kind = identity.replace(/^browser-|-environment$/g, "");
  if (["none", "bad", "expired", "revoked", "unknown"].includes(kind)) return "unknown";
  return OPENS[access].includes(kind) ? "in" : "forbidden";
}

test("every route of the server is listed, and nothing else is", () => {
  const served = routes.map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(served)].sort()).toEqual([...TABLE.keys()].sort());
});

test("every route, asked by every identity of AUTH=token", async () => {
  const wrong: string[] = [];
  for (const route of routes) {
    const { scope } = TABLE.get(`${route.method} ${route.path}`)!;
    // Revokes what the next identities show.
    if (route.path === "/sign-out") continue;
    for (const [identity, headers] of identities) {
      const got = await outcome(token, route, { headers });
      const wanted = expected(scope, identity);
      if (got !== wanted) wrong.push(`${identity}: ${route.method} ${route.path} is ${got}, not ${wanted}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("every route, asked through the proxy by every role, and past it", async () => {
  const wrong: string[] = [];
  const said = (role: string) => ({
    "x-forwarded-user": "ada",
    "x-role": role,
    "x-trusted-auth-secret": "between us",
  });
  const CASES: [string, Queryable, (access: Access) => boolean | null][] = [
    [
      "viewer",
      { headers: said("viewer"), address: PROXY },
      (access) => ["panel", "read", "predict"].includes(access),
    ],
    [
      "trainer",
      { headers: said("trainer"), address: PROXY },
      (access) => !["embed", "admin"].includes(access),
    ],
    ["admin", { headers: said("admin"), address: PROXY }, () => true],
    ["nobody", { headers: {}, address: PROXY }, () => null],
    ["admin past the proxy", { headers: said("admin"), address: "192.168.0.9" }, () => null],
  ];
  for (const route of routes) {
    const { scope } = TABLE.get(`${route.method} ${route.path}`)!;
    for (const [name, asking, may] of CASES) {
      const verdict = scope === "open" ? true : may(scope);
      const wanted = verdict === null ? "unknown" : verdict ? "in" : "forbidden";
      const got = await outcome(proxy, route, asking);
      if (got !== wanted) wrong.push(`${name}: ${route.method} ${route.path} is ${got}, not ${wanted}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("with AUTH=none everybody may do everything", async () => {
  const open = await openHarness();
  const wrong: string[] = [];
  for (const route of routes)
    if ((await outcome(open, route, { headers: {} })) !== "in") wrong.push(`${route.method} ${route.path}`);
  await open.close();
  expect(wrong).toEqual([]);
});
