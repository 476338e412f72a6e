/**
 * The handle that statements run on: a store, or an open transaction. Every function of this folder takes either.
 * Engine differences are in a folder for each.
 */
export type Value = string | number | null;
export type Parameters = Record<string, Value>;

/** Runs statements: a store runs each on its own, a transaction's handle all or none. */
export interface Handle {
  get<Row>(sql: string, parameters?: Parameters): Promise<Row | null>;
  all<Row>(sql: string, parameters?: Parameters): Promise<Row[]>;
  /** For changes; returns how many rows. `parameters`: by name, or in the order of the question marks. */
  run(sql: string, parameters?: Parameters | Value[]): Promise<number>;
  /** For changes that return rows: INSERT, UPDATE or DELETE with RETURNING. */
  returning<Row>(sql: string, parameters?: Parameters): Promise<Row[]>;
  /**
   * All or nothing; on disk before it resolves, so that acknowledged changes survive a power cut. The body awaits
   * nothing but its handle: everybody else's writes wait for it. It can be nested on a handle: a failed inner body is
   * undone, and the outer one may continue.
   */
  transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T>;
}

export interface Store extends Handle {
  /** Changes when a backup is restored: positions in the old log are then invalid. */
  readonly epoch: string;
  /** True if other servers use the same database: caches are then invalidated by events of the log. */
  readonly isShared: boolean;
  /** Announces to the other servers, soon, that the log has grown to `seq`. */
  announce(seq: number): void;
  /** Calls `heard` with each announcement of a server; the returned function unsubscribes. */
  follow(heard: (seq: number) => void): () => void;
  /** Errors that the engine finds in its file; empty if there are none. */
  faults(): Promise<string[]>;
  /** Whether something was deleted that may still be in the engine's files. */
  readonly holdsDeleted: boolean;
  /** Removes deleted data from the engine's own log and from its file. False: a long read prevents it for now. */
  purgeLog(): Promise<boolean>;
  /** After earlier statements. */
  close(): Promise<void>;
}

/** Called in the transaction of a change: throws if what the client saw is outdated. */
export type Unchanged = (tx: Handle) => Promise<void>;

/** A value that is generated once and then stored. */
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

/** A stored value; null if there is none. */
export async function knownValue(store: Handle, key: string): Promise<string | null> {
  const row = await store.get<{ value: string }>("SELECT value FROM meta WHERE key = $key", { key });
  return row?.value ?? null;
}

/** Makes all log positions that clients have invalid. Takes effect with the next opening. */
export async function beginEpoch(store: Handle): Promise<void> {
  await store.run("UPDATE meta SET value = $value WHERE key = 'epoch'", { value: newEpoch() });
}

export function newEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}
