/**
 * Receives the file of a request to disk: as a stream, hashed on the way, limited in size, from a raw body or from the
 * multipart field `file`. It never holds the file in memory and leaves nothing behind when it fails.
 */
import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import { diskFailure, diskFull } from "../platform/disk.ts";
import { AppError } from "../platform/errors.ts";

export interface Received {
  /** The client's file name: a label, never a path. */
  name: string;
  sizeBytes: number;
  sha256: string;
}

export interface ReceiveOptions {
  path: string;
  maxBytes: number;
  /** The name to use if the body has none. */
  name: string | null;
  onBytes: (bytes: number, name: string) => void | Promise<void>;
}

/** Free space that an upload must leave for the log and the models. */
const RESERVE_BYTES = 64 * 1024 * 1024;

/** Throws AppError `disk_full` if this many more bytes would leave too little. */
export async function refuseWithoutSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + RESERVE_BYTES) throw diskFull();
}

/** Writes the file in the request to `path`. Throws AppError: too_large, syntax, disk_full. */
export async function receiveFile(request: Request, options: ReceiveOptions): Promise<Received> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > options.maxBytes) throw tooLarge(options.maxBytes);
  const type = request.headers.get("content-type") ?? "";
  if (!request.body) throw noBody(request);
  try {
    if (/^multipart\/form-data/i.test(type)) return await receiveMultipart(request, type, options);
    const body = request.headers.get("content-encoding") === "gzip" ? gunzip(request.body) : request.body;
    return await writeFile(body, labelOf(options.name), options);
  } catch (error) {
    await rm(options.path, { force: true });
    if (request.signal.aborted)
      throw new AppError("syntax", "The upload was interrupted", { fix: "Send it again." });
    throw diskFailure(error) ?? error;
  }
}

/** A content-length means that there is a file, even if it is 0. */
function noBody(request: Request): AppError {
  if (request.headers.has("content-length"))
    return new AppError("syntax", "The file is empty", {
      fix: "Choose a file that has a header row and data.",
    });
  return new AppError("syntax", "The request has no body", { fix: "Send the file as the body." });
}

type ReadableFile = { destroy: (error: Error) => void };

async function receiveMultipart(request: Request, type: string, options: ReceiveOptions): Promise<Received> {
  // Loaded at the first form: an idle server need not hold them.
  const [{ default: Busboy }, { Readable }] = await Promise.all([
    import("@fastify/busboy"),
    import("node:stream"),
  ]);
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  if (!/\bboundary=[^;\s]/i.test(type))
    throw new AppError("syntax", "The content-type of the form has no boundary", {
      fix: "Let your client set this header (curl -F does), or send the file as the body.",
    });
  const parser = Busboy({
    headers: { "content-type": type },
    limits: { files: 1, fields: 20, parts: 25, fieldSize: 10_000, fileSize: options.maxBytes + 1 },
  });
  let found: ReadableFile | null = null;
  parser.on("file", (field, stream, filename) => {
    if (field !== "file") return stream.resume();
    found = stream;
    // The writer of the file gets the error, even before it begins to read.
    stream.on("error", () => {});
    writeFile(stream, labelOf(filename), options).then(resolve, reject);
  });
  parser.on("finish", () => {
    if (!found) reject(noFile());
  });
  /** The writer of the file closes it first: then everything is removed. */
  const fail = (error: Error) => (found ? found.destroy(error) : reject(error));
  parser.on("error", (error) =>
    fail(new AppError("syntax", `The form cannot be read: ${(error as Error).message}`)),
  );
  const source = Readable.fromWeb(request.body as unknown as Parameters<typeof Readable.fromWeb>[0]);
  source.on("error", fail);
  source.pipe(parser);
  return promise;
}

function gunzip(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
}

async function writeFile(
  body: AsyncIterable<Uint8Array>,
  name: string,
  options: ReceiveOptions,
): Promise<Received> {
  const hash = new Bun.CryptoHasher("sha256");
  const file = await open(options.path, "wx");
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBytes) throw tooLarge(options.maxBytes);
      await ownTurn();
      hash.update(chunk);
      await writeAll(file, chunk);
      await options.onBytes(sizeBytes, name);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { name, sizeBytes, sha256: hash.digest("hex") };
}

let lastTurn = Promise.resolve();

/** One chunk per turn of the event loop: those of twenty uploads together would delay everybody else by 50 ms. */
function ownTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastTurn;
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    offset += (await file.write(chunk, offset)).bytesWritten;
  }
}

/** The last part of the path that the client sent, without control characters, at most 120 characters. */
function labelOf(name: string | null | undefined): string {
  const last = (name ?? "").split(/[\\/]/).at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
  const label = last.replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "").trim();
  return label.slice(0, 120) || "data.csv";
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("too_large", `The file is larger than the limit of ${maxBytes / 1e6} MB`, {
    fix: "Raise MAX_UPLOAD_MB, or send a sample or a gzipped file.",
  });
}

function noFile(): AppError {
  return new AppError("syntax", "The form has no file field", {
    fix: "Send the file in the multipart field `file`.",
    example: "curl --fail-with-body -F file=@data.csv HOST/api/upload",
  });
}
