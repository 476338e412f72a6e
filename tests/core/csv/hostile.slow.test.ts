/** Checks that every file is read correctly or clearly refused, in time linear in its size. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sniffDateFormat } from "../../../core/csv/cells/dates/date-format.ts";
import { parseDate } from "../../../core/csv/cells/dates/dates.ts";
import { sniffNumberFormat } from "../../../core/csv/cells/numbers/number-format.ts";
import { PLAIN_NUMBER, parseNumber } from "../../../core/csv/cells/numbers/numbers.ts";
import { loadTable } from "../../../core/csv/columns/load.ts";
import { readPage } from "../../../core/csv/preview.ts";
import { profileCsv } from "../../../core/csv/read.ts";
import { cellKind } from "../../../core/csv/rows/cell-kinds.ts";
import type { ColumnType, CsvProfile } from "../../../core/csv/types.ts";
import { writeCell } from "../../../core/csv/write.ts";
import { AppError } from "../../../core/platform/errors.ts";
import { slug } from "../../../core/platform/ids.ts";
import { fileOf, rowsOf } from "./files.ts";

/** Believable files of several dialects, each with quotes, gaps and accents. */
const MODELS = [
  `id,name,age,joined,member\n${Array.from({ length: 25 }, (_, k) => `${k},"Müller, J${k}",${20 + (k % 9)},2024-01-${10 + (k % 19)},${k % 2 ? "yes" : "no"}`).join("\n")}\n`,
  `Gebiet;Wert;Bemerkung\r\n${Array.from({ length: 20 }, (_, k) => `G${k};${k},5;"er sagte ""ja"" ${k}"`).join("\r\n")}\r\n`,
  `Report 2024\n\na\tb\tc\n${Array.from({ length: 20 }, (_, k) => `${k}\t${k * 1.5}\t`).join("\n")}\n\nSource: us\n`,
].map((text) => new TextEncoder().encode(text));

type Mutation = {
  model: number;
  kind: "flip" | "cut" | "splice" | "insert";
  at: number;
  value: number;
  length: number;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  model: fc.nat({ max: MODELS.length - 1 }),
  kind: fc.constantFrom("flip", "cut", "splice", "insert"),
  at: fc.nat({ max: 2000 }),
  value: fc.oneof(fc.constantFrom(0, 9, 10, 13, 34, 39, 44, 59, 92, 255), fc.nat({ max: 255 })),
  length: fc.integer({ min: 1, max: 60 }),
});

function mutate({ model, kind, at, value, length }: Mutation): Uint8Array {
  const bytes = MODELS[model];
  const place = at % bytes.length;
  if (kind === "cut") return bytes.slice(0, place);
  if (kind === "splice") return Buffer.concat([bytes.slice(0, place), bytes.slice(place + length)]);
  if (kind === "insert")
    return Buffer.concat([bytes.slice(0, place), Buffer.alloc(length, value), bytes.slice(place)]);
  const flipped = bytes.slice();
  flipped[place] = value;
  return flipped;
}

async function answer(bytes: Uint8Array): Promise<CsvProfile | AppError> {
  try {
    return await profileCsv(fileOf(bytes), {}, { name: "mutant.csv" });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

test("1,000 mutations: a consistent table, or a refusal with a fix", async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async (how) => {
      const found = await answer(mutate(how));
      if (found instanceof AppError) {
        expect(found.place.fix).toBeTruthy();
        return;
      }
      expect(found.columns.length).toBe(found.plan.columns.length);
      for (const { count, missing } of found.columns) {
        expect(count).toBe(found.rows);
        expect(missing).toBeLessThanOrEqual(count);
      }
    }),
    { numRuns: 1000 },
  );
}, 300_000);

test("truncated at every byte of the head", async () => {
  for (let end = 0; end < 120; end++) {
    const found = await answer(MODELS[0].slice(0, end));
    if (found instanceof AppError) expect(found.place.fix).toBeTruthy();
    else expect(found.rows).toBeGreaterThan(0);
  }
});

test("profile, table and page have the same rows", async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async (how) => {
      const path = fileOf(mutate(how));
      const profile = await profileCsv(path, {}, { name: "a" }).catch(() => null);
      if (!profile) return;
      const table = await loadTable(path, profile.plan);
      const page = await readPage(path, profile.plan, { offset: 0, limit: 50 });
      expect(table.rows).toBe(profile.rows);
      expect(page).toEqual(profile.preview);
      for (const [k, column] of table.columns.entries()) {
        const missing =
          "codes" in column ? column.codes.filter((code) => code < 0) : column.values.filter(Number.isNaN);
        expect(missing.length).toBe(profile.columns[k].missing);
      }
    }),
    { numRuns: 300 },
  );
}, 300_000);

describe("a cell of a megabyte is not read as a number or a date", () => {
  // Anything worse than linear would run into the runner's own limit.
  for (const unit of [
    "1",
    "1,",
    "1.1",
    "(",
    " ",
    "-",
    "$",
    "2024-",
    "a ",
    '"',
    "é",
    "1 ",
    "9'",
    "1,234,",
    "Jan ",
  ]) {
    test(JSON.stringify(unit), () => {
      const cell = unit.repeat((1 << 20) / unit.length);
      expect(["number", "odd", "word", "code", "empty", "date"]).toContain(cellKind(cell));
      expect(parseNumber(cell, PLAIN_NUMBER)).toBeNaN();
      expect(parseDate(cell, "M/d/yyyy")).toBeNaN();
      expect(sniffNumberFormat([cell, cell], { delimiter: "," }).share).toBe(0);
      expect(sniffDateFormat([cell, cell])).toBeNull();
    });
  }
});

describe("odd sizes", () => {
  test("names that contain code are only names", async () => {
    const header = "__proto__,constructor,<img src=x onerror=alert(1)>,toString,=1+1";
    const lines = Array.from({ length: 20 }, (_, k) => `${k % 3},${k},a${k % 2},${k % 5},b`);
    const profile = await profileCsv(
      fileOf(`${header}\n${lines.join("\n")}\n`),
      { types: JSON.parse('{"toString": "category"}') as Record<string, ColumnType> },
      { name: "a" },
    );
    expect(profile.columns.map(({ name }) => name)).toEqual(header.split(","));
    expect(profile.columns[0].distinct).toBe(3);
    expect(profile.columns[3].type).toBe("category");
    expect(profile.columns[1].type).toBe("number");
  });

  test("repeated column names get a number and a finding", async () => {
    const profile = await profileCsv(fileOf("a,a,a,\n1,2,3,4\n5,6,7,8\n"), {}, { name: "a" });
    expect(profile.columns.map(({ name }) => name)).toEqual(["a", "a_2", "a_3", "column_4"]);
    expect(profile.findings.filter(({ code }) => code === "duplicate_name").length).toBe(2);
  });

  test("row names without a header, as R writes them", async () => {
    const profile = await profileCsv(
      fileOf("mpg,cyl\nMazda,21,6\nDatsun,22.8,4\nHornet,21.4,6\n"),
      {},
      { name: "a" },
    );
    expect(profile.columns.map(({ name }) => name)).toEqual(["column_1", "mpg", "cyl"]);
  });

  test("two thousand columns", async () => {
    const row = (k: number) =>
      Array.from({ length: 2000 }, (_, c) => (k === 0 ? `c${c}` : (k * c) % 7)).join(",");
    const profile = await profileCsv(
      fileOf(Array.from({ length: 12 }, (_, k) => row(k)).join("\n")),
      {},
      { name: "a" },
    );
    expect([profile.rows, profile.columns.length]).toEqual([11, 2000]);
  });

  test("a cell of 8 MB, a hundred thousand empty lines, a quote that never closes", async () => {
    const big = "x".repeat(8 << 20);
    expect((await rowsOf(`a,b\n1,"${big}"\n2,y\n`)).rows[1][1].length).toBe(big.length);
    expect((await rowsOf(`a,b\n1,2\n${"\n".repeat(100_000)}3,4\n`)).rows).toEqual([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
    ]);
    const { rows } = await rowsOf(`"a,b\n${"1,2\n".repeat(500_000)}`);
    expect([rows.length, rows[0]]).toEqual([500_001, ['"a', "b"]]);
  });

  test("a row that never ends is refused", async () => {
    const found = await answer(Buffer.alloc(70 << 20, "x"));
    expect(found).toMatchObject({ place: { row: 1, near: `${"x".repeat(80)}…` } });
  });
});

describe("an error quotes the file", () => {
  const files: [string, string, object][] = [
    ["JSON", '[{"a": 1}]\n', { near: '[{"a": 1}]\\n' }],
    ["a header only", "a;b\n", { row: 1, near: "a;b" }],
    ["one column", "name\nx\ny\n", { row: 1, column: "name", near: "name, x, y" }],
  ];
  for (const [what, text, place] of files)
    test(what, async () => expect(await answer(Buffer.from(text))).toMatchObject({ place }));
});

test("a cell or name of 400,000 characters takes linear time, whatever it contains", () => {
  for (const unit of ["1", "-", ".", ".-", " ", ",", "1,", "a", "a ", "é", "\t"]) {
    for (const end of ["", "!", "1", "\n!"]) {
      const text = `-${unit.repeat(400_000 / unit.length)}${end}`;
      expect(writeCell(text).length).toBeGreaterThan(400_000);
      expect(slug(`a${text}`).length).toBeLessThanOrEqual(60);
      expect(cellKind(text)).toBeString();
      expect(parseNumber(text, PLAIN_NUMBER)).toBeNaN();
    }
  }
});
