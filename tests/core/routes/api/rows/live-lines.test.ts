/** Checks that events as NDJSON are what a program that reads lines expects. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

test("as many lines as they are limited to, each of them JSON", async () => {
  for (const name of ["one", "two", "three"]) await harness.upload(`${name}.csv`, `a,y\n1,${name}\n2,no\n`);
  const answer = await harness.ask("/api/events?limit=3", { headers: { accept: "application/x-ndjson" } });
  const lines = (await answer.text()).split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line).seq)).toHaveLength(3);
});
