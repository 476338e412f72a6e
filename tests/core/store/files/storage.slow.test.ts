/** Files in a bucket and in a shared folder: whole or not there, bounded copies, errors that say what to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StorageUnavailable } from "../../../../core/platform/errors.ts";
import type { Bucket } from "../../../../core/store/files/bucket.ts";
import { FolderBucket } from "../../../../core/store/files/folder-bucket.ts";
import { openBucket, proveBucket } from "../../../../core/store/files/open-storage.ts";
import { S3Bucket } from "../../../../core/store/files/s3-bucket.ts";
import { SharedStorage } from "../../../../core/store/files/shared-storage.ts";
import { seeded } from "../../../harness/app.ts";
import { type S3Server, startS3 } from "../../../harness/object-store.ts";

const DEFAULTS = { AWS_SESSION_TOKEN: "", AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: "", CACHE_MB: 1 };
const root = mkdtempSync(join(tmpdir(), "signalbox-storage-"));
let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3();
}, 300_000);
afterAll(async () => {
  await s3.stop();
  rmSync(root, { recursive: true });
});

type Settings = Parameters<typeof openBucket>[0];
const inS3 = (more: Record<string, string> = {}) =>
  openBucket({ ...DEFAULTS, ...s3.settings(), ...more } as unknown as Settings);
const inFolder = async () => new FolderBucket(mkdtempSync(join(root, "shared-")));

function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const random = seeded(seed);
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
}
const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

function fileWith(bytes: Uint8Array): string {
  const path = join(root, crypto.randomUUID());
  writeFileSync(path, bytes);
  return path;
}

async function contentsOf(bucket: Bucket, key: string): Promise<Uint8Array | null> {
  const chunks = await bucket.get(key);
  if (!chunks) return null;
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** A machine's copies of what is in the bucket. */
function copiesOf(bucket: Bucket, { maxBytes = 1e9, now = Date.now } = {}) {
  const folder = mkdtempSync(join(root, "copies-"));
  mkdirSync(join(folder, "datasets"));
  return new SharedStorage({ bucket, folder, folders: ["datasets"], maxBytes, now });
}

async function saveIn(storage: SharedStorage, key: string, bytes: Uint8Array) {
  const path = storage.pathOf(key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  await storage.save({ key });
  return { key, sha256: sha256(bytes), sizeBytes: bytes.length };
}

describe.each([
  ["an S3 bucket", () => inS3()],
  ["a shared folder", inFolder],
])("%s", (_name, open) => {
  test("returns what was stored, lists it by prefix, and removes it", async () => {
    const bucket = await open();
    await proveBucket(bucket);
    const bytes = bytesOf(100_000);
    for (const key of ["datasets/a b ü&+.csv", "datasets/b.csv", "models/c.bin"])
      await bucket.put(key, fileWith(bytes));
    expect(sha256((await contentsOf(bucket, "datasets/a b ü&+.csv"))!)).toBe(sha256(bytes));
    const listed = await bucket.list("datasets/");
    expect(listed.map(({ key, sizeBytes }) => [key, sizeBytes]).sort()).toEqual([
      ["datasets/a b ü&+.csv", 100_000],
      ["datasets/b.csv", 100_000],
    ]);
    for (const { changedAt } of listed) expect(Math.abs(changedAt - Date.now())).toBeLessThan(60_000);
    await bucket.remove("datasets/b.csv");
    await bucket.remove("datasets/b.csv");
    expect(await contentsOf(bucket, "datasets/b.csv")).toBeNull();
    expect([await bucket.has("datasets/b.csv"), await bucket.has("models/c.bin")]).toEqual([false, true]);
  });

  test("an empty file is a valid file", async () => {
    const bucket = await open();
    await bucket.put("datasets/empty.csv", fileWith(new Uint8Array()));
    expect((await contentsOf(bucket, "datasets/empty.csv"))?.length).toBe(0);
  });

  test("another host fetches a copy once, and checks it", async () => {
    const bucket = await open();
    const file = await saveIn(copiesOf(bucket), "datasets/x.csv", bytesOf(300_000));
    const other = copiesOf(bucket);
    const [path, again] = await Promise.all([other.fetch(file), other.fetch(file)]);
    expect(again).toBe(path);
    expect(sha256(await Bun.file(path).bytes())).toBe(file.sha256);
    // The copy here was truncated: it is fetched again.
    truncateSync(path, 1000);
    expect((await Bun.file(await other.fetch(file)).bytes()).length).toBe(300_000);
    await expect(copiesOf(bucket).fetch({ ...file, sha256: "0".repeat(64) })).rejects.toThrow(
      "checksum differs",
    );
    await expect(other.fetch({ ...file, key: "datasets/none.csv" })).rejects.toThrow("it is missing");
  });

  test("copies stay below their limit, recently used ones stay, and removing reaches the bucket", async () => {
    const bucket = await open();
    let now = 1e12;
    const storage = copiesOf(bucket, { maxBytes: 250_000, now: () => now });
    const files = [];
    for (let i = 0; i < 4; i++) {
      files.push(await saveIn(storage, `datasets/${i}.csv`, bytesOf(100_000, i)));
      now += 120_000;
    }
    const unpin = storage.pin("datasets/0.csv");
    await storage.trim();
    const here = () => readdirSync(dirname(storage.pathOf("datasets/x"))).sort();
    expect(here()).toEqual(["0.csv", "3.csv"]);
    expect(existsSync(await storage.fetch(files[1]!))).toBe(true);
    unpin();
    now += 120_000;
    await storage.forget((key) => key !== "datasets/0.csv");
    expect(here()).not.toContain("0.csv");
    expect(await bucket.has("datasets/0.csv")).toBe(true);
    await storage.remove("datasets/1.csv");
    expect([here().includes("1.csv"), await bucket.has("datasets/1.csv")]).toEqual([false, false]);
  });
});

test("a large file is sent in parts, and an upload that fails leaves neither object nor parts", async () => {
  const settings = s3.settings();
  const bytes = bytesOf(20_000_000);
  const path = fileWith(bytes);
  const options = {
    bucket: new URL(settings.STORAGE_URL!).hostname,
    prefix: "files",
    region: "us-east-1",
    endpoint: s3.url,
    accessKeyId: settings.AWS_ACCESS_KEY_ID!,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY!,
    sessionToken: "",
  };
  const whole = new S3Bucket(options);
  await whole.put("datasets/large.csv", path);
  expect(sha256((await contentsOf(whole, "datasets/large.csv"))!)).toBe(sha256(bytes));
  let failures = 0;
  const flaky = new S3Bucket({
    ...options,
    send: async (url, init) => {
      // Each part fails once, and one of them always.
      if (url.includes("partNumber=3") || (url.includes("partNumber") && failures++ < 1))
        return new Response("<Error><Code>InternalError</Code></Error>", { status: 500 });
      return fetch(url, init);
    },
  });
  await expect(flaky.put("datasets/never.csv", path)).rejects.toBeInstanceOf(StorageUnavailable);
  expect(await whole.has("datasets/never.csv")).toBe(false);
  expect(await whole.endUnfinished(Date.now() + 60_000)).toBe(0);
}, 60_000);

test("wrong keys and a bucket that does not exist are refused at once, with the reason", async () => {
  const wrongKey = await inS3({ AWS_SECRET_ACCESS_KEY: "wrong" });
  await expect(proveBucket(wrongKey)).rejects.toMatchObject({
    isRefusal: true,
    message: expect.stringContaining("SignatureDoesNotMatch"),
  });
  const nowhere = await inS3({ STORAGE_URL: "s3://no-such-bucket" });
  await expect(proveBucket(nowhere)).rejects.toMatchObject({
    isRefusal: true,
    message: expect.stringContaining("NoSuchBucket"),
  });
});

test("a server that is down, and one that ends an object too early, give their own errors; nothing partial stays", async () => {
  const server = Bun.serve({
    port: 0,
    fetch: () => new Response("half", { headers: { "content-length": "400" } }),
  });
  const bucket = await inS3({ AWS_ENDPOINT_URL: `http://127.0.0.1:${server.port}` });
  const storage = copiesOf(bucket);
  await expect(storage.fetch({ key: "datasets/x.csv", sizeBytes: 400 })).rejects.toBeInstanceOf(
    StorageUnavailable,
  );
  expect(readdirSync(dirname(storage.pathOf("datasets/x.csv")))).toEqual([]);
  await server.stop(true);
  await expect(bucket.has("x")).rejects.toThrow("failed (");
}, 30_000);
