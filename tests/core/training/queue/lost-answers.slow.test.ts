/** A database that goes away while work is taken from the queue: nothing that was acknowledged fails or waits forever. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StoreUnavailable } from "../../../../core/platform/errors.ts";
import { insertDataset } from "../../../../core/store/datasets.ts";
import { NO_OWNER } from "../../../../core/store/ownership.ts";
import { openHarness, passengersCsv } from "../../../harness/app.ts";

const storage = mkdtempSync(join(tmpdir(), "signalbox-lost-answers-"));
afterAll(() => rmSync(storage, { recursive: true }));

const lost = () => new StoreUnavailable("The database does not respond (ECONNRESET)");

test("a run stays queued while it cannot be prepared, and a claim whose answer is lost is kept", async () => {
  const harness = await openHarness();
  const { log, datasets, runs } = harness.signalbox;
  const { id: datasetId } = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as {
    id: string;
  };
  const failures: string[] = [];
  const fetch = datasets.fetch.bind(datasets);
  datasets.fetch = async (dataset) => {
    if (failures.push("prepare") === 1) throw lost();
    return fetch(dataset);
  };
  const record = log.record.bind(log);
  log.record = async <T>(body: Parameters<typeof record<T>>[0]) => {
    const result = await record(body);
    // The attempt's number: its claim was committed.
    if (result === (1 as T) && !failures.includes("claim")) {
      failures.push("claim");
      throw lost();
    }
    return result;
  };
  const { id } = await runs.train({ datasetId, target: "Survived", budgetRounds: 3 });
  const run = await runs.ended(id);
  expect(run).toMatchObject({ status: "finished", attempt: 1, error: null });
  expect(failures).toEqual(["prepare", "prepare", "claim"]);
  const started = (await harness.eventsSince(0)).filter(({ type }) => type === "run.started");
  expect(started).toHaveLength(1);
  await harness.close();
}, 60_000);

test("a file whose reading was claimed here without an answer is read", async () => {
  const harness = await openHarness({ STORAGE_URL: `file://${storage}` });
  const { store, files, datasets } = harness.signalbox;
  const [id, csv] = ["claimedhere", passengersCsv(50)];
  const key = `datasets/${id}.csv`;
  mkdirSync(dirname(files.pathOf(key)), { recursive: true });
  writeFileSync(files.pathOf(key), csv);
  await files.save({ key });
  const worker = readFileSync(join(harness.folder, "worker-id"), "utf8");
  const sha256 = new Bun.CryptoHasher("sha256").update(csv).digest("hex");
  const about = { name: "crew.csv", sizeBytes: csv.length, sha256, createdAt: Date.now() };
  await insertDataset(store, { id, ...about, ...NO_OWNER, worker });
  for (const end = performance.now() + 30_000; (await datasets.find(id)).status !== "ready"; )
    if (performance.now() > end) throw new Error("the file was not read");
    else await Bun.sleep(50);
  expect(await datasets.find(id)).toMatchObject({ status: "ready" });
  await harness.close();
}, 60_000);
