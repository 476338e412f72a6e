/**
 * The steps that made the tables of sources, schedules and alert routes, in SQLite's words; PostgreSQL's migrations turn
 * them into its own.
 */
export const AUTOMATION = `
  -- A version names its file: '' is the dataset's first, another the id of a file that came later; NULL: it was removed.
  ALTER TABLE dataset_versions ADD COLUMN file TEXT;
  ALTER TABLE dataset_versions ADD COLUMN sha256 TEXT;
  ALTER TABLE dataset_versions ADD COLUMN size_bytes INTEGER;
  -- How the file differs from that of the version before; NULL: it is the same file.
  ALTER TABLE dataset_versions ADD COLUMN changes TEXT;
  UPDATE dataset_versions SET file = '',
    sha256 = (SELECT d.sha256 FROM datasets d WHERE d.id = dataset_versions.dataset_id),
    size_bytes = (SELECT d.size_bytes FROM datasets d WHERE d.id = dataset_versions.dataset_id);

  -- Where a dataset comes from. place: sealed, credentials and all; shown: what of it everybody may see.
  CREATE TABLE sources (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    shown TEXT NOT NULL,
    dataset_id TEXT,
    validators TEXT,
    -- Somebody refreshes it until then at the latest.
    busy_until INTEGER,
    tried_at INTEGER,
    refreshed_at INTEGER,
    last_error TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sources_created ON sources (created_at, id);

  -- What is refreshed, trained or scored, and when. spec: as it was asked for; place: sealed, where results go.
  CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    place TEXT,
    is_enabled INTEGER NOT NULL,
    next_at INTEGER,
    -- What made it run last, where that is not the clock.
    seen TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX schedules_next ON schedules (next_at);
  -- One row for each due time that a host has claimed. held_until: that host is taken for dead after it.
  CREATE TABLE schedule_runs (
    id TEXT PRIMARY KEY,
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    due_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    status TEXT NOT NULL,
    run_id TEXT,
    sentence TEXT,
    result TEXT,
    held_until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX schedule_runs_schedule ON schedule_runs (schedule_id, started_at);
  CREATE INDEX schedule_runs_status ON schedule_runs (status, held_until);

  -- Where alerts go. spec: which of them and when; target: sealed, the address; shown: what of it may be seen.
  CREATE TABLE alert_routes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    target TEXT NOT NULL,
    shown TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    given_up INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    digest_at INTEGER,
    figures TEXT,
    figures_at INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT;
  `;

/** Which server has what: with several on one database each thing is done by one of them. */
export const AUTOMATION_HOLDERS = `
  -- Who refreshes the source.
  ALTER TABLE sources ADD COLUMN worker TEXT;
  -- Which server delivers, and until when that holds by the database's clock.
  ALTER TABLE alert_routes ADD COLUMN worker TEXT;
  ALTER TABLE alert_routes ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
  -- Errors that quiet hours do not hold back have a cursor of their own.
  ALTER TABLE alert_routes ADD COLUMN urgent_cursor INTEGER NOT NULL DEFAULT 0;
  UPDATE alert_routes SET urgent_cursor = cursor;
  -- How often the run was begun, and 1 once its result may have reached where it goes.
  ALTER TABLE schedule_runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE schedule_runs ADD COLUMN is_sending INTEGER NOT NULL DEFAULT 0;
  UPDATE events SET type = 'schedule.ran' WHERE type = 'schedule.finished';
  `;
