/** What a store of objects does: whole files in and out by key. Whoever asks retries; a failure leaves no half object. */
import type { ListedFile } from "./storage.ts";

export interface Bucket {
  /** As the log and errors name it; no secret. */
  readonly label: string;
  /** Sends the file at `path`; seen whole by all or not at all. Throws StorageUnavailable. */
  put(key: string, path: string): Promise<void>;
  /** The bytes of an object, as they come; null: there is none. Throws StorageUnavailable, also in the middle. */
  get(key: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** Nothing where there is none. */
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<ListedFile[]>;
  has(key: string): Promise<boolean>;
  /** Ends uploads that were begun before then and never finished. */
  endUnfinished(before: number): Promise<number>;
}
