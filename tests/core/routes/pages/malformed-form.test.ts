/** A form's fields are percent-encoded as an address is: what cannot be decoded is refused, in every form. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

test.each(["name=%", "%E0%A4%A=1", "a=b&c=%ff"])("%s is refused", async (body) => {
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": "9" };
  for (const path of ["/settings", "/sources", "/schedules", "/settings/embeds", "/settings/webhooks"]) {
    const answer = await harness.ask(path, { method: "POST", headers, body });
    expect([path, answer.status]).toEqual([path, 400]);
  }
});

test("fields keep their order, their plus signs and their repetitions", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": "40" };
  const body = "name=two+words%2B&scopes=read&scopes=predict";
  const answer = await harness.ask("/settings/tokens", { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  const { items } = await harness.json<{ items: { name: string; scopes: string[] }[] }>("/api/tokens");
  expect(items).toMatchObject([{ name: "two words+", scopes: ["read", "predict"] }]);
});
