/**
 * A bucket of Amazon S3 or a compatible store. Requests are signed by aws4fetch and sent by fetch: each part of a large
 * file is hashed, has a deadline and its own retries, and an upload that fails is ended, which Bun's own S3 client does
 * not do. Memory stays at a few parts, whatever the file's size.
 */
import { open } from "node:fs/promises";
import { AwsClient } from "aws4fetch";
import { AppError, StorageUnavailable } from "../../platform/errors.ts";
import type { Bucket } from "./bucket.ts";
import type { ListedFile } from "./storage.ts";
import { elementsOf, textOf } from "./xml.ts";

/** S3 takes parts from 5 MB, and 10,000 of them: the smallest, since a few of them are in memory. */
const PART_BYTES = 5 * 1024 * 1024;
const MOST_PARTS = 9000;
const PARTS_AT_ONCE = 2;
const ANSWER_MS = 15_000;
const PART_MS = 60_000;
/** A download that is silent for this long is aborted. */
const SILENT_MS = 15_000;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 200;

export interface S3Options {
  bucket: string;
  /** "" or a path without a trailing slash. */
  prefix: string;
  region: string;
  /** Empty: Amazon's own; else the bucket is the first part of the path. */
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Sends a request; default: fetch. */
  send?: (url: string, init: RequestInit) => Promise<Response>;
}

interface Queryable {
  method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD";
  key?: string;
  query?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  /** The deadline for the response's headers. */
  timeoutMs?: number;
  /** Statuses that are not failures, besides those below 300. */
  allowed?: readonly number[];
  signal?: AbortSignal;
}

export class S3Bucket implements Bucket {
  readonly label: string;
  private readonly client: AwsClient;
  private readonly home: string;

  constructor(private readonly options: S3Options) {
    const { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken } = options;
    this.label = `s3://${bucket}`;
    this.home = endpoint
      ? `${endpoint.replace(/\/+$/, "")}/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`;
    this.client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken && { sessionToken }),
      service: "s3",
      region,
      retries: 0,
    });
  }

  async put(key: string, path: string): Promise<void> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
      if (size > partBytes) return await this.putParts(key, { file, size, partBytes });
      const body = new Uint8Array(size);
      await readFully(file, body, 0);
      await this.ask({ method: "PUT", key, body, timeoutMs: PART_MS });
    } finally {
      await file.close();
    }
  }

  private async putParts(
    key: string,
    { file, size, partBytes }: { file: Awaited<ReturnType<typeof open>>; size: number; partBytes: number },
  ): Promise<void> {
    const begun = await this.ask({ method: "POST", key, query: { uploads: "" } });
    const uploadId = textOf(await begun.text(), "UploadId");
    if (!uploadId) throw new StorageUnavailable(`${this.label} did not start an upload`);
    const count = Math.ceil(size / partBytes);
    const tags: string[] = [];
    let next = 0;
    let isFailed = false;
    const sendParts = async () => {
      const buffer = new Uint8Array(partBytes);
      while (next < count && !isFailed) {
        const part = next++;
        const body = buffer.subarray(0, Math.min(partBytes, size - part * partBytes));
        await readFully(file, body, part * partBytes);
        const query = { partNumber: String(part + 1), uploadId };
        const answer = await this.ask({ method: "PUT", key, query, body, timeoutMs: PART_MS });
        tags[part] = answer.headers.get("etag") ?? "";
      }
    };
    const senders = Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, () =>
      sendParts().catch((error: unknown) => {
        isFailed = true;
        throw error;
      }),
    );
    try {
      // All of them have ended before the upload does.
      const ends = await Promise.allSettled(senders);
      for (const end of ends) if (end.status === "rejected") throw end.reason;
      await this.complete(key, uploadId, tags);
    } catch (error) {
      await this.ask({ method: "DELETE", key, query: { uploadId }, allowed: [404] }).catch(() => {
        // The sweep ends it later.
      });
      throw error;
    }
  }

  private async complete(key: string, uploadId: string, tags: readonly string[]): Promise<void> {
    const parts = tags.map(
      (tag, i) =>
        `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag.replaceAll('"', "&quot;")}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const answer = await this.ask({ method: "POST", key, query: { uploadId }, body, timeoutMs: PART_MS });
    // It may fail after its status was sent.
    const text = await answer.text();
    if (textOf(text, "Code")) throw this.failure(textOf(text, "Code")!);
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | null> {
    const abort = new AbortController();
    const answer = await this.ask({ method: "GET", key, allowed: [404], signal: abort.signal });
    if (answer.status === 404) {
      await answer.body?.cancel();
      return null;
    }
    return this.chunksOf(answer, abort);
  }

  private async *chunksOf(answer: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
    let timer = setTimeout(() => abort.abort(), SILENT_MS);
    try {
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        yield chunk;
        timer = setTimeout(() => abort.abort(), SILENT_MS);
      }
    } catch (error) {
      throw new StorageUnavailable(`${this.label} ended a file too early (${reasonOf(error)})`);
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async remove(key: string): Promise<void> {
    await this.ask({ method: "DELETE", key, allowed: [404] });
  }

  async has(key: string): Promise<boolean> {
    return (await this.ask({ method: "HEAD", key, allowed: [404] })).status !== 404;
  }

  async list(prefix: string): Promise<ListedFile[]> {
    const listed: ListedFile[] = [];
    for (let token = ""; ; ) {
      const query = {
        "list-type": "2",
        prefix: this.named(prefix),
        ...(token && { "continuation-token": token }),
      };
      const text = await (await this.ask({ method: "GET", query })).text();
      for (const entry of elementsOf(text, "Contents")) {
        listed.push({
          key: this.keyOf(textOf(entry, "Key") ?? ""),
          sizeBytes: Number(textOf(entry, "Size")),
          changedAt: Date.parse(textOf(entry, "LastModified") ?? ""),
        });
      }
      token = textOf(text, "NextContinuationToken") ?? "";
      if (!token) return listed;
    }
  }

  async endUnfinished(before: number): Promise<number> {
    const query = { uploads: "", prefix: this.named("") };
    const text = await (await this.ask({ method: "GET", query })).text();
    let ended = 0;
    for (const upload of elementsOf(text, "Upload")) {
      const uploadId = textOf(upload, "UploadId");
      if (!uploadId || Date.parse(textOf(upload, "Initiated") ?? "") >= before) continue;
      const key = this.keyOf(textOf(upload, "Key") ?? "");
      await this.ask({ method: "DELETE", key, query: { uploadId }, allowed: [404] });
      ended += 1;
    }
    return ended;
  }

  private named(key: string): string {
    return this.options.prefix ? `${this.options.prefix}/${key}` : key;
  }

  private keyOf(name: string): string {
    return this.options.prefix ? name.slice(this.options.prefix.length + 1) : name;
  }

  /** Retries a few times until there is a response. Throws StorageUnavailable, or AppError if access is refused. */
  private async ask(asking: Queryable): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.askOnce(asking).catch((error: unknown) => ({
        reason: reasonOf(error),
        isFinal: error instanceof AppError ? error : null,
      }));
      if (failure instanceof Response) return failure;
      if (failure.isFinal) throw failure.isFinal;
      if (attempt >= ATTEMPTS || asking.signal?.aborted) throw this.failure(failure.reason);
      await Bun.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.75 + 0.5 * Math.random()));
    }
  }

  private async askOnce({ method, key, query, body, ...how }: Queryable): Promise<Response> {
    const { timeoutMs = ANSWER_MS, allowed = [], signal } = how;
    const url = new URL(key === undefined ? `${this.home}/` : `${this.home}/${encodedPath(this.named(key))}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    // Signed by its hash, without the body itself: each request that holds it copies it.
    const headers = { "x-amz-content-sha256": hashOf(body ?? "") };
    const signed = await this.client.sign(url.href, { method, headers });
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new Error(`no response within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const either = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
    try {
      const { send = fetch } = this.options;
      const answer = await send(signed.url, {
        ...{ method, headers: signed.headers, signal: either, redirect: "manual" },
        ...(body !== undefined && { body }),
      });
      if (answer.status < 300 || allowed.includes(answer.status)) return answer;
      const text = await answer.text();
      const code = textOf(text, "Code") ?? `status ${answer.status}`;
      if (isRefusal(answer.status)) throw this.refusal(code, textOf(text, "Message"));
      throw new Error(code);
    } finally {
      clearTimeout(timer);
    }
  }

  private failure(reason: string): StorageUnavailable {
    return new StorageUnavailable(`The file storage ${this.label} failed (${reason})`);
  }

  /** Retrying will not help: keys, rights, or the bucket's name are wrong. */
  private refusal(code: string, message: string | null): AppError {
    return new StorageUnavailable(
      `The file storage ${this.label} refuses access: ${code}${message ? ` (${message.replace(/\.$/, "")})` : ""}`,
      true,
    );
  }
}

const isRefusal = (status: number) => status >= 300 && status < 500 && ![408, 409, 425, 429].includes(status);

const encodedPath = (key: string) => key.split("/").map(encodeURIComponent).join("/");

const hashOf = (body: Uint8Array | string) => new Bun.CryptoHasher("sha256").update(body).digest("hex");

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === "string" ? code : (message ?? String(error));
}

async function readFully(
  file: Awaited<ReturnType<typeof open>>,
  into: Uint8Array,
  position: number,
): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, position + at);
    if (bytesRead === 0) throw new Error("the file became shorter while it was sent");
    at += bytesRead;
  }
}
