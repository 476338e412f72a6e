/** What CONTRIBUTING.md says under "How to add": one entry in one record is found everywhere. */
import { expect, test } from "bun:test";
import { join } from "node:path";

test("an entry planted into each record reaches forms, pages, help, docs, the API and checks", async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "records-probe.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = JSON.parse((await child.stdout.text()).trim().split("\n").at(-1)!) as Record<
    string,
    Record<string, boolean>
  >;
  const missed = Object.entries(found).flatMap(([record, places]) =>
    Object.entries(places).flatMap(([place, isThere]) => (isThere ? [] : [`${record}: ${place}`])),
  );
  expect(missed).toEqual([]);
  expect(Object.keys(found)).toEqual(["metric", "stage", "gauge", "event", "alert", "setting"]);
});
