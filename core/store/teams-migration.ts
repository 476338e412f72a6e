/**
 * The steps that made sign-in by providers and ownership, in SQLite's words; PostgreSQL's migrations turn them into its
 * own.
 */
export const SIGN_INS = `
  -- A browser whose person an OpenID Connect provider identified.
  CREATE TABLE sign_ins (
    hash TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    sid TEXT,
    name TEXT NOT NULL,
    member_of TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sign_ins_person ON sign_ins (issuer, subject);
  `;

export const OWNERSHIP = `
  -- Who made it: as identities are named inside, and as people read it; '': nobody is known.
  -- visibility: private or team where it was set; NULL: as the dataset has it.
  ALTER TABLE datasets ADD COLUMN owner TEXT NOT NULL DEFAULT '';
  ALTER TABLE datasets ADD COLUMN owner_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE datasets ADD COLUMN visibility TEXT;
  ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN owner_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN visibility TEXT;
  ALTER TABLE models ADD COLUMN owner TEXT NOT NULL DEFAULT '';
  ALTER TABLE models ADD COLUMN owner_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE models ADD COLUMN visibility TEXT;
  -- What only its owner and admins see. It stays when the subject is deleted: events still tell of it.
  CREATE TABLE private_subjects (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
  ) STRICT;
  `;
