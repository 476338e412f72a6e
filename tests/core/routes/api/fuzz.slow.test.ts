/** Checks that every response to a generated request is one that the OpenAPI document names, and none a 500. */
import { expect, test } from "bun:test";
import { fuzz } from "./fuzz.ts";

test("500 generated requests", async () => {
  const statuses = await fuzz(500);
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBe(500);
  // Wrong and right ones were among them.
  for (const status of [200, 404, 422]) expect(statuses.get(status) ?? 0).toBeGreaterThan(5);
}, 60_000);
