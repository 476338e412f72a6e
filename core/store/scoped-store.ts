/**
 * Reads as one viewer may: rows of other people's private items do not exist, whatever the statement. Every table that
 * a statement reads is replaced by the part of it that the viewer may see.
 */
import type { Handle, Parameters, Store, Value } from "./database.ts";

const hides = (kind: string, subject: string) =>
  `SELECT 1 FROM private_subjects p WHERE p.kind = ${kind} AND p.subject = ${subject} AND p.owner <> $seer`;
const ofModel = `NOT EXISTS (${hides("'model'", "t.name")})`;

/** Table -> the condition for its rows, each called t. */
const CONDITIONS: Record<string, string> = {
  datasets: `NOT EXISTS (${hides("'dataset'", "t.id")})`,
  dataset_versions: `NOT EXISTS (${hides("'dataset'", "t.dataset_id")})`,
  rejections: `NOT EXISTS (${hides("'dataset'", "t.id")})`,
  sources: `NOT EXISTS (${hides("'dataset'", "t.dataset_id")})`,
  runs: `NOT EXISTS (${hides("'run'", "t.id")})`,
  models: ofModel,
  model_versions: ofModel,
  deployments: ofModel,
  prediction_minutes: ofModel,
  prediction_totals: ofModel,
  canaries: ofModel,
  canary_counts: ofModel,
  points: `(t.kind = 'gauge' OR NOT EXISTS (${hides("'model'", "t.subject")}))`,
  // A gauge may be called as a model is.
  alerts: `(t.code = 'health' OR NOT EXISTS (SELECT 1 FROM private_subjects p WHERE p.subject = t.subject AND p.owner <> $seer))`,
  deletions: `NOT EXISTS (${hides("CASE t.kind WHEN 'version' THEN 'model' ELSE t.kind END", "t.subject")})`,
};
const AFTER = "WHERE|LEFT|INNER|CROSS|JOIN|ON|ORDER|GROUP|LIMIT|UNION|HAVING|SET|RETURNING";
const TABLE = new RegExp(
  `\\b(FROM|JOIN)\\s+(${Object.keys(CONDITIONS).join("|")})\\b(?:\\s+(?:AS\\s+)?(?!(?:${AFTER})\\b)([a-z]\\w*))?`,
  "gi",
);
const rewritten = new Map<string, string>();

/** The statement, reading only what `$seer` may see. */
export function scopedSql(sql: string): string {
  let result = rewritten.get(sql);
  if (result === undefined) {
    result = sql.replace(TABLE, (_, keyword: string, table: string, alias = table) => {
      const condition = CONDITIONS[table.toLowerCase()]!;
      return `${keyword} (SELECT t.* FROM ${table} t WHERE ${condition}) AS ${alias}`;
    });
    rewritten.set(sql, result);
  }
  return result;
}

/** No owner is called so. */
const NOBODY = "-";

export class ScopedStore implements Store {
  constructor(
    private readonly store: Store,
    /** Null: sees what the team sees. */
    private readonly owner: string | null,
    /** True while nothing is private. */
    private readonly isOpen: () => boolean,
  ) {}

  get epoch(): string {
    return this.store.epoch;
  }

  get isShared(): boolean {
    return this.store.isShared;
  }

  get holdsDeleted(): boolean {
    return this.store.holdsDeleted;
  }

  get<Row>(sql: string, parameters?: Parameters): Promise<Row | null> {
    const own = this.isOpen() ? sql : scopedSql(sql);
    return this.store.get<Row>(own, own === sql ? parameters : this.seen(parameters));
  }

  all<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    const own = this.isOpen() ? sql : scopedSql(sql);
    return this.store.all<Row>(own, own === sql ? parameters : this.seen(parameters));
  }

  run(sql: string, parameters?: Parameters | Value[]): Promise<number> {
    return this.store.run(sql, parameters);
  }

  returning<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.store.returning<Row>(sql, parameters);
  }

  transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    return this.store.transaction(body);
  }

  announce(seq: number): void {
    this.store.announce(seq);
  }

  follow(heard: (seq: number) => void): () => void {
    return this.store.follow(heard);
  }

  faults(): Promise<string[]> {
    return this.store.faults();
  }

  purgeLog(): Promise<boolean> {
    return this.store.purgeLog();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private seen(parameters: Parameters = {}): Parameters {
    return { ...parameters, seer: this.owner ?? NOBODY };
  }
}
