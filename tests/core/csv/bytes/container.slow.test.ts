/**
 * Checks that archives are unpacked, files that are not CSV are refused by name, and archive bombs are stopped early.
 */
import { describe, expect, test } from "bun:test";
import { gzipSync as nativeGzip } from "node:zlib";
import { gzipSync, zipSync } from "fflate";
import { profileCsv } from "../../../../core/csv/read.ts";
import { AppError } from "../../../../core/platform/errors.ts";
import { fileOf, rowsOf } from "../files.ts";

const TEXT = `id,value\n${Array.from({ length: 3000 }, (_, k) => `${k},${(k * k) % 977}`).join("\n")}\n`;
const BYTES = new TextEncoder().encode(TEXT);
const ROWS = TEXT.trimEnd()
  .split("\n")
  .map((line) => line.split(","));

async function refusalOf(content: string | Uint8Array): Promise<AppError> {
  const error = await profileCsv(fileOf(content), {}, { name: "upload.csv" }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

describe("compressed", () => {
  test("gzip", async () => {
    const { rows, dialect } = await rowsOf(gzipSync(BYTES));
    expect(rows).toEqual(ROWS);
    expect(dialect.compression).toBe("gzip");
  });

  test("gzip with two members", async () => {
    const half = TEXT.indexOf("\n", 9000) + 1;
    const members = [BYTES.slice(0, half), BYTES.slice(half)].map((part) => gzipSync(part));
    expect((await rowsOf(Buffer.concat(members))).rows).toEqual(ROWS);
  });

  for (const level of [0, 6] as const) {
    test(`zip, level ${level}, with a Mac's shadow file`, async () => {
      const packed = zipSync(
        { "data/": new Uint8Array(0), "data/a.csv": BYTES, "__MACOSX/._a.csv": BYTES.slice(0, 9) },
        { level },
      );
      const { rows, dialect } = await rowsOf(packed);
      expect(rows).toEqual(ROWS);
      expect(dialect.compression).toBe("zip");
    });
  }

  test("two files in a zip are named", async () => {
    const refusal = await refusalOf(zipSync({ "a.csv": BYTES, "b.csv": BYTES }));
    expect(refusal.message).toContain("a.csv, b.csv");
  });

  test("a damaged gzip", async () => {
    const packed = gzipSync(BYTES);
    packed.fill(0xff, packed.length >> 1);
    expect((await refusalOf(packed)).message).toContain("damaged");
  });

  test("a gzip that was cut off", async () => {
    const packed = gzipSync(BYTES);
    expect((await refusalOf(packed.slice(0, packed.length >> 1))).message).toContain("damaged");
  });

  test("an archive bomb is stopped before it expands", async () => {
    // 600 MB in many members: far more than this process grows by for other reasons.
    const bomb = Buffer.concat(Array(150).fill(nativeGzip(Buffer.alloc(4 * 1024 * 1024, "a"))));
    const before = process.memoryUsage().rss;
    expect((await refusalOf(bomb)).message).toContain("expands");
    expect(process.memoryUsage().rss - before).toBeLessThan(450e6);
  });
});

describe("refused with the format's name", () => {
  const foreign: [string, string | Uint8Array, string][] = [
    ["xls", new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0, 0]), "Excel"],
    ["pdf", "%PDF-1.7\n", "PDF"],
    ["html", "<!DOCTYPE html>\n<html><body><table>", "HTML"],
    ["xml", '<?xml version="1.0"?><rows/>', "XML"],
    ["json list", '[{"a": 1, "b": 2}]', "JSON"],
    ["json object", '{\n  "a": [1, 2]\n}', "JSON"],
    ["json lines", '{"a":1}\n{"a":2}\n', "JSON"],
    ["sqlite", "SQLite format 3\0", "SQLite"],
    ["png", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), "PNG"],
    ["webp", Buffer.concat([Buffer.from("RIFF\x10\0\0\0WEBPVP8 "), Buffer.alloc(40)]), "WebP"],
    [
      "video",
      Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypmp42"), Buffer.alloc(60)]),
      "video",
    ],
    ["a workbook's first bytes alone", "PK\u0003\u0004 not really", "damaged workbook"],
    [
      "a zip that was cut off",
      zipSync({ "t.csv": BYTES }, { level: 0 }).slice(0, 9000),
      "damaged workbook or zip archive: it ends within t.csv",
    ],
    ["binary", Uint8Array.from({ length: 4000 }, (_, k) => (k * 7919) % 256), "binary"],
    ["nothing", "", "empty"],
    ["blanks", "\n\n  \n", "empty"],
    ["only a header", "a,b,c\n", "no rows"],
    ["one column", "a\n1\n2\n", "one column"],
  ];
  for (const [name, content, word] of foreign) {
    test(name, async () => {
      const refusal = await refusalOf(content);
      expect(refusal.code).toBe("invalid");
      expect(refusal.message).toContain(word);
      expect(refusal.place.fix).toBeTruthy();
    });
  }
});

test("bytes that are not UTF-8 far below the first lines are decoded correctly", async () => {
  const head = `city,n\n${"Paris,1\n".repeat(60_000)}`;
  const { rows } = await rowsOf(
    Buffer.concat([Buffer.from(head), Buffer.from("M\xe1laga,2\nK\xf6ln,3\n", "latin1")]),
  );
  expect(rows.slice(-2)).toEqual([
    ["Málaga", "2"],
    ["Köln", "3"],
  ]);
});

test("UTF-8 and Windows-1252 mixed in one file, with characters split between chunks", async () => {
  const lines = Array.from({ length: 90_000 }, (_, k) => (k === 70_001 ? "Stra\xdfe,€" : `日本 €uro ${k},ß`));
  const bytes = Buffer.concat(
    lines.map((line, k) => Buffer.from(`${line}\n`, k === 70_001 ? "latin1" : "utf8")),
  );
  const { rows } = await rowsOf(Buffer.concat([Buffer.from("a,b\n"), bytes]));
  expect(rows.length).toBe(90_001);
  expect(rows[70_002][0]).toBe("Straße");
  expect(rows.filter((row) => row.join().includes("\uFFFD"))).toEqual([]);
  expect(rows[90_000]).toEqual(["日本 €uro 89999", "ß"]);
});
