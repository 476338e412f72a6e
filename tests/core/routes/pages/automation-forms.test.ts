/** The forms of sources and schedules: a refusal is shown at its field, typed values stay, and no secret comes back. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ SOURCE_HOSTS: "127.0.0.1" });
});
afterAll(() => harness.close());

async function submit(path: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.toString().length),
    accept: "text/html",
  };
  const answer = await harness.ask(path, {
    method: "POST",
    headers,
    body: body.toString(),
    redirect: "manual",
  });
  return { status: answer.status, go: answer.headers.get("location"), html: await answer.text() };
}

test("a refused source keeps what was typed, but no secret, and says why at the field", async () => {
  const typed = { name: "sales", url: "postgres://reader@127.0.0.1:1/shop", password: "sown-secret" };
  const { status, html } = await submit("/sources", { ...typed, rowLimit: "7" });
  expect(status).toBe(422);
  expect(html).toContain('id="source-new-query-error"');
  expect(html).toMatch(/A database needs a query\./);
  expect(html).toMatch(/name="url"[^>]*value="postgres:\/\/reader@127\.0\.0\.1:1\/shop"/);
  expect(html).toMatch(/name="rowLimit"[^>]*value="7"/);
  expect(html).not.toContain("sown-secret");
  expect((await harness.json<{ items: unknown[] }>("/api/sources")).items).toEqual([]);
});

test("a source whose first refresh fails is added once, and says why", async () => {
  const { status, go } = await submit("/sources", { name: "gone", url: "http://127.0.0.1:1/x.csv" });
  expect([status, go]).toEqual([303, expect.stringMatching(/\/sources#\w+$/)]);
  const page = await harness.ask("/sources", { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("127.0.0.1:1 cannot be reached (ECONNREFUSED). Check that it is up");
});

test("a refused schedule keeps what was typed and says why at the field", async () => {
  const { status, html } = await submit("/schedules", {
    ...{ name: "nightly", action: "refresh", when: "cron", cron: "61 * * * *", timeZone: "Europe/Berlin" },
  });
  expect(status).toBe(422);
  expect(html).toContain('id="schedule-cron-error"');
  expect(html).toMatch(/name="cron"[^>]*value="61 \* \* \* \*"/);
  expect(html).toMatch(/name="timeZone"[^>]*value="Europe\/Berlin"/);
});
