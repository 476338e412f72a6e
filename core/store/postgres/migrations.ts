/**
 * The steps that made the schema, as in `sqlite/migrations.ts`: the same tables and columns. Numbered steps, oldest
 * first. A step that was released is never changed: add one, and to SQLite's too.
 */
import { AUTOMATION, AUTOMATION_HOLDERS } from "../automation-migration.ts";
import { DEPLOY_SCOPE } from "../deploy-scope-migration.ts";
import { HISTORY, HISTORY_OF_A_YEAR } from "../history-migration.ts";
import { HOSTS } from "../hosts-migration.ts";
import { OWNERSHIP, SIGN_INS } from "../teams-migration.ts";

const STEPS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

  -- What was changed while the process ran; value: as the environment would give it.
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

  -- One row: the last number that the log gave out. Whoever changes state holds it until the commit, so that numbers
  -- are committed in their order and none is left out.
  CREATE TABLE log_head (seq BIGINT NOT NULL);
  INSERT INTO log_head VALUES (0);

  CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    activity BIGINT NOT NULL
  );
  CREATE INDEX events_activity ON events (seq) WHERE activity = 1;
  CREATE INDEX events_type ON events (type, seq) WHERE activity = 1;
  CREATE INDEX events_at ON events (at);
  CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $body$
  BEGIN
    IF NEW.seq IS NULL THEN
      UPDATE log_head SET seq = seq + 1 RETURNING seq INTO NEW.seq;
    END IF;
    RETURN NEW;
  END $body$;
  CREATE TRIGGER number_event BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION number_event();

  CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    size_bytes BIGINT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL
  );
  CREATE INDEX datasets_created ON datasets (created_at);
  CREATE TABLE dataset_versions (
    dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    choices TEXT NOT NULL,
    profile TEXT NOT NULL,
    -- Of the profile, which is long: what lists show.
    rows BIGINT NOT NULL,
    columns BIGINT NOT NULL,
    target TEXT,
    task TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, version)
  );

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL,
    dataset_version BIGINT NOT NULL,
    dataset_name TEXT NOT NULL,
    model_name TEXT NOT NULL,
    model_version BIGINT,
    options JSON NOT NULL,
    status TEXT NOT NULL,
    result JSON,
    error TEXT,
    forecast TEXT,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
  );
  CREATE INDEX runs_status ON runs (status, number);
  CREATE INDEX runs_dataset ON runs (dataset_id, number);
  CREATE TABLE run_stages (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    progress DOUBLE PRECISION NOT NULL,
    note TEXT NOT NULL,
    started_at BIGINT,
    duration_ms BIGINT,
    findings TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
  );
  CREATE TABLE run_candidates (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    candidate TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
  );
  CREATE TABLE run_rounds (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    candidate TEXT NOT NULL,
    round BIGINT NOT NULL,
    train DOUBLE PRECISION NOT NULL,
    valid DOUBLE PRECISION NOT NULL,
    baseline DOUBLE PRECISION NOT NULL,
    metric TEXT NOT NULL,
    PRIMARY KEY (run_id, candidate, round)
  );

  -- A run's own record, to be replayed long after retention has dropped its events from the log.
  CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    data JSON NOT NULL,
    PRIMARY KEY (run_id, seq)
  );

  -- One row for each kind and subject, kept after its end: when it was last told bounds how soon it is told again.
  CREATE TABLE alerts (
    id TEXT NOT NULL,
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL,
    sentence TEXT NOT NULL,
    action TEXT NOT NULL,
    cause TEXT,
    raised_at BIGINT NOT NULL,
    is_told BIGINT NOT NULL,
    told_at BIGINT,
    ended_at BIGINT,
    dismissed_at BIGINT,
    PRIMARY KEY (code, subject)
  );

  -- cursor: every event up to it was delivered, or was not wanted.
  CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    secret TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    given_up BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL
  );

  -- Only hashes: whoever reads the file cannot sign in with it.
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT
  );
  -- A browser that signed in with a token; it ends with that token.
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
  );
  CREATE INDEX sessions_token ON sessions (token_hash);
  -- Who changed what, beside the log: never pushed.
  CREATE TABLE audit (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    made TEXT,
    status BIGINT NOT NULL,
    request_id TEXT NOT NULL
  );
  CREATE INDEX audit_at ON audit (at);

  -- Answers to requests with an Idempotency-Key; body NULL: done, but not told again.
  CREATE TABLE answers (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT,
    at BIGINT NOT NULL
  );
  CREATE INDEX answers_at ON answers (at);

  CREATE TABLE models (
    name TEXT PRIMARY KEY,
    position BIGINT NOT NULL UNIQUE,
    live_version BIGINT,
    challenger_version BIGINT,
    next_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
  );
  CREATE TABLE model_versions (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    run_id TEXT NOT NULL,
    result JSON NOT NULL,
    evaluation TEXT NOT NULL,
    threshold DOUBLE PRECISION,
    previous_threshold DOUBLE PRECISION,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (name, version)
  );
  CREATE TABLE deployments (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL
  );
  CREATE INDEX deployments_name ON deployments (name, id);

  CREATE TABLE prediction_minutes (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    predictions BIGINT NOT NULL,
    PRIMARY KEY (name, version, minute)
  );
  CREATE INDEX prediction_minutes_minute ON prediction_minutes (minute);

  -- What was asked and answered, in the order of arrival; ids sort alike.
  CREATE TABLE predictions (
    position BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    cells TEXT NOT NULL,
    answer TEXT NOT NULL
  );
  CREATE INDEX predictions_version ON predictions (version_id);
  -- The outcome with the prediction: live metrics outlive the prediction log.
  CREATE TABLE outcomes (
    prediction_id TEXT PRIMARY KEY,
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    answer TEXT NOT NULL,
    actual TEXT NOT NULL,
    at BIGINT NOT NULL
  );
  CREATE INDEX outcomes_version ON outcomes (version_id, prediction_id);
  -- What the challenger would have answered.
  CREATE TABLE challenger_answers (
    prediction_id TEXT PRIMARY KEY,
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    answer TEXT NOT NULL
  );
  CREATE INDEX challenger_answers_version ON challenger_answers (version_id);
  -- How many rows of a day fell into each bin of the training data.
  CREATE TABLE drift_days (
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (version_id, day)
  );

  CREATE TABLE samples (
    gauge TEXT NOT NULL,
    at BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (gauge, at)
  );
  CREATE INDEX samples_at ON samples (at);
  `,
  `
  -- Order: tags (each on a line of its own, a line break before the first too), a note, a name for a run, and what is
  -- archived. deletion: the deletion that hides it until it is erased or that is undone; NULL: it is shown.
  ALTER TABLE datasets ADD COLUMN tags TEXT NOT NULL DEFAULT '', ADD COLUMN note TEXT NOT NULL DEFAULT '',
    ADD COLUMN archived_at BIGINT, ADD COLUMN deletion TEXT;
  ALTER TABLE runs ADD COLUMN name TEXT, ADD COLUMN tags TEXT NOT NULL DEFAULT '',
    ADD COLUMN note TEXT NOT NULL DEFAULT '', ADD COLUMN archived_at BIGINT, ADD COLUMN deletion TEXT;
  ALTER TABLE models ADD COLUMN tags TEXT NOT NULL DEFAULT '', ADD COLUMN note TEXT NOT NULL DEFAULT '',
    ADD COLUMN archived_at BIGINT, ADD COLUMN deletion TEXT;
  -- dataset_id: what it learned from, kept when its run is deleted. column_names: one a line, what lists are searched by.
  ALTER TABLE model_versions ADD COLUMN deletion TEXT, ADD COLUMN dataset_id TEXT,
    ADD COLUMN column_names TEXT NOT NULL DEFAULT '';
  CREATE INDEX model_versions_dataset ON model_versions (dataset_id);
  ALTER TABLE dataset_versions ADD COLUMN column_names TEXT NOT NULL DEFAULT '';
  -- What is hidden and can be brought back until then. version 0: all of them.
  CREATE TABLE deletions (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    version BIGINT NOT NULL,
    label TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (id, kind, subject, version)
  );
  CREATE TABLE saved_filters (
    id TEXT PRIMARY KEY,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (list, name)
  );
  -- Under which name a renamed model is found.
  CREATE TABLE renamed_models (old_name TEXT PRIMARY KEY, name TEXT NOT NULL);
  `,
  `
  -- Whether the version that answered learned from that row: such an answer is never measured.
  ALTER TABLE outcomes ADD COLUMN learned BIGINT NOT NULL DEFAULT 0;
  ALTER TABLE challenger_answers ADD COLUMN learned BIGINT NOT NULL DEFAULT 0;
  `,
  AUTOMATION.replaceAll(" STRICT;", ";").replaceAll("INTEGER", "BIGINT"),
  `
  -- Milliseconds by the database's own clock, which all that use it share.
  CREATE VIEW clock AS SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS at;
  -- Whoever trains, and when it was last alive by that clock.
  CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    beat_at BIGINT NOT NULL
  );
  -- Who has the run, how often it was taken, and how many batches of reports were written under that number: one that
  -- comes again, or from an earlier holder, does not count.
  ALTER TABLE runs ADD COLUMN worker TEXT, ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN reports BIGINT NOT NULL DEFAULT 0;
  -- Who reads the file.
  ALTER TABLE datasets ADD COLUMN worker TEXT;
  -- Files that were refused lately, and why.
  CREATE TABLE rejections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    error TEXT NOT NULL
  );
  -- Which server delivers, and until when that holds by the database's clock.
  ALTER TABLE webhooks ADD COLUMN worker TEXT, ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;
  `,
  AUTOMATION_HOLDERS.replaceAll("INTEGER", "BIGINT"),
  HOSTS.replaceAll("INTEGER", "BIGINT"),
  DEPLOY_SCOPE,
  SIGN_INS.replaceAll(" STRICT;", ";").replaceAll("INTEGER", "BIGINT"),
  OWNERSHIP.replaceAll(" STRICT;", ";"),
  HISTORY.replace(/ STRICT(?:, WITHOUT ROWID)?;/g, ";")
    .replaceAll("INTEGER", "BIGINT")
    .replaceAll("REAL", "DOUBLE PRECISION"),
  HISTORY_OF_A_YEAR,
];

/** Text is compared by its bytes, as in SQLite, whatever the database's own order is: IDs are read in that order. */
export const MIGRATIONS: readonly string[] = STEPS.map((step) =>
  step.replace(/\bTEXT\b/g, 'TEXT COLLATE "C"'),
);
