/**
 * The child process that fetches a source's file or rows, or uploads a file. Secrets come in its input, never in its
 * command line or environment; it uses no store.
 */
import { type FileHandle, open } from "node:fs/promises";
import { S3Client } from "bun";
import { serveParent } from "../../platform/child.ts";
import { AppError } from "../../platform/errors.ts";
import { readAuthorities, readReach, systemLookup } from "./allowed-hosts.ts";
import { checkedFetch, type Network } from "./checked-fetch.ts";
import { kindOf, objectOf, type Place, ROW_LIMIT, tooSlow } from "./place.ts";
import { runQuery } from "./query.ts";
import { writeTable } from "./write-table.ts";

export interface FetchInput {
  place: Place;
  /** SOURCE_HOSTS. */
  hosts: string[];
  /** SOURCE_CA. */
  caFile: string;
  timeLimitMs: number;
  work:
    | { kind: "fetch"; path: string; maxBytes: number; validators: Validators | null }
    | { kind: "upload"; path: string; type: string }
    | { kind: "table"; path: string; table: string; isReplacing: boolean };
}

/** What the server said about the last fetched file; sent back, it may answer that nothing changed. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

export interface Fetched {
  /** False: nothing was written, because it is the same file as last time. */
  isModified: boolean;
  name: string | null;
  sizeBytes: number;
  sha256: string;
  validators: Validators | null;
  /** There were more rows than the limit. */
  isCut: boolean;
}

export interface FetchReport {
  bytes: number;
}

const REPORT_MS = 1000;
const PRESIGNED_SECONDS = 600;

/** Fetches what the parent asks for, within its time limit. An AppError is sent to the parent. */
export async function runFetchChild(): Promise<void> {
  await serveParent(async (raw, { report }) => {
    const { place, hosts, caFile, timeLimitMs, work } = raw as FetchInput;
    const network = {
      authorities: await readAuthorities(caFile),
      reach: readReach(hosts),
      lookup: systemLookup,
      signal: AbortSignal.timeout(timeLimitMs),
    };
    let bytes = 0;
    // Also while nothing arrives: a silent child counts as hanging.
    const timer = setInterval(() => report({ bytes } satisfies FetchReport), REPORT_MS);
    const onBytes = (count: number) => {
      bytes = count;
    };
    const timeout = Promise.withResolvers<never>();
    network.signal.addEventListener("abort", () => timeout.reject(tooSlow(timeLimitMs)));
    const done = { ...network, onBytes, timeLimitMs };
    try {
      return await Promise.race([act(place, work, done), timeout.promise]);
    } catch (error) {
      throw network.signal.aborted ? tooSlow(timeLimitMs) : error;
    } finally {
      clearInterval(timer);
    }
  });
}

type Options = Network & { onBytes: (count: number) => void; timeLimitMs: number };

async function act(place: Place, work: FetchInput["work"], options: Options): Promise<unknown> {
  if (work.kind === "upload") return upload(place, work, options);
  if (work.kind === "table") return writeTable(place, work, options);
  return fetchFile(place, work, options);
}

type FetchWork = Extract<FetchInput["work"], { kind: "fetch" }>;

async function fetchFile(place: Place, work: FetchWork, options: Options): Promise<Fetched> {
  const file = await FileSink.open(work, options.onBytes);
  try {
    if (kindOf(place.url) === "query") {
      const { rowLimit = ROW_LIMIT } = place;
      const write = (text: string) => file.write(Buffer.from(text));
      const { rows, isCut } = await runQuery(place, { ...options, rowLimit, write });
      if (rows === 0)
        throw new AppError("invalid", "The query returned no rows", { fix: "Check its conditions." });
      return { ...(await file.end()), isModified: true, name: null, validators: null, isCut };
    }
    const answer = await askFor(place, work, options);
    if (!answer)
      return {
        ...(await file.end()),
        isModified: false,
        name: null,
        validators: work.validators,
        isCut: false,
      };
    await receive(answer.body!, file, place);
    const validators = {
      etag: answer.headers.get("etag"),
      lastModified: answer.headers.get("last-modified"),
    };
    return { ...(await file.end()), isModified: true, name: nameOf(place), validators, isCut: false };
  } finally {
    await file.close();
  }
}

async function receive(body: ReadableStream<Uint8Array>, file: FileSink, place: Place): Promise<void> {
  const reader = body.getReader();
  const next = () =>
    reader.read().catch(() => {
      throw new AppError(
        "unavailable",
        `${whoOf(place)} closed the connection before the file was complete`,
        {
          fix: "Try again.",
        },
      );
    });
  for (let read = await next(); !read.done; read = await next()) await file.write(read.value);
}

/** Null: not modified. */
async function askFor(place: Place, { validators }: FetchWork, options: Options): Promise<Response | null> {
  const known = {
    ...(validators?.etag && { "if-none-match": validators.etag }),
    ...(validators?.lastModified && { "if-modified-since": validators.lastModified }),
  };
  const isObject = kindOf(place.url) === "s3";
  const address = isObject ? presigned(place, "GET") : place.url;
  const answer = await checkedFetch(
    address,
    { headers: { ...known, ...(isObject ? {} : place.headers) } },
    options,
  );
  if (answer.status === 304 && validators) return null;
  if (answer.ok && answer.body) return answer;
  await answer.body?.cancel();
  throw refusedBy(place, answer.status);
}

function refusedBy(place: Place, status: number): AppError {
  const who = whoOf(place);
  if (status === 401 || status === 403)
    return new AppError("invalid", `${who} refused access (${status})`, { fix: "Check the credentials." });
  if (status === 404 || status === 410)
    return new AppError("invalid", `${who} has nothing at this address (${status})`, {
      fix: "Check the address.",
    });
  const isTheirs = status >= 500 || status === 429;
  return new AppError(isTheirs ? "unavailable" : "invalid", `${who} returned an error (${status})`, {
    fix: isTheirs ? "Try again later." : "Check the address.",
  });
}

const whoOf = ({ url }: Place) => (kindOf(url) === "s3" ? "The object store" : (URL.parse(url)?.host ?? url));

/** Bun signs the address; the request itself uses the checked connection. */
function presigned(place: Place, method: "GET" | "PUT"): string {
  const { bucket, key, endpoint, region } = objectOf(place);
  const { accessKeyId = "", secretAccessKey = "" } = place;
  if (!accessKeyId) return new URL(`${bucket}/${encodeURI(key)}`, `${endpoint.replace(/\/$/, "")}/`).href;
  const client = new S3Client({ bucket, endpoint, region, accessKeyId, secretAccessKey });
  return client.presign(key, { method, expiresIn: PRESIGNED_SECONDS });
}

function nameOf({ url }: Place): string | null {
  const last = (URL.parse(url)?.pathname ?? "").split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last) || null;
  } catch {
    return last || null;
  }
}

async function upload(
  place: Place,
  { path, type }: { path: string; type: string },
  options: Options,
): Promise<null> {
  const isObject = kindOf(place.url) === "s3";
  const answer = await checkedFetch(
    isObject ? presigned(place, "PUT") : place.url,
    {
      method: isObject ? "PUT" : "POST",
      headers: { "content-type": type, ...place.headers },
      body: Bun.file(path),
    },
    options,
  );
  await answer.body?.cancel();
  if (!answer.ok) throw refusedBy(place, answer.status);
  return null;
}

/** A file with the size and hash of what was written to it. */
class FileSink {
  private readonly hash = new Bun.CryptoHasher("sha256");
  private bytes = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly maxBytes: number,
    private readonly onBytes: (count: number) => void,
  ) {}

  static async open(
    { path, maxBytes }: { path: string; maxBytes: number },
    onBytes: (count: number) => void,
  ): Promise<FileSink> {
    return new FileSink(await open(path, "w"), maxBytes, onBytes);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes)
      throw new AppError("too_large", `The file is larger than the limit of ${this.maxBytes / 1e6} MB`, {
        fix: "Raise MAX_UPLOAD_MB, or request less from the source.",
      });
    this.hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += (await this.file.write(chunk, at)).bytesWritten;
    this.onBytes(this.bytes);
  }

  async end(): Promise<{ sizeBytes: number; sha256: string }> {
    await this.file.sync();
    return { sizeBytes: this.bytes, sha256: this.hash.digest("hex") };
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

if (import.meta.main) await runFetchChild();
