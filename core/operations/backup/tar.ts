/**
 * Writes and reads tar archives (POSIX ustar; GNU's base 256 for sizes from 8 GiB), which every system can open. Works
 * on names and bytes, not on a disk.
 */
import { createTarDecoder } from "modern-tar";
import { AppError } from "../../platform/errors.ts";

const BLOCK = 512;
/** 11 octal digits. */
const LARGEST_OCTAL = 8 ** 11;
const encoder = new TextEncoder();

/** The 512 bytes before a file. `name`: at most 100 bytes. */
export function tarHeader(name: string, sizeBytes: number, mtimeSeconds: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => header.set(encoder.encode(text), at);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  put(name, 0);
  put(octal(0o600, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  if (sizeBytes < LARGEST_OCTAL) put(octal(sizeBytes, 12), 124);
  else {
    new DataView(header.buffer).setBigUint64(128, BigInt(sizeBytes));
    header[124] = 0x80;
  }
  put(octal(mtimeSeconds, 12), 136);
  put("0", 156);
  put("ustar\x0000", 257);
  put(`${octal(checksum(header), 7)} `, 148);
  return header;
}

/** The zero padding after a file of that size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

/** Two empty blocks end an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK);

/** The sum of all bytes, with those of the checksum itself counted as spaces. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : header[at]!;
  return sum;
}

export interface TarEntry {
  name: string;
  sizeBytes: number;
  /** Its bytes; they must be read to the end before the next entry. */
  bytes: AsyncGenerator<Uint8Array>;
}

/**
 * Reads with modern-tar, one chunk at a time. Throws AppError `invalid` if the archive is truncated, changed, or not a
 * tar.
 */
export async function* readTar(source: ReadableStream<Uint8Array>): AsyncGenerator<TarEntry> {
  for await (const { header, body } of checked(source.pipeThrough(createTarDecoder({ strict: true })))) {
    if (header.type !== "file") throw damaged("it contains something other than files");
    yield { name: header.name, sizeBytes: header.size, bytes: checked(body) };
  }
}

/** The decoder's errors are plain ones; ours and the disk's have a code. */
async function* checked<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  try {
    yield* stream as AsyncIterable<T>;
  } catch (error) {
    if (!(error instanceof Error) || "code" in error) throw error;
    throw damaged(
      error.message.includes("truncated") ? "it is truncated" : "it is not a tar archive, or it was changed",
    );
  }
}

export function damaged(why: string): AppError {
  return new AppError("invalid", `The backup is damaged: ${why}`, { fix: "Use another backup." });
}
