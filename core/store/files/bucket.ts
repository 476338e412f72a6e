/**
 * The interface of an object store: whole files in and out by key. The caller retries; a failure leaves no half object.
 */
import type { ListedFile } from "./storage.ts";

export interface Bucket {
  /** As the log and errors name it; contains no secret. */
  readonly label: string;
  /** Sends the file at `path`; others see all of it or nothing. Throws StorageUnavailable. */
  put(key: string, path: string): Promise<void>;
  /** The bytes of an object, as they arrive; null: it does not exist. Throws StorageUnavailable, also in the middle. */
  get(key: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** Does nothing if it does not exist. */
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<ListedFile[]>;
  has(key: string): Promise<boolean>;
  /** Ends uploads that were started before then and never finished. */
  endUnfinished(before: number): Promise<number>;
}
