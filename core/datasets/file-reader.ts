/** Reads a dataset's files in child processes, a few at a time. */
import type { CsvProfile, ReadingPreview } from "../csv/types.ts";
import { type Child, startChild } from "../platform/child.ts";
import { Semaphore } from "../platform/concurrency.ts";
import { AppError } from "../platform/errors.ts";
import { duration } from "../platform/figures.ts";
import type { StoredDataset } from "../store/datasets.ts";
import type { FileStorage } from "../store/files/storage.ts";
import type { ReadInput, ReadReport } from "./read-child.ts";
import { storedFile, tablePath } from "./table-files.ts";

const READ_CHILD = { name: "read-child", module: new URL("./read-child.ts", import.meta.url) };

export type FileToRead = Pick<StoredDataset, "id" | "name" | "sizeBytes" | "choices" | "file"> & {
  sha256?: string;
};

export interface FileReaderOptions {
  files: FileStorage;
  folder: string;
  memoryBytes: number;
  /** The time limit of one reading. */
  readMs: number;
  onReport: (file: FileToRead, report: ReadReport) => Promise<void>;
  onEnd: (file: FileToRead) => void;
}

export class FileReader {
  /** Each child with the dataset that it reads. */
  private readonly readers = new Map<Child, string>();
  /** More parallel readings would only share the same cores; a preview waits for no long reading. */
  private readonly turns = { profile: new Semaphore(2), preview: new Semaphore(1) };

  constructor(private readonly options: FileReaderOptions) {}

  /** Throws AppError if the file cannot be read with these choices. */
  async profile(file: FileToRead): Promise<CsvProfile> {
    return (await this.turns.profile.take(() => this.readInChild(file, "profile"))) as CsvProfile;
  }

  async preview(file: FileToRead): Promise<ReadingPreview> {
    return (await this.turns.preview.take(() => this.readInChild(file, "preview"))) as ReadingPreview;
  }

  /** Makes the table of a file in another format. */
  async table(file: FileToRead): Promise<void> {
    await this.turns.profile.take(() => this.readInChild(file, "table"));
  }

  /** For a file that is not a dataset. */
  async aside(input: ReadInput): Promise<unknown> {
    const { memoryBytes, readMs } = this.options;
    return withinTime(startChild(READ_CHILD, { input, memoryBytes, onReport: () => {} }), readMs);
  }

  /** Ends the readings of one dataset, or all. */
  kill(id?: string): void {
    for (const [child, read] of this.readers) if (id === undefined || read === id) child.kill();
  }

  private async readInChild(file: FileToRead, wanted: ReadInput["wanted"]): Promise<unknown> {
    const stored = storedFile(file);
    const unpin = this.options.files.pin(stored.key);
    try {
      return await this.readPath(await this.options.files.fetch(stored), file, wanted);
    } finally {
      unpin();
    }
  }

  private async readPath(path: string, file: FileToRead, wanted: ReadInput["wanted"]): Promise<unknown> {
    const { folder, memoryBytes, readMs, onReport, onEnd } = this.options;
    const { name, choices } = file;
    const input: ReadInput = {
      path,
      table: tablePath(folder, file),
      name,
      choices,
      wanted,
    };
    const child = startChild(READ_CHILD, {
      input,
      memoryBytes,
      onReport: (report) => onReport(file, report as ReadReport),
    });
    this.readers.set(child, file.id);
    try {
      return await withinTime(child, readMs);
    } finally {
      this.readers.delete(child);
      onEnd(file);
    }
  }
}

/** The child's result. Ends it, and throws AppError `invalid`, if it takes longer. */
async function withinTime(child: Child, limitMs: number): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(tooSlow(limitMs));
    child.kill();
  }, limitMs);
  try {
    return await Promise.race([child.result, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(limitMs: number): AppError {
  return new AppError("invalid", `Reading the file took longer than ${duration(limitMs)} and was ended`, {
    fix: "Upload fewer rows, write the table as CSV or Parquet, or raise READ_SECONDS.",
  });
}
