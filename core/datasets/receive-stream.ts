/**
 * Reads the file of a request while it is still arriving. It is received to disk as fast as the client sends, and read
 * from there: a slow reader neither fills the memory nor delays a client that reads no response before it has sent
 * everything. Its file is deleted when the reading ends.
 */
import { type FileHandle, open, rm } from "node:fs/promises";
import { receiveFile } from "./receive.ts";

const CHUNK_BYTES = 256 * 1024;

export interface FollowOptions {
  path: string;
  maxBytes: number;
  /** Ends the reading with its reason. */
  signal: AbortSignal;
}

/** Chunks of the file, each valid only until the next. Throws AppError as receiveFile does. */
export async function* followFile(request: Request, options: FollowOptions): AsyncGenerator<Uint8Array> {
  const { path, maxBytes, signal } = options;
  const arrival = new UploadInProgress();
  const receiving = receiveFile(request, {
    path,
    maxBytes,
    name: null,
    onBytes: (bytes) => arrival.grow(bytes),
  });
  receiving.then(
    () => arrival.end(null),
    (error) => arrival.end(error),
  );
  const abort = () => arrival.end(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  let file: FileHandle | null = null;
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let at = 0; await arrival.beyond(at); ) {
      file ??= await open(path);
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, arrival.bytes - at), at);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    signal.removeEventListener("abort", abort);
    await file?.close();
    // The rest goes to a deleted file until the connection is closed.
    await rm(path, { force: true });
  }
}

/** The number of bytes received, and whether that is all. */
class UploadInProgress {
  bytes = 0;
  private error: unknown = null;
  private isOver = false;
  private wake = () => {};

  grow(bytes: number): void {
    this.bytes = bytes;
    this.wake();
  }

  /** With an error, the reader gets that error. */
  end(error: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.wake();
  }

  /** Waits until there is more than `at`; false: there will be no more. */
  async beyond(at: number): Promise<boolean> {
    while (!this.isOver && this.bytes <= at) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
    if (this.error) throw this.error;
    return this.bytes > at;
  }
}
