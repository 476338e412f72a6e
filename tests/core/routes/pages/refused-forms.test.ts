/** Checks how forms of pages are refused and answered for htmx, and what an empty comparison offers. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { forPeople } from "../../../../views/layout/problem-words.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const HTMX = {
  "content-type": "application/x-www-form-urlencoded",
  accept: "text/html",
  "hx-request": "true",
  "hx-target": "main#main",
  "hx-current-url": "http://127.0.0.1:8000/settings?x=1#thresholds",
};

function post(path: string, fields: Record<string, string>): Promise<Response> {
  const body = String(new URLSearchParams(fields));
  return harness.ask(path, {
    method: "POST",
    headers: { ...HTMX, "content-length": String(body.length) },
    body,
  });
}

test("a form of the page that it leads to is answered by that page, any other by a redirect", async () => {
  const saved = await post("/settings", { RETENTION_DAYS: "7" });
  expect([saved.status, saved.headers.get("location")]).toEqual([303, "/settings#retention"]);
  const added = await post("/samples/flats", {});
  expect(added.headers.get("hx-redirect")).toStartWith("/datasets/");
});

test("a refusal names the field, in words for people", async () => {
  const refused = await post("/settings", { RETENTION_DAYS: "-3" });
  expect(refused.status).toBe(400);
  const page = await refused.text();
  expect(page).toContain('class="note note-danger" data-field="RETENTION_DAYS"');
  expect(page).toContain("Must be at least 0.01.");
  expect(page).not.toContain("It sets this");
});

test("names of the API become labels of the form", () => {
  expect(
    forPeople({ column: "splitColumn", detail: "split=time needs splitColumn", fix: "See /docs." }),
  ).toEqual({
    field: "splitColumn",
    detail: "“Test set: time” needs “Date or group column”",
    fix: undefined,
  });
  expect(forPeople({ column: "age", detail: "weights: “age” holds no numbers" })).toMatchObject({
    field: "weights",
    detail: "“age” holds no numbers",
  });
  expect(forPeople({ column: "quiet.to", detail: "quiet.to: must be a time" }).field).toBe("until");
  expect(forPeople({ column: "a column", detail: "It is odd" }).field).toBe("");
});

test("a comparison without runs asks a person for them, and tells a script what it lacks", async () => {
  const page = await harness.ask("/compare", { headers: { accept: "text/html" } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("A comparison needs two finished runs.");
  const told = await harness.ask("/compare");
  expect(told.status).toBe(400);
});
