/**
 * Writes and reads tar archives. As tar (POSIX ustar; GNU's base 256 for sizes from 8 GiB), which every system can
 * look into. It knows names and bytes, no disk; reading trusts nothing but its own checksums and bounds.
 */
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

/** The zeros behind a file of that size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

/** Two empty blocks end an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK);

/** The sum of all bytes, those of the checksum itself counted as blanks. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : header[at]!;
  return sum;
}

export interface TarEntry {
  name: string;
  sizeBytes: number;
  /** Its bytes; must be read to the end before the next entry. */
  bytes: AsyncGenerator<Uint8Array>;
}

/** Throws AppError `invalid` where the archive is cut short or is none. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new BlockReader(source);
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const text = (from: number, to: number) =>
      new TextDecoder().decode(header.subarray(from, to)).replace(/[\0 ]+$/, "");
    if (Number.parseInt(text(148, 156), 8) !== checksum(header) || !text(257, 263).startsWith("ustar"))
      throw damaged("it is not a tar archive, or it was changed");
    const sizeBytes = readSize(header, text(124, 136));
    yield { name: text(0, 100), sizeBytes, bytes: reader.stream(sizeBytes) };
    await reader.take(tarPadding(sizeBytes).length);
  }
}

function readSize(header: Uint8Array, octal: string): number {
  const size =
    header[124] === 0x80
      ? Number(new DataView(header.buffer, header.byteOffset).getBigUint64(128))
      : Number.parseInt(octal, 8);
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw damaged("a file in it has no size");
}

/** Reads the source in portions of any size. */
class BlockReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private rest = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    let filled = 0;
    for await (const part of this.stream(length)) {
      taken.set(part, filled);
      filled += part.length;
    }
    return taken;
  }

  async *stream(length: number): AsyncGenerator<Uint8Array> {
    for (let missing = length; missing > 0; ) {
      if (this.rest.length === 0) this.rest = await this.next();
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  private async next(): Promise<Uint8Array<ArrayBuffer>> {
    const { value, done } = await this.source.next();
    if (done) throw damaged("it is cut short");
    return value as Uint8Array<ArrayBuffer>;
  }
}

export function damaged(why: string): AppError {
  return new AppError("invalid", `The backup is damaged: ${why}`, { fix: "Use another backup." });
}
