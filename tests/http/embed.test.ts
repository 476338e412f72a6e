/** May a panel be framed by the listed origins, and everything else by nobody? */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { PANEL_NAMES } from "../../core/panels.ts";
import { type Harness, openHarness } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ EMBED_ORIGINS: "https://portal.example https://intranet.example:8443" });
});
afterAll(() => harness.close());

const get = (path: string) => harness.ask(path, { headers: { accept: "text/html" } });

test("an embed names its listed ancestors, a page refuses every one", async () => {
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

test.each(PANEL_NAMES)("%s is embedded live by itself, in the theme asked for", async (panel) => {
  const html = await (await get(`/embed/${panel}?theme=dark`)).text();
  expect(html).toContain(`id="${panel}"`);
  expect(html).toContain(`/ws?panels=${panel}`);
  expect(html).toContain('data-theme="dark"');
});
