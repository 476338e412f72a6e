/**
 * The step that both engines share: the load of each server and worker, and since when it is known to have vanished.
 */
export const HOSTS = `
  -- JSON of percents; when others told that it vanished, by the database's clock.
  ALTER TABLE workers ADD COLUMN load TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE workers ADD COLUMN told_at INTEGER;
  `;
