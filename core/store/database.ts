/**
 * The handle that statements run on: a store, or an open transaction. Every function of this folder takes either. What
 * differs between engines has a folder for each.
 */
export type Value = string | number | null;
export type Parameters = Record<string, Value>;

/** Where statements go: a store runs each on its own, a transaction's handle all or none. */
export interface Handle {
  get<Row>(sql: string, parameters?: Parameters): Promise<Row | null>;
  all<Row>(sql: string, parameters?: Parameters): Promise<Row[]>;
  /** For what changes something; how many rows. `parameters`: by name, or in the order of the question marks. */
  run(sql: string, parameters?: Parameters | Value[]): Promise<number>;
  /** For what changes something and answers with rows: INSERT, UPDATE or DELETE with RETURNING. */
  returning<Row>(sql: string, parameters?: Parameters): Promise<Row[]>;
  /**
   * All or nothing; on disk before it resolves, so that what is acknowledged survives a power cut. The body awaits
   * nothing but what goes through its handle: everybody else's writes wait for it. On a handle it nests: what a failed
   * inner body did is undone, and the outer one may go on.
   */
  transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T>;
}

export interface Store extends Handle {
  /** Changes when a backup is restored: positions in the old log mean nothing then. */
  readonly epoch: string;
  /** Other servers use the same database: what is kept of it is dropped by events of the log. */
  readonly isShared: boolean;
  /** Tells the other servers, soon, that the log has grown to `seq`. */
  announce(seq: number): void;
  /** Calls `heard` with each announcement of a server; the returned function unsubscribes. */
  follow(heard: (seq: number) => void): () => void;
  /** What the engine finds wrong in its file; empty where nothing is. */
  faults(): Promise<string[]>;
  /** Was something deleted that may still be in the engine's files? */
  readonly holdsDeleted: boolean;
  /** Removes deleted data from the engine's own log and from its file. False: a long read prevents it for now. */
  purgeLog(): Promise<boolean>;
  /** After earlier statements. */
  close(): Promise<void>;
}

/** Asked in the transaction of a change: throws where the client's picture does not hold any more. */
export type Unchanged = (tx: Handle) => Promise<void>;

/** A value that is made once and then kept. */
export async function keptValue(store: Handle, key: string, make: () => string): Promise<string> {
  const known = await knownValue(store, key);
  if (known !== null) return known;
  await store.run("INSERT INTO meta (key, value) VALUES ($key, $value) ON CONFLICT DO NOTHING", {
    key,
    value: make(),
  });
  return (await knownValue(store, key))!;
}

/** Keeps a value in the place of the one before. */
export async function keepValue(store: Handle, key: string, value: string): Promise<void> {
  await store.run(
    "INSERT INTO meta (key, value) VALUES ($key, $value) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    { key, value },
  );
}

/** A value that was kept; null: none was. */
export async function knownValue(store: Handle, key: string): Promise<string | null> {
  const row = await store.get<{ value: string }>("SELECT value FROM meta WHERE key = $key", { key });
  return row?.value ?? null;
}

/** Positions in the log that anybody has seen mean nothing from now on. Known after the next opening. */
export async function beginEpoch(store: Handle): Promise<void> {
  await store.run("UPDATE meta SET value = $value WHERE key = 'epoch'", { value: newEpoch() });
}

export function newEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}
