/**
 * Reads the bytes of a file as UTF-8. Opens it, unpacks it, drops the byte-order mark and converts other encodings, in
 * chunks, so that a file is never in memory as a whole.
 */
import { type FileHandle, open } from "node:fs/promises";
import iconv from "iconv-lite";
import { detectEncoding, type Encoding, markBytes } from "./encoding.ts";
import { Utf8Mender, withoutZeros } from "./mixed-encoding.ts";
import { type Compression, type Unpacker, unpackerFor } from "./unpack.ts";

export const HEAD_BYTES = 256 * 1024;
const CHUNK_BYTES = 512 * 1024;

export interface SourceProgress {
  bytesRead: number;
  bytesTotal: number;
  /** Bytes so far that were not UTF-8 in a file that is. */
  otherBytes?: number;
  /** Zero bytes so far that were left out. */
  zeroBytes?: number;
}

export interface SourceHead {
  compression: Compression;
  bytesTotal: number;
  /** The first bytes, unpacked but not decoded. */
  head: Uint8Array;
}

export interface OpenSource extends SourceHead {
  encoding: Encoding;
}

export async function openSource(path: string): Promise<OpenSource> {
  const source = await sourceHead(path);
  return { ...source, encoding: detectEncoding(source.head) };
}

/** Without its encoding, which a binary file does not have. */
export async function sourceHead(path: string): Promise<SourceHead> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const info = await sourceInfo(path);
  for await (const { bytes } of rawChunks(path, HEAD_BYTES)) {
    parts.push(bytes.slice());
    size += bytes.length;
    if (size >= HEAD_BYTES) break;
  }
  return { ...info, head: new Uint8Array(Buffer.concat(parts)) };
}

async function sourceInfo(path: string): Promise<{ compression: Compression; bytesTotal: number }> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const start = await readAt(handle, new Uint8Array(8), 0);
    return { compression: unpackerFor(start).compression, bytesTotal: size };
  } finally {
    await handle.close();
  }
}

/** Unpacks a request body; the compression is recognised by the first bytes. */
export async function* unpackedChunks(
  body: AsyncIterable<Uint8Array>,
  onPacking: (compression: Compression) => void,
): AsyncGenerator<Uint8Array> {
  let unpacker: Unpacker | null = null;
  for await (const packed of startingTogether(body)) {
    if (!unpacker) {
      unpacker = unpackerFor(packed);
      onPacking(unpacker.compression);
    }
    yield* unpacker.push(packed);
  }
  yield* unpacker?.end() ?? [];
}

/** Length of the longest signature of a compressed file. */
const MARK_BYTES = 4;

async function* startingTogether(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of body) {
    if (!start) {
      yield chunk;
      continue;
    }
    start = new Uint8Array(Buffer.concat([start, chunk]));
    if (start.length < MARK_BYTES) continue;
    yield start;
    start = null;
  }
  if (start && start.length > 0) yield start;
}

/** Yields chunks of valid UTF-8; each is valid only until the next one is requested. */
export async function* decodedChunks(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array> {
  const decoder = encoding === "utf-8" ? new Utf8Mender() : new Transcoder(encoding);
  let isFirst = true;
  for await (const bytes of chunks) {
    const plain = isFirst ? bytes.subarray(markBytes(bytes, encoding)) : bytes;
    isFirst = false;
    yield decoder.push(plain);
  }
  yield decoder.end();
}

/** Yields the whole file as chunks of valid UTF-8; each is valid only until the next one is requested. */
export async function* utf8Chunks(
  path: string,
  encoding: string,
  options: { signal?: AbortSignal; onProgress?: (progress: SourceProgress) => void } = {},
): AsyncGenerator<Uint8Array> {
  const decoder = encoding === "utf-8" ? new Utf8Mender() : new Transcoder(encoding);
  let isFirst = true;
  for await (const { bytes, progress } of rawChunks(path, CHUNK_BYTES)) {
    options.signal?.throwIfAborted();
    const plain = isFirst ? bytes.subarray(markBytes(bytes, encoding)) : bytes;
    isFirst = false;
    yield decoder.push(plain);
    options.onProgress?.({ ...progress, otherBytes: decoder.mended, zeroBytes: decoder.zeros });
  }
  yield decoder.end();
}

/** Converts any encoding to UTF-8, joining characters that are split between chunks. */
class Transcoder {
  readonly mended = 0;
  zeros = 0;
  private readonly decoder: iconv.DecoderStream;
  private readonly encoder = new TextEncoder();

  constructor(encoding: string) {
    this.decoder = iconv.getDecoder(encoding);
  }

  push(bytes: Uint8Array): Uint8Array {
    const encoded = this.encoder.encode(this.decoder.write(Buffer.from(bytes)));
    const plain = withoutZeros(encoded);
    this.zeros += encoded.length - plain.length;
    return plain;
  }

  end(): Uint8Array {
    return this.encoder.encode(this.decoder.end() ?? "");
  }
}

/** Yields the unpacked bytes of a compressed file; each chunk is valid only until the next one is requested. */
export async function* unpackedFile(path: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of rawChunks(path, CHUNK_BYTES)) yield bytes;
}

async function* rawChunks(
  path: string,
  chunkBytes: number,
): AsyncGenerator<{ bytes: Uint8Array; progress: SourceProgress }> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const buffer = new Uint8Array(chunkBytes);
    let unpacker: Unpacker | null = null;
    for (let at = 0; ; ) {
      const packed = await readAt(handle, buffer, at);
      unpacker ??= unpackerFor(packed);
      if (packed.length === 0) break;
      at += packed.length;
      for (const bytes of unpacker.push(packed))
        yield { bytes, progress: { bytesRead: at, bytesTotal: size } };
    }
    for (const bytes of unpacker?.end() ?? [])
      yield { bytes, progress: { bytesRead: size, bytesTotal: size } };
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, buffer: Uint8Array, position: number): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  return buffer.subarray(0, bytesRead);
}
