/**
 * The steps that made the schema, numbered, oldest first; PRAGMA user_version is how many have run. A step that was
 * released is never changed: add one.
 */
import { AUTOMATION, AUTOMATION_HOLDERS } from "../automation-migration.ts";
import { DEPLOY_SCOPE } from "../deploy-scope-migration.ts";
import { HISTORY, HISTORY_OF_A_YEAR } from "../history-migration.ts";
import { HOSTS } from "../hosts-migration.ts";
import { OWNERSHIP, SIGN_INS } from "../teams-migration.ts";

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- What was changed while the process ran; value: as the environment would give it.
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- The log. AUTOINCREMENT: a seq never comes back, not even after retention has emptied the table.
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    activity INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_activity ON events (seq) WHERE activity = 1;
  CREATE INDEX events_type ON events (type, seq) WHERE activity = 1;
  CREATE INDEX events_at ON events (at);

  CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX datasets_created ON datasets (created_at);
  CREATE TABLE dataset_versions (
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    choices TEXT NOT NULL,
    profile TEXT NOT NULL,
    -- Of the profile, which is long: what lists show.
    rows INTEGER NOT NULL,
    columns INTEGER NOT NULL,
    target TEXT,
    task TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, version)
  ) STRICT;

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL,
    dataset_version INTEGER NOT NULL,
    dataset_name TEXT NOT NULL,
    model_name TEXT NOT NULL,
    model_version INTEGER,
    options TEXT NOT NULL,
    status TEXT NOT NULL,
    result TEXT,
    error TEXT,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
  ) STRICT;
  CREATE INDEX runs_status ON runs (status, number);
  CREATE INDEX runs_dataset ON runs (dataset_id, number);
  CREATE TABLE run_stages (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL,
    note TEXT NOT NULL,
    started_at INTEGER,
    duration_ms INTEGER,
    findings TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE run_candidates (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    candidate TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE run_rounds (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    candidate TEXT NOT NULL,
    round INTEGER NOT NULL,
    train REAL NOT NULL,
    valid REAL NOT NULL,
    baseline REAL NOT NULL,
    metric TEXT NOT NULL,
    PRIMARY KEY (run_id, candidate, round)
  ) STRICT, WITHOUT ROWID;

  -- A run's own record, to be replayed long after retention has dropped its events from the log.
  CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
  ) STRICT, WITHOUT ROWID;

  -- One row for each kind and subject, kept after its end: when it was last told bounds how soon it is told again.
  CREATE TABLE alerts (
    id TEXT NOT NULL,
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL,
    sentence TEXT NOT NULL,
    action TEXT NOT NULL,
    cause TEXT,
    raised_at INTEGER NOT NULL,
    is_told INTEGER NOT NULL,
    told_at INTEGER,
    ended_at INTEGER,
    dismissed_at INTEGER,
    PRIMARY KEY (code, subject)
  ) STRICT, WITHOUT ROWID;

  -- cursor: every event up to it was delivered, or was not wanted.
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    secret TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    given_up INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;

  -- Only hashes: whoever reads the file cannot sign in with it.
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER
  ) STRICT;
  -- A browser that signed in with a token; it ends with that token.
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_token ON sessions (token_hash);
  -- Who changed what, beside the log: never pushed.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    made TEXT,
    status INTEGER NOT NULL,
    request_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_at ON audit (at);

  -- Answers to requests with an Idempotency-Key; body NULL: done, but not told again.
  CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX answers_at ON answers (at);

  CREATE TABLE models (
    name TEXT PRIMARY KEY,
    live_version INTEGER,
    challenger_version INTEGER,
    next_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE model_versions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    result TEXT NOT NULL,
    evaluation TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name, version)
  ) STRICT;
  CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX deployments_name ON deployments (name, id);

  CREATE TABLE prediction_minutes (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    predictions INTEGER NOT NULL,
    PRIMARY KEY (name, version, minute)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX prediction_minutes_minute ON prediction_minutes (minute);

  -- What was asked and answered, in the order of arrival; ids sort alike.
  CREATE TABLE predictions (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version_id INTEGER NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    cells TEXT NOT NULL,
    answer TEXT NOT NULL
  ) STRICT;
  CREATE INDEX predictions_version ON predictions (version_id);
  -- The outcome with the prediction: live metrics outlive the prediction log.
  CREATE TABLE outcomes (
    prediction_id TEXT PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    answer TEXT NOT NULL,
    actual TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outcomes_version ON outcomes (version_id, prediction_id);
  -- What the challenger would have answered.
  CREATE TABLE challenger_answers (
    prediction_id TEXT PRIMARY KEY,
    version_id INTEGER NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    answer TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX challenger_answers_version ON challenger_answers (version_id);
  -- How many rows of a day fell into each bin of the training data.
  CREATE TABLE drift_days (
    version_id INTEGER NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (version_id, day)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE samples (
    gauge TEXT NOT NULL,
    at INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (gauge, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX samples_at ON samples (at);
  `,
  `
  -- How far a run is as a whole, and what it will still take.
  ALTER TABLE runs ADD COLUMN forecast TEXT;
  -- From which probability a version says yes, where somebody set it; NULL: as it was trained.
  ALTER TABLE model_versions ADD COLUMN threshold REAL;
  `,
  `
  -- The threshold before the last change, for undoing it; NULL: as it was trained.
  ALTER TABLE model_versions ADD COLUMN previous_threshold REAL;
  `,
  `
  -- Order: tags (each on a line of its own, a line break before the first too), a note, a name for a run, and what is archived. deletion: the deletion that hides
  -- it until it is erased or that is undone; NULL: it is shown.
  ALTER TABLE datasets ADD COLUMN tags TEXT NOT NULL DEFAULT '';
  ALTER TABLE datasets ADD COLUMN note TEXT NOT NULL DEFAULT '';
  ALTER TABLE datasets ADD COLUMN archived_at INTEGER;
  ALTER TABLE datasets ADD COLUMN deletion TEXT;
  ALTER TABLE runs ADD COLUMN name TEXT;
  ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN archived_at INTEGER;
  ALTER TABLE runs ADD COLUMN deletion TEXT;
  ALTER TABLE models ADD COLUMN tags TEXT NOT NULL DEFAULT '';
  ALTER TABLE models ADD COLUMN note TEXT NOT NULL DEFAULT '';
  ALTER TABLE models ADD COLUMN archived_at INTEGER;
  ALTER TABLE models ADD COLUMN deletion TEXT;
  ALTER TABLE model_versions ADD COLUMN deletion TEXT;
  -- What it learned from, kept when its run is deleted.
  ALTER TABLE model_versions ADD COLUMN dataset_id TEXT;
  UPDATE model_versions SET dataset_id = (SELECT dataset_id FROM runs WHERE runs.id = model_versions.run_id);
  CREATE INDEX model_versions_dataset ON model_versions (dataset_id);
  -- Names of columns, one a line: what lists are searched by.
  ALTER TABLE dataset_versions ADD COLUMN column_names TEXT NOT NULL DEFAULT '';
  UPDATE dataset_versions SET column_names = coalesce(
    (SELECT group_concat(json_extract(value, '$.name'), char(10)) FROM json_each(profile, '$.columns')), '');
  ALTER TABLE model_versions ADD COLUMN column_names TEXT NOT NULL DEFAULT '';
  UPDATE model_versions SET column_names = coalesce(
    (SELECT group_concat(json_extract(value, '$.name'), char(10)) FROM json_each(result, '$.schema.features')), '');
  -- What is hidden and can be brought back until then. version 0: all of them.
  CREATE TABLE deletions (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (id, kind, subject, version)
  ) STRICT;
  CREATE TABLE saved_filters (
    id TEXT PRIMARY KEY,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (list, name)
  ) STRICT;
  -- Under which name a renamed model is found.
  CREATE TABLE renamed_models (old_name TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
  `,
  `
  -- The order in which they came, which lists go by.
  ALTER TABLE datasets ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
  UPDATE datasets SET position = rowid;
  CREATE UNIQUE INDEX datasets_position ON datasets (position);
  ALTER TABLE models ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
  UPDATE models SET position = rowid;
  CREATE UNIQUE INDEX models_position ON models (position);
  -- The last number that the log gave out, by the name that it has on every engine.
  CREATE VIEW log_head AS SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS seq;
  `,
  `
  -- Whether the version that answered learned from that row: such an answer is never measured.
  ALTER TABLE outcomes ADD COLUMN learned INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE challenger_answers ADD COLUMN learned INTEGER NOT NULL DEFAULT 0;
  `,
  AUTOMATION,
  `
  -- Milliseconds by the database's own clock, which all that use it share.
  CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS at;
  -- Whoever trains, and when it was last alive by that clock.
  CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Who has the run, how often it was taken, and how many batches of reports were written under that number: one that
  -- comes again, or from an earlier holder, does not count.
  ALTER TABLE runs ADD COLUMN worker TEXT;
  ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;
  -- Who reads the file.
  ALTER TABLE datasets ADD COLUMN worker TEXT;
  -- Files that were refused lately, and why.
  CREATE TABLE rejections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    error TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Which server delivers, and until when that holds by the database's clock.
  ALTER TABLE webhooks ADD COLUMN worker TEXT;
  ALTER TABLE webhooks ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
  `,
  AUTOMATION_HOLDERS,
  HOSTS,
  DEPLOY_SCOPE,
  SIGN_INS,
  OWNERSHIP,
  HISTORY,
  HISTORY_OF_A_YEAR,
];
