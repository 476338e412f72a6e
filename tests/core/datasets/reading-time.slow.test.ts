/** Checks that a reading ends at its time limit, whatever the file does to the reader. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  // Less than any child process needs to start.
  harness = await openHarness({ READ_SECONDS: "0.01" });
});
afterAll(() => harness.close());

test("a reading that takes too long is ended, with the setting that allows more", async () => {
  const answer = await harness.upload("slow.csv", passengersCsv(50));
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({
    detail: "Reading the file took longer than 10 ms and was ended",
    fix: expect.stringContaining("READ_SECONDS"),
  });
  const { items } = await harness.json<{ items: unknown[] }>("/api/datasets");
  expect(items).toEqual([]);
});
