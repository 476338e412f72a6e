/**
 * Checks that columns kept beside a file give the same table as the file, and are read again whenever they may not be
 * used.
 */
import { expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { loadCachedTable } from "../../../../core/csv/columns/column-cache.ts";
import { COLUMN_FILE, readColumn, writeColumn } from "../../../../core/csv/columns/column-file.ts";
import { loadTable } from "../../../../core/csv/columns/load.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import type { Column, ReadingPlan } from "../../../../core/csv/types.ts";
import { fileOf } from "../files.ts";

const ROWS = 3000;
const lineOf = (k: number) =>
  `${k % 7 ? k * 1.1 : ""},${["Rot", "rot", "grün", '"a, b"'][k % 4]},2024-0${1 + (k % 9)}-11,some words ${k}`;
const text = (rows: number) =>
  `amount,colour,day,note\n${Array.from({ length: rows }, (_, k) => lineOf(k)).join("\n")}\n`;

async function newFile(rows = ROWS): Promise<{ path: string; plan: ReadingPlan }> {
  const path = fileOf(text(rows));
  const { plan } = await profileCsv(path, {}, { name: "a.csv" });
  return { path, plan };
}

const keptFiles = (path: string) =>
  readdirSync(dirname(path))
    .filter((file) => file.startsWith(`${basename(path)}.`) && file.endsWith(COLUMN_FILE))
    .map((file) => join(dirname(path), file));
const plain = (columns: Column[]) =>
  columns.map((column) => ({
    ...column,
    ...("values" in column ? { values: [...column.values] } : { codes: [...column.codes] }),
  }));

test("the second load reads the kept columns and gives the same table", async () => {
  const { path, plan } = await newFile();
  const writtenAt = new Date("2026-01-02");
  utimesSync(path, writtenAt, writtenAt);
  const read = await loadTable(path, plan);
  for (const _ of [1, 2]) {
    const { rows, columns } = await loadCachedTable(path, plan);
    expect(rows).toBe(ROWS);
    expect(plain(columns)).toEqual(plain(read.columns));
  }
  expect(keptFiles(path)).toHaveLength(4);
  // Nothing is parsed any more: the file could be anything of this size and age.
  writeFileSync(path, "x".repeat(Bun.file(path).size));
  utimesSync(path, writtenAt, writtenAt);
  expect(plain((await loadCachedTable(path, plan)).columns)).toEqual(plain(read.columns));
});

test("only missing columns are read, whatever was requested before", async () => {
  const { path, plan } = await newFile();
  await loadCachedTable(path, plan, { columns: ["colour"] });
  const one = keptFiles(path);
  expect(one).toHaveLength(1);
  const { columns } = await loadCachedTable(path, plan, { columns: ["note", "amount", "colour"] });
  expect(columns.map(({ name }) => name)).toEqual(["amount", "colour", "note"]);
  expect(keptFiles(path)).toEqual(expect.arrayContaining(one));
  expect(keptFiles(path)).toHaveLength(3);
});

test("a damaged, truncated or foreign column is read from the file again", async () => {
  const { path, plan } = await newFile();
  const read = plain((await loadCachedTable(path, plan)).columns);
  const [first, second, third] = keptFiles(path);
  const bytes = readFileSync(first!);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(first!, bytes);
  writeFileSync(second!, readFileSync(second!).subarray(0, 100));
  writeFileSync(third!, "not a column");
  expect(plain((await loadCachedTable(path, plan)).columns)).toEqual(read);
  expect(keptFiles(path).every((file) => readColumn(new Uint8Array(readFileSync(file))))).toBe(true);
});

test("kept columns are never used for another file at the same path, or another reading plan", async () => {
  const { path, plan } = await newFile();
  await loadCachedTable(path, plan);
  const asText = { ...plan, columns: plan.columns.map((column) => ({ ...column, type: "text" as const })) };
  expect(plain((await loadCachedTable(path, asText)).columns)).toEqual(
    plain((await loadTable(path, asText)).columns),
  );
  writeFileSync(path, text(ROWS).replace("2.2", "9.9"));
  utimesSync(path, new Date(0), new Date(0));
  const [amount] = (await loadCachedTable(path, plan, { columns: ["amount"] })).columns;
  expect("values" in amount! && amount.values[2]).toBe(9.9);
  expect(keptFiles(path)).toHaveLength(1);
});

test("a truncated table is not kept", async () => {
  const { path, plan } = await newFile(60_000);
  const enough = AbortSignal.abort();
  await loadCachedTable(path, plan, { columns: ["amount"] });
  const { rows, columns } = await loadCachedTable(path, plan, { enough });
  expect(rows).toBeLessThan(60_000);
  for (const column of columns) expect(("values" in column ? column.values : column.codes).length).toBe(rows);
  expect(keptFiles(path)).toHaveLength(1);
});

test("the table loads even if nothing can be kept", async () => {
  const { path, plan } = await newFile();
  // So long that the names of its columns would be longer than a file system takes.
  const long = join(dirname(path), "l".repeat(240));
  copyFileSync(path, long);
  expect((await loadCachedTable(long, plan)).rows).toBe(ROWS);
  expect(keptFiles(long)).toEqual([]);
});

test("each kind of column survives to the bit", () => {
  const values = Float64Array.of(Number.NaN, -0, 5e-324, 2 ** 53 + 2, Number.POSITIVE_INFINITY);
  for (const column of [
    { name: "numbers", type: "number" as const, values },
    { name: "", type: "date" as const, values: new Float64Array(0) },
    { name: "ä", type: "text" as const, codes: Int32Array.of(1, -1, 0), labels: ["é\u0000\n", "日本"] },
  ]) {
    const back = readColumn(writeColumn({ column, readMs: 3 }))!;
    expect(back.readMs).toBe(3);
    expect(plain([back.column])).toEqual(plain([column]));
  }
});
