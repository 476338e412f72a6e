/**
 * Every table that is copied when the data moves to another database, parents before their children, with the columns
 * that order its rows. Tables of the engine (log_head, schema_version) and of running processes (workers) are left out.
 */

export interface CopiedTable {
  name: string;
  /** The primary key: rows are copied in its order. */
  key: readonly string[];
  /** For long rows, fewer are in memory at once. */
  rowsAtOnce: number;
}

const SHORT = 500;
const LONG = 20;

const table = (name: string, key: readonly string[], rowsAtOnce = SHORT): CopiedTable => ({
  name,
  key,
  rowsAtOnce,
});

export const COPIED_TABLES: readonly CopiedTable[] = [
  table("settings", ["name"]),
  table("events", ["seq"]),
  table("datasets", ["id"]),
  table("dataset_versions", ["dataset_id", "version"], LONG),
  table("rejections", ["id"]),
  table("runs", ["id"], LONG),
  table("run_stages", ["run_id", "position"]),
  table("run_candidates", ["run_id", "name"]),
  table("run_rounds", ["run_id", "candidate", "round"]),
  table("run_events", ["run_id", "seq"]),
  table("alerts", ["code", "subject"]),
  table("webhooks", ["id"]),
  table("tokens", ["id"]),
  table("sessions", ["hash"]),
  table("sign_ins", ["hash"]),
  table("private_subjects", ["kind", "subject"]),
  table("audit", ["id"]),
  table("answers", ["key"], LONG),
  table("models", ["name"]),
  table("model_versions", ["id"], LONG),
  table("deployments", ["id"]),
  table("renamed_models", ["old_name"]),
  table("prediction_minutes", ["name", "version", "minute"]),
  table("predictions", ["position"]),
  table("outcomes", ["prediction_id"]),
  table("challenger_answers", ["prediction_id"]),
  table("drift_days", ["version_id", "day"]),
  table("samples", ["gauge", "at"]),
  table("points", ["kind", "subject", "step", "at"]),
  table("prediction_totals", ["name", "version"]),
  table("canaries", ["name"]),
  table("canary_counts", ["name", "version"]),
  table("deletions", ["id", "kind", "subject", "version"]),
  table("saved_filters", ["id"]),
  table("sources", ["id"]),
  table("schedules", ["id"]),
  table("schedule_runs", ["id"]),
  table("alert_routes", ["id"]),
];

/** A server that was only started has rows in these: they are not data that a move could destroy. */
export const NO_DATA: ReadonlySet<string> = new Set(["events", "alerts", "audit", "samples", "points"]);

/** Columns that the engine counts up: a number that was used once is never reused. */
export const COUNTED = {
  events: "seq",
  audit: "id",
  model_versions: "id",
  deployments: "id",
  predictions: "position",
} as const;
export type Counted = keyof typeof COUNTED;
export type LastNumbers = Record<Counted, number>;
