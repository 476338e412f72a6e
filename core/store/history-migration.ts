/**
 * The step that both engines share: figures over time at decreasing resolution, the total number of predictions, and
 * the share of traffic that another version predicts. In SQLite's dialect; PostgreSQL's migrations translate it.
 */

/** As `POINT_STEPS` had them when this step was released. */
const STEPS = [60_000, 600_000, 3_600_000, 21_600_000];

const fromSamples = STEPS.map(
  (step) => `
  INSERT INTO points (kind, subject, step, at, n, total, low, high)
  SELECT 'gauge', gauge, ${step}, at / ${step} * ${step}, count(*), sum(value), min(value), max(value)
  FROM samples GROUP BY gauge, at / ${step} * ${step};`,
);
const fromMinutes = STEPS.map(
  (step) => `
  INSERT INTO points (kind, subject, step, at, n, total, low, high)
  SELECT 'predictions', name, ${step}, minute * 60000 / ${step} * ${step}, count(*), sum(predictions),
    min(predictions), max(predictions)
  FROM prediction_minutes GROUP BY name, minute * 60000 / ${step} * ${step};`,
);

/** A year of a figure in 183 rows. */
export const HISTORY_OF_A_YEAR = `
  INSERT INTO points (kind, subject, step, at, n, total, low, high)
  SELECT kind, subject, 172800000, at / 172800000 * 172800000, sum(n), sum(total), min(low), max(high)
  FROM points WHERE step = 21600000 GROUP BY kind, subject, at / 172800000 * 172800000
  ON CONFLICT DO NOTHING;
  `;

export const HISTORY = `
  -- What was measured in a span of time, kept for several lengths of span: n measurements with their sum and bounds.
  CREATE TABLE points (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Milliseconds; at: the start of the span.
    step INTEGER NOT NULL,
    at INTEGER NOT NULL,
    n INTEGER NOT NULL,
    total REAL NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    PRIMARY KEY (kind, subject, step, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX points_at ON points (step, at);
  ${fromSamples.join("")}
  ${fromMinutes.join("")}

  -- The minutes are kept for two days.
  CREATE TABLE prediction_totals (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    predictions INTEGER NOT NULL,
    PRIMARY KEY (name, version)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO prediction_totals (name, version, predictions)
  SELECT name, version, CAST(sum(predictions) AS INTEGER) FROM prediction_minutes GROUP BY name, version;

  -- A version that answers a share of what the live one is asked. key_kind: 'column' or 'header', what keeps a client
  -- with one version; NULL: the row itself.
  CREATE TABLE canaries (
    name TEXT PRIMARY KEY REFERENCES models (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    share REAL NOT NULL,
    key_kind TEXT,
    key_name TEXT,
    max_errors REAL NOT NULL,
    max_slowdown REAL NOT NULL,
    started_at INTEGER NOT NULL
  ) STRICT;
  -- What both versions have done since the canary began.
  CREATE TABLE canary_counts (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    predictions INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    -- Without the first of each process, which make the model ready.
    timed_requests INTEGER NOT NULL,
    timed_predictions INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (name, version)
  ) STRICT, WITHOUT ROWID;
  `;
