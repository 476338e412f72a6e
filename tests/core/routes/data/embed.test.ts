/** Checks that only the listed origins may frame a panel, and that nothing else can be framed. */
import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { PANEL_NAMES } from "../../../../core/events/panel-names.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ EMBED_ORIGINS: "https://portal.example https://intranet.example:8443" });
});
afterAll(() => harness.close());

const get = (path: string) => harness.ask(path, { headers: { accept: "text/html" } });

test("an embed names its listed ancestors, a page refuses all", async () => {
  const embed = await get("/embed/metrics");
  const policy = embed.headers.get("content-security-policy")!;
  expect(policy).toContain("frame-ancestors 'self' https://portal.example https://intranet.example:8443");
  expect(embed.headers.has("x-frame-options")).toBe(false);
  for (const path of ["/", "/docs", "/panels/metrics"]) {
    const page = await get(path);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
  }
});

test.each(PANEL_NAMES)("%s is embedded live, in the requested theme", async (panel) => {
  const html = await (await get(`/embed/${panel}?theme=dark`)).text();
  expect(html).toContain(`id="${panel}"`);
  expect(html).toContain(`/ws?panels=${panel}`);
  expect(html).toContain('data-theme="dark"');
});

interface Made {
  url: string;
  token: string | null;
  expiresAt: string | null;
  iframe: string;
  element: string;
  badge: string;
  fragment: string;
}

describe("where authentication is on", () => {
  const SECRET = "0123456789abcdef0123456789abcdef";
  const ADMIN = { authorization: `Bearer ${SECRET}` };
  let closed: Harness;
  beforeAll(async () => {
    closed = await openHarness({ AUTH: "token", ADMIN_TOKEN: SECRET, BASE_PATH: "/box" });
  });
  afterAll(() => closed.close());

  const make = async (body: unknown) => {
    const headers = { ...ADMIN, "content-type": "application/json" };
    return closed.ask("/box/api/embeds", { method: "POST", headers, body: JSON.stringify(body) });
  };
  const pathOf = (url: string) => url.replace("http://127.0.0.1:8000", "");
  const srcOf = (snippet: string) => /(?:src|hx-get)="([^"]+\/(?:embed|panels)\/[^"]+)"/.exec(snippet)![1]!;
  const html = { headers: { accept: "text/html" } };

  test("a link opens its panel under each of its addresses, and no other panel", async () => {
    const made = (await (await make({ panel: "metrics", theme: "dark" })).json()) as Made;
    expect(Date.parse(made.expiresAt!) - Date.now()).toBeGreaterThan(29 * 86_400_000);
    for (const snippet of [made.iframe, made.badge, made.fragment]) {
      const answer = await closed.ask(pathOf(srcOf(snippet).replaceAll("&amp;", "&")), html);
      expect(answer.status).toBe(200);
    }
    const page = await (await closed.ask(pathOf(made.url), html)).text();
    expect(page).toContain(`data-token="${made.token}"`);
    expect(page).toContain(`token=${made.token}`);
    expect((await closed.ask(`/box/embed/activity?token=${made.token}`, html)).status).toBe(403);
    expect((await closed.ask("/box/embed/metrics", html)).status).toBe(401);
    expect((await closed.ask(`/box/api/status?token=${made.token}`)).status).toBe(401);
  });

  test("the settings page creates no token until you ask", async () => {
    const page = await closed.ask("/box/settings", { headers: { ...ADMIN, accept: "text/html" } });
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain('src="/box/embed/metrics"');
    expect(text).not.toContain("token=e1");
  });

  test("an expired link says so in the iframe, without a page around it", async () => {
    const { url } = (await (await make({ panel: "metrics", expiresInSeconds: 1 })).json()) as Made;
    setSystemTime(new Date(Date.now() + 2000));
    try {
      const answer = await closed.ask(pathOf(url), html);
      expect(answer.status).toBe(401);
      const page = await answer.text();
      expect(page).toContain("This link expired");
      expect(page).not.toContain("masthead");
      expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
    } finally {
      setSystemTime();
    }
  });

  test.each([
    [{ panel: "nothing" }, 400],
    [{ panel: "model", of: "nobody" }, 404],
    [{ panel: "metrics", of: "x" }, 404],
    [{ panel: "metrics", expiresInSeconds: 0 }, 400],
    [{ panel: "metrics", theme: "pink" }, 400],
  ])("%j is refused with %p", async (body, status) => {
    expect((await make(body)).status).toBe(status);
  });
});

test("on an open server a token is created only so that the link expires", async () => {
  const open = await harness.json<Made>("/api/embeds", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ panel: "health" }),
  });
  expect(open).toMatchObject({ token: null, expiresAt: null, url: "http://127.0.0.1:8000/embed/health" });
  expect(open.element).toContain('<signalbox-panel panel="health"></signalbox-panel>');
});
