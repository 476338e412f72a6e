/** Shared files that no row names go: copies at once, objects after a day, and of several hosts one sweeps. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAY_MS } from "../../../core/platform/figures.ts";
import { sweepStorage, tidyCopies } from "../../../core/process/upkeep.ts";
import type { SharedStorage } from "../../../core/store/files/shared-storage.ts";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

const shared = mkdtempSync(join(tmpdir(), "signalbox-shared-"));
let harness: Harness;
let now = Date.now();
beforeAll(async () => {
  harness = await openHarness({ STORAGE_URL: `file://${shared}` }, () => now);
});
afterAll(async () => {
  await harness.close();
  rmSync(shared, { recursive: true });
});

const inBucket = () =>
  existsSync(join(shared, "datasets")) ? readdirSync(join(shared, "datasets")).sort() : [];

test("named files stay, unnamed ones are removed after a day, and copies are fetched again", async () => {
  const { store, files, logger } = harness.signalbox;
  const options = { store, files: files as SharedStorage, logger, now: () => now };
  const { id } = (await (await harness.upload("crew.csv", passengersCsv(60))).json()) as { id: string };
  for (const name of ["young.csv", "old.csv"]) writeFileSync(join(shared, "datasets", name), "lost");
  const long = (now - 2 * DAY_MS) / 1000;
  for (const name of ["old.csv", `${id}.csv`]) utimesSync(join(shared, "datasets", name), long, long);
  const copy = join(harness.folder, "datasets", "nobody.csv");
  writeFileSync(copy, "a copy of what was deleted elsewhere");
  await tidyCopies(options);
  expect(existsSync(copy)).toBe(false);
  expect(existsSync(join(harness.folder, "datasets", `${id}.csv`))).toBe(true);
  expect(await sweepStorage(options)).toBe(1);
  expect(inBucket()).toEqual([`${id}.csv`, "young.csv"].sort());
  // Another host within the hour finds it done.
  expect(await sweepStorage(options)).toBe(0);
  await (files as SharedStorage).drop(`datasets/${id}.csv`);
  expect((await harness.json<{ items: unknown[] }>(`/api/datasets/${id}/rows?limit=3`)).items).toHaveLength(
    3,
  );
  now += 2 * DAY_MS;
  await sweepStorage(options);
  expect(inBucket()).toEqual([`${id}.csv`]);
});

test("a model that is trained here is stored, and removed from the storage when it is erased", async () => {
  const { signalbox } = harness;
  const { id } = (await (await harness.upload("two.csv", passengersCsv(120, 5))).json()) as { id: string };
  const trained = await harness.send("POST", "/api/train?wait=1", {
    datasetId: id,
    name: "two",
    budgetRounds: 3,
  });
  expect(await trained.json()).toMatchObject({ status: "finished", version: 1 });
  // The model, and its predictions by row.
  expect(readdirSync(join(shared, "models"))).toHaveLength(2);
  now += 2 * DAY_MS;
  await sweepStorage({ ...signalbox, files: signalbox.files as SharedStorage, now: () => now });
  expect(readdirSync(join(shared, "models"))).toHaveLength(2);
  rmSync(join(harness.folder, "models"), { recursive: true });
  expect((await harness.send("POST", "/api/models/two/predict?version=1", { Class: 1 })).status).toBe(200);
  await signalbox.models.erase("two", 1);
  expect(readdirSync(join(shared, "models"))).toEqual([]);
  expect(
    existsSync(join(shared, "runs")) ? readdirSync(join(shared, "runs"), { recursive: true }) : [],
  ).not.toContain("candidates.json");
}, 60_000);
