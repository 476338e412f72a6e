/**
 * SQL of owners, and of what only they and admins may see. A run has its dataset's privacy and a model that of its runs,
 * unless it was set for them.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Annotated } from "./annotations.ts";
import type { Handle } from "./database.ts";

export const VISIBILITIES = ["private", "team"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** The owner of an item; `owner` as identities are named internally, "" if unknown. */
export interface Ownership {
  owner: string;
  ownerName: string;
  /** As it was set; null: inherited, or team if there is nothing to inherit. */
  visibility: Visibility | null;
}

/** What only `owner` and admins may see. */
export interface PrivateSubject {
  kind: Annotated;
  subject: string;
  owner: string;
}

/** Sources and schedules are as private as what they are about. */
export interface HiddenSubject {
  kind: Annotated | "source" | "schedule";
  subject: string;
  owner: string;
}

/** As it is stored, with what follows from it. */
export interface Owned extends Ownership {
  effectiveVisibility: Visibility;
}

export const NO_OWNER: Ownership = { owner: "", ownerName: "", visibility: null };

const PLACES = {
  dataset: { table: "datasets", key: "id" },
  run: { table: "runs", key: "id" },
  model: { table: "models", key: "name" },
} as const satisfies Record<Annotated, { table: string; key: string }>;

const HASH_LENGTH = 64;
/** Who makes something now. */
export interface Maker extends Ownership {
  /** An admin may add to what is private to others. */
  isAdmin?: boolean;
}

const acting = new AsyncLocalStorage<Maker>();

/** What is made within belongs to this person. */
export function ownedBy<T>(owner: Maker, work: () => T): T {
  return acting.run(owner, work);
}

/** The owner of what is created now; null: there is no user, for example in a schedule. */
export function currentOwner(): Maker | null {
  return acting.getStore() ?? null;
}

const OWNER_COLUMNS = `owner, owner_name AS "ownerName", visibility`;

/** "private" or "team", for a statement that reads `key` ("r.id") of a run, dataset or model. */
function visibilityOf(kind: Annotated, key: string): string {
  return `CASE WHEN EXISTS (SELECT 1 FROM private_subjects p WHERE p.kind = '${kind}' AND p.subject = ${key})
    THEN 'private' ELSE 'team' END`;
}

/** The columns of Owned, for a statement that reads a table, or its alias, of a kind. */
export function ownedColumns(kind: Annotated, table: string): string {
  const key = `${table}.${PLACES[kind].key}`;
  return `${table}.owner, ${table}.owner_name AS "ownerName", ${table}.visibility,
    ${visibilityOf(kind, key)} AS "effectiveVisibility"`;
}

/** The columns of a list's row: "owner", null if unknown, and "visibility". */
export function listedOwnerColumns(kind: Annotated, table: string): string {
  const key = `${table}.${PLACES[kind].key}`;
  return `nullif(${table}.owner_name, '') AS owner, ${visibilityOf(kind, key)} AS visibility`;
}

/** As people and programs read it. */
export function ownerView({ ownerName, effectiveVisibility }: Owned) {
  return { owner: ownerName || null, visibility: effectiveVisibility };
}

async function ownershipOf(store: Handle, kind: Annotated, subject: string): Promise<Ownership | null> {
  const { table, key } = PLACES[kind];
  return store.get<Ownership>(`SELECT ${OWNER_COLUMNS} FROM ${table} WHERE ${key} = $subject`, { subject });
}

export async function setVisibility(
  store: Handle,
  { kind, subject }: Pick<PrivateSubject, "kind" | "subject">,
  visibility: Visibility | null,
): Promise<void> {
  const { table, key } = PLACES[kind];
  await store.run(`UPDATE ${table} SET visibility = $visibility WHERE ${key} = $subject`, {
    subject,
    visibility,
  });
}

export async function privateSubjects(store: Handle): Promise<HiddenSubject[]> {
  const found = await store.all<PrivateSubject>("SELECT kind, subject, owner FROM private_subjects");
  if (!found.length) return [];
  const sources = await store.all<HiddenSubject>(
    `SELECT 'source' AS kind, s.id AS subject, p.owner FROM sources s
     JOIN private_subjects p ON p.kind = 'dataset' AND p.subject = s.dataset_id`,
  );
  const owners = new Map(
    [...found, ...sources].map(({ kind, subject, owner }) => [`${kind} ${subject}`, owner]),
  );
  const schedules = await store.all<{ id: string; spec: string }>("SELECT id, spec FROM schedules");
  const hidden = schedules.flatMap(({ id, spec }): HiddenSubject[] => {
    const { model, datasetId, sourceId } = JSON.parse(spec) as Record<string, string | undefined>;
    const owner =
      owners.get(`model ${model}`) ?? owners.get(`dataset ${datasetId}`) ?? owners.get(`source ${sourceId}`);
    return owner === undefined ? [] : [{ kind: "schedule", subject: id, owner }];
  });
  return [...found, ...sources, ...hidden];
}

/** Who alone may see it besides admins; null: the team. */
export async function privateTo(store: Handle, kind: Annotated, subject: string): Promise<string | null> {
  const row = await store.get<{ owner: string }>(
    "SELECT owner FROM private_subjects WHERE kind = $kind AND subject = $subject",
    { kind, subject },
  );
  return row?.owner ?? null;
}

/** `owner` null: for the team from now on. */
export async function markPrivate(
  store: Handle,
  { kind, subject }: Pick<PrivateSubject, "kind" | "subject">,
  owner: string | null,
): Promise<void> {
  if (owner === null) {
    await store.run("DELETE FROM private_subjects WHERE kind = $kind AND subject = $subject", {
      kind,
      subject,
    });
    return;
  }
  await store.run(
    `INSERT INTO private_subjects (kind, subject, owner) VALUES ($kind, $subject, $owner)
     ON CONFLICT (kind, subject) DO UPDATE SET owner = excluded.owner`,
    { kind, subject, owner },
  );
}

interface OwnedRow extends Ownership {
  subject: string;
}

/** Settles who may see a dataset, and with it its runs and their models; the kinds and subjects that are private now. */
export async function settleDataset(store: Handle, id: string): Promise<void> {
  const owned = await ownershipOf(store, "dataset", id);
  if (!owned) return;
  const isPrivate = owned.visibility === "private";
  await markPrivate(store, { kind: "dataset", subject: id }, isPrivate ? owned.owner : null);
  await recogniseFor(store, id, isPrivate ? owned.owner : null);
  const runs = await store.all<{ id: string }>("SELECT id FROM runs WHERE dataset_id = $id", { id });
  for (const run of runs) await settleRun(store, run.id);
  // A run that tests on its rows shows them, too. One engine keeps JSON as a type of its own.
  const testedOn = await store.all<{ id: string }>(
    "SELECT id FROM runs WHERE CAST(options AS TEXT) LIKE $named",
    { named: `%"testDatasetId":"${id}"%` },
  );
  for (const run of testedOn) await settleRun(store, run.id);
}

/** As `settleDataset`, for one run. If its dataset was deleted, what that was stays. */
export async function settleRun(store: Handle, id: string): Promise<void> {
  const run = await store.get<OwnedRow & { datasetId: string; options: string }>(
    `SELECT id AS subject, dataset_id AS "datasetId", options, ${OWNER_COLUMNS} FROM runs WHERE id = $id`,
    { id },
  );
  if (!run) return;
  const { testDatasetId } = JSON.parse(run.options) as { testDatasetId?: string };
  const inherited =
    (await privateTo(store, "dataset", run.datasetId)) !== null ||
    (testDatasetId !== undefined && (await privateTo(store, "dataset", testDatasetId)) !== null);
  const isHidden = run.visibility === null ? inherited : run.visibility === "private";
  await markPrivate(store, { kind: "run", subject: id }, isHidden ? run.owner : null);
  const models = await store.all<{ name: string }>(
    "SELECT DISTINCT name FROM model_versions WHERE run_id = $id",
    {
      id,
    },
  );
  for (const { name } of models) await settleModel(store, name);
}

/** A model is private if one of its versions comes from a private run, unless it was set. */
export async function settleModel(store: Handle, name: string): Promise<void> {
  const owned = await ownershipOf(store, "model", name);
  if (!owned) return;
  const inherited = await store.get(
    `SELECT 1 AS found FROM model_versions v JOIN private_subjects p ON p.kind = 'run' AND p.subject = v.run_id
     WHERE v.name = $name LIMIT 1`,
    { name },
  );
  const isHidden = owned.visibility === null ? inherited !== null : owned.visibility === "private";
  await markPrivate(store, { kind: "model", subject: name }, isHidden ? owned.owner : null);
}

/** The same bytes are the same dataset for the team, and for each owner of a private one: see `hashFor`. */
async function recogniseFor(store: Handle, id: string, owner: string | null): Promise<void> {
  const row = await store.get<{ sha256: string }>("SELECT sha256 FROM datasets WHERE id = $id", { id });
  const wanted = hashFor(row!.sha256.slice(0, HASH_LENGTH), owner);
  if (row!.sha256 === wanted) return;
  const taken = await store.get("SELECT id FROM datasets WHERE sha256 = $wanted AND id <> $id", {
    wanted,
    id,
  });
  // A source's dataset is not matched by an upload of the same bytes.
  const isByNone = row!.sha256.endsWith(`#${id}`);
  const sha256 = taken || isByNone ? `${wanted}#${id}` : wanted;
  await store.run("UPDATE datasets SET sha256 = $sha256 WHERE id = $id", { id, sha256 });
}

/** By what a dataset's bytes are recognised: those of a private one by its owner alone. */
export function hashFor(sha256: string, owner: string | null): string {
  return owner === null ? sha256 : `${sha256}@${owner}`;
}
