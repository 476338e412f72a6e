/** Checks that a health state is not announced again after a restart. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Alerts } from "../../../core/events/alerts.ts";
import { EventLog } from "../../../core/events/event-log.ts";
import { readConfig } from "../../../core/operations/config.ts";
import { Health } from "../../../core/operations/health.ts";
import { openLogger } from "../../../core/platform/logger.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";

test("a long queue raises one alert over three restarts, and one when it ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-health-"));
  const store = await openSqlite(folder);
  let at = 1_700_000_000_000;
  const log = await EventLog.open(store, () => at);
  // Only the queue can raise an alert: the other limits are out of reach.
  const config = readConfig({
    DATA_DIR: folder,
    METRICS_SECONDS: "3600",
    HEALTH_CPU: "1000,2000",
    HEALTH_MEMORY: "1000,2000",
    HEALTH_DISK: "1000,2000",
    HEALTH_LOOP: "1e9,2e9",
    HEALTH_QUEUE: "10,50",
  });
  const logger = openLogger("silent");
  const alerts = new Alerts({ store, log, logger, now: () => at });
  let queueLength = 60;
  for (let life = 0; life < 3; life++) {
    if (life === 2) queueLength = 0;
    const health = new Health({
      config,
      store,
      log,
      alerts,
      logger: openLogger("silent"),
      now: () => at,
      queueLength: () => queueLength,
      queueWaitSeconds: () => 0,
      host: null,
    });
    await health.start();
    for (let sample = 0; sample < 20; sample++) {
      at += 5000;
      await health.sample();
    }
    health.stop();
  }
  const told = (await log.latest("health.changed", 10)).map(({ data }) => [data.gauge, data.to]);
  expect(told).toEqual([
    ["queue", "healthy"],
    ["queue", "critical"],
  ]);
  const raised = (await log.read(0, 1000, "alert.raised")).map(({ data }) => data);
  expect(raised).toMatchObject([{ code: "health", subject: "queue", severity: "warning" }]);
  expect(await log.read(0, 1000, "alert.resolved")).toHaveLength(1);
  expect(await alerts.active()).toEqual([]);
  // One change, one row: the alert of a gauge makes none of its own.
  expect(await log.activity(Number.MAX_SAFE_INTEGER, 10)).toHaveLength(2);
  await store.close();
  rmSync(folder, { recursive: true });
});
