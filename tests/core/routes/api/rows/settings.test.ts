/** Checks that a change is stored, applies at once, is refused if the environment sets it, and exposes no secret. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readConfig } from "../../../../../core/operations/config.ts";
import { openSignalbox } from "../../../../../core/process/signalbox.ts";
import { type Harness, openHarness } from "../../../../harness/app.ts";

interface View {
  value: unknown;
  source: string;
  locked: boolean;
  isSet: boolean;
}
type Views = Record<string, View>;

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness({ HEALTH_DISK: "70,80", WEBHOOK_SECRET: "a secret that nobody may see" });
});
afterEach(() => harness.close());

const patch = (body: unknown) => harness.send("PATCH", "/api/settings", body);
const settings = () => harness.json<Views>("/api/settings");

test("each setting says its value, its source, and whether it is locked", async () => {
  const all = await settings();
  expect(all.HEALTH_CPU).toMatchObject({ value: "80,95", source: "default", locked: false });
  expect(all.HEALTH_DISK).toMatchObject({ value: "70,80", source: "environment", locked: true });
  expect(all.WEBHOOK_SECRET).toMatchObject({ value: null, isSet: true, locked: true });
  expect(all.PORT).toBeUndefined();
  expect(JSON.stringify(all)).not.toContain("nobody may see");
});

test("a changed setting applies immediately, and after the next start", async () => {
  const origin = "https://portal.example";
  const answer = await patch({ EMBED_ORIGINS: [`${origin}/`], HEALTH_CPU: "10,20", RETENTION_DAYS: 7 });
  expect(answer.status).toBe(200);
  expect((await answer.json()) as Views).toMatchObject({
    EMBED_ORIGINS: { value: [origin], source: "stored", locked: false },
    RETENTION_DAYS: { value: 7, source: "stored" },
  });
  const embed = await harness.ask("/embed/metrics");
  expect(embed.headers.get("content-security-policy")).toContain(`frame-ancestors 'self' ${origin}`);
  const health = await harness.json<{ gauges: { gauge: string; warning: number }[] }>("/api/health");
  expect(health.gauges.find(({ gauge }) => gauge === "cpu")!.warning).toBe(10);
  const [event] = (await harness.eventsSince(0)).filter(({ type }) => type === "settings.changed");
  expect(event!.data).toEqual({ names: ["EMBED_ORIGINS", "HEALTH_CPU", "RETENTION_DAYS"] });

  const { DATA_DIR, DATABASE_URL } = harness.signalbox.config;
  await harness.signalbox.close();
  const again = await openSignalbox(
    readConfig({ DATA_DIR, DATABASE_URL, LOG_LEVEL: "silent", HEALTH_CPU: "1,2" }),
  );
  expect(again.config).toMatchObject({ RETENTION_DAYS: 7, EMBED_ORIGINS: [origin], HEALTH_CPU: "1,2" });
  await again.close();
  harness = await openHarness();
});

test("null restores the default", async () => {
  await patch({ RETENTION_DAYS: 7 });
  await patch({ RETENTION_DAYS: null });
  expect((await settings()).RETENTION_DAYS).toMatchObject({ value: 30, source: "default" });
});

test.each([
  [{ HEALTH_CPU: "95,80" }, 400, "HEALTH_CPU"],
  [{ RETENTION_DAYS: 7, HEALTH_CPU: "much" }, 400, "HEALTH_CPU"],
  [{ EMBED_ORIGINS: "https://portal.example; script-src *" }, 400, "EMBED_ORIGINS"],
  [{ WEBHOOK_URL: "file:///etc/passwd" }, 400, "WEBHOOK_URL"],
  [{ WEBHOOK_TYPES: ["run.flown"] }, 400, "WEBHOOK_TYPES"],
  [{ PORT: 80 }, 400, "PORT"],
  [{ HEALTH_DISK: "1,2" }, 409, "HEALTH_DISK"],
  [{ RETENTION_DAYS: 7, WEBHOOK_SECRET: "another secret of it" }, 409, "WEBHOOK_SECRET"],
])("%j is refused with %p, and nothing is changed", async (body, status, name) => {
  const answer = await patch(body);
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { detail: string }).detail).toContain(name);
  expect((await settings()).RETENTION_DAYS!.value).toBe(30);
  expect((await harness.eventsSince(0)).filter(({ type }) => type === "settings.changed")).toEqual([]);
});

test("a webhook that was added on the page gets events from then on, and can be deleted", async () => {
  await patch({ WEBHOOK_URL: "http://127.0.0.1:9/hook", WEBHOOK_TYPES: "run.finished" });
  expect(await harness.signalbox.webhooks.list()).toMatchObject([
    { url: "http://127.0.0.1:9/hook", types: ["run.finished"] },
  ]);
  await patch({ WEBHOOK_URL: null });
  expect(await harness.signalbox.webhooks.list()).toEqual([]);
});

describe("the page, without script", () => {
  const page = async () => (await harness.ask("/settings", { headers: { accept: "text/html" } })).text();
  const submit = (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams(fields).toString();
    const type = "application/x-www-form-urlencoded";
    const headers = { accept: "text/html", "content-type": type, "content-length": String(body.length) };
    return harness.ask(path, { method: "POST", headers, body });
  };

  test("shows what the environment sets locked, and no secret", async () => {
    const html = await page();
    expect(html).toMatch(/<input name="HEALTH_DISK.warning"[^>]* value="70"[^>]* disabled=""/);
    expect(html).toMatch(/<input name="HEALTH_DISK.critical"[^>]* value="80"[^>]* disabled=""/);
    expect(html).not.toMatch(/<input name="HEALTH_CPU\.\w+"[^>]* disabled/);
    expect(html).not.toContain("nobody may see");
  });

  test("saving returns to the same place; an empty field restores the default", async () => {
    const saved = await submit("/settings", { HEALTH_CPU: "60,70", HEALTH_MEMORY: "85,95" });
    expect([saved.status, saved.headers.get("location")]).toEqual([303, "/settings#thresholds"]);
    expect((await settings()).HEALTH_CPU).toMatchObject({ value: "60,70", source: "stored" });
    expect((await settings()).HEALTH_MEMORY!.source).toBe("default");
    await submit("/settings", { "HEALTH_CPU.warning": "50", "HEALTH_CPU.critical": "" });
    expect((await settings()).HEALTH_CPU).toMatchObject({ value: "50,95", source: "stored" });
    await submit("/settings", { "HEALTH_CPU.warning": "", "HEALTH_CPU.critical": "" });
    expect((await settings()).HEALTH_CPU).toMatchObject({ value: "80,95", source: "default" });
  });

  test("says what was refused, and changes nothing", async () => {
    const refused = await submit("/settings", { HEALTH_CPU: "70,60", RETENTION_DAYS: "3" });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("HEALTH_CPU: must be two increasing numbers");
    expect((await settings()).RETENTION_DAYS!.value).toBe(30);
  });

  test("creates webhooks, shows their secret once, and deletes them", async () => {
    const made = await (
      await submit("/settings/webhooks", { url: "http://127.0.0.1:9/x", types: "" })
    ).text();
    const [, secret] = /(whsec_[\w+/=]+)/.exec(made)!;
    expect(await page()).not.toContain(secret!);
    const { id } = (await harness.signalbox.webhooks.list())[0]!;
    const deleted = await submit(`/settings/webhooks/${id}/delete`, {});
    expect(deleted.headers.get("location")).toBe("/settings#alerts");
    expect(await harness.signalbox.webhooks.list()).toEqual([]);
  });

  test("generates the snippet of an embed, with its preview", async () => {
    const made = await (
      await submit("/settings/embeds", { panel: "health", of: "", theme: "dark", days: "0.5" })
    ).text();
    expect(made).toMatch(
      /<iframe class="embed-preview" src="[^"]*\/embed\/health\?theme=dark&amp;token=e1\./,
    );
    expect(made).toContain("&lt;signalbox-panel panel=&quot;health&quot; theme=&quot;dark&quot;");
    expect((await submit("/settings/embeds", { panel: "model", of: "nobody" })).status).toBe(404);
  });
});
