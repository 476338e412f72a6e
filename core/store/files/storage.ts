/**
 * Where files are stored besides the database: uploads, models, results, checkpoints. A file is named by its key, a
 * path such as `datasets/ID.csv`, is written once and never changed. Readers use the copy on their machine.
 */

/** A file as its row knows it; without hash and size it is not checked. */
export interface StoredFile {
  key: string;
  sha256?: string;
  sizeBytes?: number;
}

export interface ListedFile {
  key: string;
  sizeBytes: number;
  /** Milliseconds since 1970, by the storage's own clock. */
  changedAt: number;
}

export interface FileStorage {
  /** True if other hosts see the same files: those on this machine are copies that may be removed at any time. */
  readonly isShared: boolean;
  /** The path of a file's copy on this machine, whether it is there or not. */
  pathOf(key: string): string;
  /**
   * Stores the file at `pathOf(key)`. When it resolves, the file survives a power cut, and every host can fetch it.
   * Throws StorageUnavailable; the copy then stays.
   */
  save(file: StoredFile): Promise<void>;
  /**
   * The path of a copy on this machine, complete and checked. Throws AppError: `conflict` if the file is missing or
   * does not match its row, StorageUnavailable while the storage does not respond.
   */
  fetch(file: StoredFile): Promise<string>;
  /** Keeps a copy from being removed until the returned function is called. */
  pin(key: string): () => void;
  /** Removes the file and its copy here; does nothing if it does not exist. */
  remove(key: string): Promise<void>;
  /** Files whose key begins with this. */
  list(prefix: string): Promise<ListedFile[]>;
  /** Whether it is stored. */
  has(key: string): Promise<boolean>;
}
