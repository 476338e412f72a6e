/** Checks that a backup made during writes restores everything, and that a damaged, cut or newer one is refused. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { adoptRestored, isRestoreWaiting } from "../../../../core/operations/backup/restore.ts";
import { readTar, TAR_END, tarHeader, tarPadding } from "../../../../core/operations/backup/tar.ts";
import { unpackBackup } from "../../../../core/operations/backup/unpack-backup.ts";
import { SCHEMA } from "../../../../core/store/sqlite/database.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

const ROW = { Class: 1, Sex: "female", Age: 30, Fare: 80 };
const scratch = mkdtempSync(join(tmpdir(), "signalbox-backup-"));
let harness: Harness;
let archive: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  harness = await openHarness();
  const { id: datasetId } = (await (await harness.upload("boat.csv", passengersCsv(120))).json()) as {
    id: string;
  };
  await harness.send("POST", "/api/train?wait=1", { datasetId, budgetSeconds: 2, name: "boat" });
  await harness.send("PUT", "/api/models/boat/live", { version: 1 });
  archive = new Uint8Array(await (await backup()).arrayBuffer());
});
afterAll(async () => {
  await harness.close();
  rmSync(scratch, { recursive: true });
});

const backup = () => harness.ask("/api/backup", { headers: { accept: "*/*" } });
let files = 0;
function fileOf(bytes: Uint8Array): string {
  const path = join(scratch, `${files++}.tar`);
  writeFileSync(path, bytes);
  return path;
}

const folderOf = () => mkdtempSync(join(scratch, "data-"));
const predict = async (signalbox: Harness) => {
  const { predictions } = (await (
    await signalbox.send("POST", "/api/models/boat/predict", { rows: [ROW] })
  ).json()) as { predictions: { probabilities: unknown }[] };
  return predictions[0]!.probabilities;
};

test("everything is restored, the model predicts the same, and the log has a new epoch", async () => {
  const folder = folderOf();
  await unpackBackup(fileOf(archive), folder);
  expect(isRestoreWaiting(folder)).toBe(true);
  const restored = await openHarness({ DATA_DIR: folder });
  expect(isRestoreWaiting(folder)).toBe(false);
  expect(await restored.json("/api/datasets")).toEqual(await harness.json("/api/datasets"));
  expect(await predict(restored)).toEqual(await predict(harness));
  expect(restored.signalbox.log.epoch).not.toBe(harness.signalbox.log.epoch);
  expect(restored.signalbox.log.lastSeq).toBeGreaterThan(10);
  expect(await restored.signalbox.store.faults()).toEqual([]);
  await restored.close();
});

test("a compressed backup is restored too, and tar itself can read it", async () => {
  const folder = folderOf();
  await unpackBackup(fileOf(Bun.gzipSync(archive)), folder);
  const listed = Bun.spawnSync(["tar", "tf", fileOf(archive)]);
  const names = listed.stdout.toString().trim().split("\n");
  expect(names.at(0)).toBe("about.json");
  expect(names.at(-1)).toBe("manifest.json");
  // The file, the model and its predictions by row; no kept columns.
  expect(names.filter((name) => /^(datasets|models)\//.test(name))).toHaveLength(3);
});

test("it is consistent while others write, and leaves nothing behind", async () => {
  const { log, config } = harness.signalbox;
  let written = 0;
  const writer = setInterval(async () => {
    for (let i = 0; i < 5; i++) await log.append("metrics.sampled", { values: { written: ++written } });
  }, 10);
  for (let round = 0; round < 3; round++) {
    const before = log.lastSeq;
    const folder = folderOf();
    await unpackBackup(fileOf(await (await backup()).bytes()), folder);
    expect(log.lastSeq).toBeGreaterThan(before);
    adoptRestored(folder, 0);
    const restored = await openHarness({ DATA_DIR: folder });
    expect(await restored.signalbox.log.read(before - 1, 1)).toHaveLength(1);
    await restored.close();
  }
  clearInterval(writer);
  expect(readdirSync(config.DATA_DIR).filter((name) => name.startsWith("backup-"))).toEqual([]);
});

test("a changed byte or a truncation anywhere is refused, and nothing of it is left", async () => {
  const check = async (bytes: Uint8Array) => {
    const folder = folderOf();
    await expect(unpackBackup(fileOf(bytes), folder)).rejects.toThrow(/damaged|newer/);
    expect(readdirSync(folder)).toEqual([]);
  };
  const { contents } = await layout();
  const place = fc.integer({ min: 0, max: contents.length - 1 }).map((index) => contents[index]!);
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = archive.slice();
      bytes[at] = bytes[at]! ^ change;
      await check(bytes);
    }),
    { numRuns: 30, seed: 7 },
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: archive.length - 2 * TAR_END.length }), (end) =>
      check(archive.subarray(0, end)),
    ),
    { numRuns: 30, seed: 8 },
  );
});

/** Where the bytes of files are: headers hold times and owners that nobody reads, and padding does not matter. */
async function layout(): Promise<{ contents: number[] }> {
  const contents: number[] = [];
  let at = 0;
  for await (const { sizeBytes, bytes } of readTar(new Response(archive).body!)) {
    at += 512;
    for await (const _ of bytes);
    for (let i = 0; i < sizeBytes; i += 97) contents.push(at + i);
    at += sizeBytes + tarPadding(sizeBytes).length;
  }
  return { contents };
}

test("a backup of a newer version, one with a foreign file, and a file that is not a backup are refused", async () => {
  const pack = (entries: [string, string][]) =>
    Buffer.concat([
      ...entries.flatMap(([name, text]) => [
        tarHeader(name, text.length, 0),
        Buffer.from(text),
        tarPadding(text.length),
      ]),
      TAR_END,
    ]);
  const about = (schema: number) => JSON.stringify({ format: 1, version: "9.9.9", schema });
  const cases: [Uint8Array, RegExp][] = [
    [pack([["about.json", about(SCHEMA + 1)]]), /newer Signalbox \(9\.9\.9\)/],
    [
      pack([
        ["about.json", about(1)],
        ["../../etc/passwd", "x"],
      ]),
      /does not belong in a backup/,
    ],
    [
      pack([
        ["about.json", about(1)],
        ["datasets/../../x", "x"],
      ]),
      /does not belong in a backup/,
    ],
    [
      pack([
        ["about.json", about(1)],
        ["manifest.json", "{}"],
      ]),
      /no database/,
    ],
    [
      pack([
        ["datasets/a", "x"],
        ["datasets/a", "y"],
      ]),
      /contains datasets\/a twice/,
    ],
    [pack([["datasets/..", "x"]]), /does not belong in a backup/],
    [pack([["models/.", "x"]]), /does not belong in a backup/],
    [tarHeader("datasets/huge", 2 ** 52, 0), /disk is full/],
    [gzipSync(archive).subarray(0, 2000), /cannot be unpacked/],
    [Buffer.from("a,b\n1,2\n".repeat(200)), /not a tar/],
    [Buffer.from(""), /truncated/],
  ];
  for (const [bytes, why] of cases) {
    const folder = folderOf();
    await expect(unpackBackup(fileOf(bytes), folder)).rejects.toThrow(why);
    expect(existsSync(join(folder, "..", "x"))).toBe(false);
  }
});

test("sizes from 8 GiB are written as other programs read them", async () => {
  const size = 9 * 1024 ** 3;
  const entries = readTar(new Response(Buffer.concat([tarHeader("large", size, 0), TAR_END])).body!);
  const { value } = await entries.next();
  expect(value!.sizeBytes).toBe(size);
});

test("into a running server: it switches to the backup at once, and the existing data is kept", async () => {
  const folder = folderOf();
  const command = (...words: string[]) =>
    Bun.spawn([process.execPath, "server.ts", ...words], {
      cwd: join(import.meta.dir, "../../../.."),
      env: { ...process.env, DATA_DIR: folder, PORT: "0", LOG_LEVEL: "silent" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const server = command();
  const { value } = await server.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(value).split("\n")[0]!) as { url: string };
  const status = async () => (await (await fetch(`${url}api/status`)).json()) as { epoch: string };
  const files = async () =>
    ((await (await fetch(`${url}api/datasets`)).json()) as { items: { name: string }[] }).items.map(
      ({ name }) => name,
    );
  const upload = (name: string) =>
    fetch(`${url}api/upload?name=${name}`, { method: "POST", body: `a,b\n1,${name}\n2,x\n` });
  await upload("first.csv");
  const path = join(scratch, "running.tar");
  const backup = command("backup", path);
  expect(await backup.exited).toBe(0);
  await upload("second.csv");
  const { epoch } = await status();
  const socket = new WebSocket(`${url.replace("http", "ws")}ws?format=json`);
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });

  const refused = command("restore", path);
  expect(await refused.exited).toBe(2);
  expect(await new Response(refused.stderr).text()).toContain("--replace");
  expect(await files()).toEqual(["second.csv", "first.csv"]);

  const restored = command("restore", path, "--replace");
  expect(await restored.exited).toBe(0);
  expect(await closed).toBe(1012);
  expect(await files()).toEqual(["first.csv"]);
  expect((await status()).epoch).not.toBe(epoch);
  const kept = readdirSync(folder).find((name) => name.startsWith("replaced-"))!;
  expect(readdirSync(join(folder, kept, "datasets"))).toHaveLength(2);
  await upload("third.csv");
  expect(await files()).toEqual(["third.csv", "first.csv"]);
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  expect(readFileSync(path).length).toBeGreaterThan(1024);
});
