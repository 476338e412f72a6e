/** Nothing that could be private is forgotten: every event names what it is about, and every table is filtered or known to hold nothing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { EVENT_NAMES, EVENTS } from "../../../core/events/events.ts";
import { scopedSql } from "../../../core/store/scoped-store.ts";
import { type Harness, openHarness } from "../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

/** Fields by which an event's privacy is decided. */
const SUBJECTS = ["runId", "model", "datasetId", "scheduleId", "sourceId", "code"];
/** About the machine, its settings and who has access. */
const ABOUT_NOTHING = new Set([
  ...["token.revoked", "session.ended", "settings.changed", "health.changed", "metrics.sampled"],
  ...["host.joined", "host.left"],
]);

test("every event names a dataset, run, model, source, schedule or alert, or tells of none", () => {
  const nameless = EVENT_NAMES.filter((type) => {
    const fields = Object.keys(EVENTS[type].data().shape);
    return !ABOUT_NOTHING.has(type) && !fields.some((field) => SUBJECTS.includes(field));
  });
  expect(nameless).toEqual([]);
});

/** Read by an id that was found in a table which is filtered, or only by the server itself, or about nothing of anybody. */
const KNOWN = new Set([
  ...["run_stages", "run_candidates", "run_rounds", "run_events", "predictions", "outcomes", "drift_days"],
  ...[
    "challenger_answers",
    "renamed_models",
    "schedules",
    "schedule_runs",
    "saved_filters",
    "private_subjects",
  ],
  ...[
    "meta",
    "settings",
    "events",
    "webhooks",
    "tokens",
    "sessions",
    "sign_ins",
    "audit",
    "answers",
    "samples",
  ],
  ...["workers", "alert_routes", "sqlite_sequence", "schema_version", "log_head"],
]);

test("every table is read through the viewer's filter, or is known here", async () => {
  const { store } = harness.signalbox;
  const tables = await store.all<{ name: string }>(
    store.isShared
      ? "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
      : "SELECT name FROM sqlite_master WHERE type = 'table'",
  );
  const isOpen = (name: string) => scopedSql(`SELECT * FROM ${name}`) === `SELECT * FROM ${name}`;
  expect(tables.map(({ name }) => name).filter((name) => isOpen(name) && !KNOWN.has(name))).toEqual([]);
});

test.each([
  [
    "SELECT id FROM runs WHERE id = $id",
    /FROM \(SELECT t\.\* FROM runs t WHERE .*\) AS runs WHERE id = \$id$/,
  ],
  [
    "SELECT d.id FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id",
    /AS d LEFT JOIN \(.*\) AS v ON/,
  ],
  ["SELECT 1 FROM models m JOIN model_versions AS v ON v.name = m.name", /\) AS m JOIN \(.*\) AS v ON/],
  [
    "SELECT (SELECT count(*) FROM model_versions WHERE name = m.name) FROM models m",
    /AS model_versions WHERE .* AS m$/,
  ],
  ["SELECT value FROM meta WHERE key = $key", /^SELECT value FROM meta WHERE key = \$key$/],
])("%s is read as a viewer may", (sql, expected) => {
  expect(scopedSql(sql).replace(/\s+/g, " ")).toMatch(expected);
});
