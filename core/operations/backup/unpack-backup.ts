/**
 * Unpacks a backup beside the data folder and verifies it to the last byte; `restore.ts` puts it in place. A restored
 * log has a new epoch, so that no viewer takes its numbers for the old ones.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { diskFull } from "../../platform/disk.ts";
import { AppError } from "../../platform/errors.ts";
import { beginEpoch } from "../../store/database.ts";
import { filesOf } from "../../store/files/named-files.ts";
import { DATABASE, openSqlite, SCHEMA } from "../../store/sqlite/database.ts";
import { ABOUT_FILE, BACKUP_FORMAT } from "./archive.ts";
import { READY } from "./restore.ts";
import { damaged, readTar, type TarEntry } from "./tar.ts";

const NAME = /^(signalbox\.sqlite|(datasets|models)\/\w[\w.-]{0,79})$/;
const MOST_TEXT_BYTES = 64 * 1024 * 1024;

const ABOUT = z.object({ format: z.number(), version: z.string(), schema: z.number() });
const MANIFEST = z.record(z.string(), z.object({ sizeBytes: z.number(), sha256: z.string() }));

/** Unpacks and verifies; `adoptRestored` puts it in place. Throws AppError: `invalid`, `conflict` if it is newer. */
export async function unpackBackup(path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stage = await mkdtemp(join(folder, `restore-${process.pid}-`));
  try {
    const found = new Map<string, { sizeBytes: number; sha256: string }>();
    let isSealed = false;
    for await (const entry of readTar(await openArchive(path))) {
      if (isSealed) throw damaged("it continues after its end");
      if (entry.name === ABOUT_FILE) {
        const { value, ...read } = await readText(entry);
        refuseNewer(ABOUT.safeParse(value));
        found.set(entry.name, read);
      } else if (entry.name === "manifest.json") {
        refuseDifferent(MANIFEST.safeParse((await readText(entry)).value), found);
        isSealed = true;
      } else found.set(entry.name, await unpackFile(entry, stage));
    }
    if (!isSealed) throw damaged("it has no manifest");
    await checkDatabase(stage, found);
    await giveToOwner(folder, stage);
    await rm(join(folder, READY), { recursive: true, force: true });
    await rename(stage, join(folder, READY));
  } catch (error) {
    await rm(stage, { recursive: true, force: true });
    throw error;
  }
}

async function openArchive(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = Bun.file(path);
  const [first, second] = await file.slice(0, 2).bytes();
  if (first !== 0x1f || second !== 0x8b) return file.stream();
  const unzip = new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  const unpacked = file.stream().pipeThrough(unzip)[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      // The standard codes for bytes that are not gzip; disk errors have a code of their own.
      const { value, done } = await unpacked.next().catch((error: unknown) => {
        throw error instanceof TypeError ? damaged("it cannot be unpacked") : error;
      });
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function readText(entry: TarEntry): Promise<{ value: unknown; sizeBytes: number; sha256: string }> {
  if (entry.sizeBytes > MOST_TEXT_BYTES) throw damaged(`${entry.name} is too large`);
  const parts: Uint8Array[] = [];
  for await (const part of entry.bytes) parts.push(part);
  const text = Buffer.concat(parts);
  const sha256 = createHash("sha256").update(text).digest("hex");
  try {
    return { value: JSON.parse(text.toString()), sizeBytes: text.length, sha256 };
  } catch {
    throw damaged(`${entry.name} is not JSON`);
  }
}

function refuseNewer(about: z.ZodSafeParseResult<z.output<typeof ABOUT>>): void {
  if (!about.success) throw damaged("about.json has no content");
  const { format, schema, version } = about.data;
  if (format <= BACKUP_FORMAT && schema <= SCHEMA) return;
  throw new AppError("conflict", `The backup was written by a newer Signalbox (${version})`, {
    fix: "Restore it with that version.",
  });
}

function refuseDifferent(
  manifest: z.ZodSafeParseResult<z.output<typeof MANIFEST>>,
  found: ReadonlyMap<string, { sizeBytes: number; sha256: string }>,
): void {
  if (!manifest.success) throw damaged("its manifest cannot be read");
  const listed = Object.entries(manifest.data);
  // The first backups did not list this file.
  const unlisted = found.has(ABOUT_FILE) && !Object.hasOwn(manifest.data, ABOUT_FILE) ? 1 : 0;
  if (listed.length !== found.size - unlisted)
    throw damaged(`it lists ${listed.length} files and holds ${found.size - unlisted}`);
  for (const [name, { sizeBytes, sha256 }] of listed) {
    const file = found.get(name);
    if (file?.sizeBytes !== sizeBytes || file.sha256 !== sha256) throw damaged(`${name} was changed`);
  }
}

async function unpackFile({ name, sizeBytes, bytes }: TarEntry, stage: string) {
  if (!NAME.test(name)) throw damaged("it contains a file that does not belong in a backup");
  const path = join(stage, name);
  if (existsSync(path)) throw damaged(`it contains ${name} twice`);
  const { bavail, bsize } = await statfs(stage);
  // A compressed archive may expand a thousand times; a running server beside us needs the disk.
  if (sizeBytes > bavail * bsize) throw diskFull();
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  try {
    for await (const part of bytes) {
      hash.update(part);
      await file.writeFile(part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** Opens it as a start would; then its log begins a new epoch. */
async function checkDatabase(stage: string, found: ReadonlyMap<string, unknown>): Promise<void> {
  if (!found.has(DATABASE)) throw damaged("it has no database");
  const store = await openSqlite(stage);
  try {
    const fault = (await store.faults())[0];
    if (fault) throw damaged(fault);
    const lost = (await filesOf(store)).find((name) => !found.has(name));
    if (lost) throw damaged(`${lost} is missing`);
    await beginEpoch(store);
  } finally {
    await store.close();
  }
}

/** When root restores, the files must belong to the user that runs the server. */
async function giveToOwner(folder: string, stage: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const name of ["", ...(await readdir(stage, { recursive: true }))])
    await chown(join(stage, name), uid, gid);
}
