/**
 * Where files are stored beside the database: uploads, models, results, checkpoints. A file is named by its key, a path
 * such as `datasets/ID.csv`, is written once and never changed. What reads a file reads its copy on this machine.
 */

/** A file as its row knows it; without hash and size it is taken as it comes. */
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
  /** Other hosts see the same files: those of this machine are copies that may go at any time. */
  readonly isShared: boolean;
  /** Where a file's copy is on this machine, or would be. */
  pathOf(key: string): string;
  /**
   * Stores what stands at `pathOf(key)`. When it resolves the file survives a power cut, and every host can fetch it. Throws
   * StorageUnavailable; the copy stays then.
   */
  save(file: StoredFile): Promise<void>;
  /**
   * The path of a copy on this machine, whole and checked. Throws AppError: `conflict` where the file is missing or is not
   * what its row says, StorageUnavailable while the storage does not answer.
   */
  fetch(file: StoredFile): Promise<string>;
  /** Keeps a copy from going until the function returned is called. */
  pin(key: string): () => void;
  /** Removes the file and its copy here; nothing where it is gone already. */
  remove(key: string): Promise<void>;
  /** Files whose key begins so. */
  list(prefix: string): Promise<ListedFile[]>;
  /** Is it stored? */
  has(key: string): Promise<boolean>;
}
