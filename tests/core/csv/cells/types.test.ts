/** Checks that columns get the types a person would give them, and their cells the right values. */
import { describe, expect, test } from "bun:test";
import { loadTable } from "../../../../core/csv/columns/load.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import type { CsvProfile, ReadingChoices } from "../../../../core/csv/types.ts";
import { AppError } from "../../../../core/platform/errors.ts";
import { parseCell } from "../../../reference/parse-cell.ts";
import { fileOf } from "../files.ts";

const ROWS = 24;

/** A file with an odd row counter beside the column in question, its values taken in turn. */
async function profileOf(
  values: readonly string[],
  options: { name?: string; delimiter?: string; choices?: ReadingChoices } = {},
) {
  const { name = "v", delimiter = ",", choices = {} } = options;
  const cell = (text: string) => (/[",;\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = Array.from(
    { length: ROWS },
    (_, k) => `${(k * 7) % 11}${delimiter}${cell(values[k % values.length])}`,
  );
  const path = fileOf(`n${delimiter}${name}\n${lines.join("\n")}\n`);
  return { path, profile: await profileCsv(path, choices, { name: "values.csv" }) };
}

const planOf = (profile: CsvProfile) => profile.plan.columns[1];

describe("numbers", () => {
  const cases: [string, string[], number[]][] = [
    ["plain", ["1", "2.5", "-3", "1e3", ".5"], [1, 2.5, -3, 1000, 0.5]],
    ["thousands", ["1,234", "12", "1,234,567.5"], [1234, 12, 1234567.5]],
    ["decimal commas", ["1,5", "2,25", "-0,75"], [1.5, 2.25, -0.75]],
    ["points and decimal commas", ["1.234,5", "12,25", "1.234.567,0"], [1234.5, 12.25, 1234567]],
    ["blanks", ["1 234,5", "12,25", "1\u00a0234 567,0"], [1234.5, 12.25, 1234567]],
    ["apostrophes", ["1'234.5", "12.25"], [1234.5, 12.25]],
    ["Indian groups", ["12,34,567", "1,234", "99"], [1234567, 1234, 99]],
    ["dollars", ["$1,200.50", "-$3", "$-4", "($5.00)"], [1200.5, -3, -4, -5]],
    ["euros behind", ["12,50 €", "3,00 €"], [12.5, 3]],
    ["codes", ["USD 12", "USD 3.5"], [12, 3.5]],
    ["percent", ["12%", "3.5 %"], [12, 3.5]],
    ["parentheses", ["(12)", "3"], [-12, 3]],
    ["minus behind", ["12-", "3"], [-12, 3]],
    ["typographic minus", ["−12", "3"], [-12, 3]],
  ];
  for (const [name, values, expected] of cases) {
    test(name, async () => {
      const { path, profile } = await profileOf(values);
      expect(planOf(profile).type).toBe("number");
      expect(values.map((value) => parseCell(planOf(profile), value))).toEqual(expected);
      const table = await loadTable(path, profile.plan);
      const column = table.columns[1];
      expect(column.type === "number" && [...column.values.slice(0, values.length)]).toEqual(expected);
    });
  }

  test("in a file separated by semicolons a single comma is a decimal comma", async () => {
    const { profile } = await profileOf(["1,234", "2,500", "7,125"], { delimiter: ";" });
    expect(parseCell(planOf(profile), "1,234")).toBe(1.234);
  });
});

describe("dates", () => {
  const day = Date.UTC(2024, 2, 25);
  const cases: [string, string[], number][] = [
    ["ISO", ["2024-03-25", "2024-12-01"], day],
    ["ISO with time", ["2024-03-25T10:30:00Z", "2024-12-01T00:00:00Z"], day + 37_800_000],
    ["with a zone", ["2024-03-25 10:30:00+02:00", "2024-12-01 00:00:00+02:00"], day + 30_600_000],
    ["with milliseconds", ["2024-03-25 10:30:00.250", "2024-12-01 00:00:00.500"], day + 37_800_250],
    ["slashes, year first", ["2024/03/25", "2024/12/01"], day],
    ["month first", ["3/25/2024", "12/1/2024"], day],
    ["day first", ["25/03/2024", "01/12/2024"], day],
    ["points", ["25.03.2024", "01.12.2024"], day],
    ["dashes, day first", ["25-03-2024", "01-12-2024"], day],
    ["short years", ["25/03/24", "01/12/24"], day],
    ["month's name", ["25 Mar 2024", "1 Dec 2024"], day],
    ["month's full name", ["March 25, 2024", "December 1, 2024"], day],
    ["Oracle", ["25-MAR-24", "01-DEC-24"], day],
    ["log", ["25/Mar/2024 10:30:00", "01/Dec/2024 00:00:00"], day + 37_800_000],
    ["mail", ["Mon, 25 Mar 2024 10:30:00 GMT", "Sun, 01 Dec 2024 00:00:00 GMT"], day + 37_800_000],
    ["German month", ["25. März 2024", "1. Dezember 2024"], day],
    ["French month", ["25 mars 2024", "1 décembre 2024"], day],
    ["Chinese", ["2024年3月25日", "2024年12月1日"], day],
    ["twelve hours", ["3/25/2024 10:30 PM", "12/1/2024 1:00 AM"], day + 81_000_000],
    ["month and year", ["Mar 2024", "Dec 2024"], Date.UTC(2024, 2, 1)],
    ["year and month", ["2024-03", "2024-12"], Date.UTC(2024, 2, 1)],
  ];
  for (const [name, values, expected] of cases) {
    test(name, async () => {
      const { path, profile } = await profileOf(values);
      expect(planOf(profile).type).toBe("date");
      expect(parseCell(planOf(profile), values[0])).toBe(expected);
      const column = (await loadTable(path, profile.plan)).columns[1];
      expect(column.type === "date" && column.values[0]).toBe(expected);
    });
  }

  test("eight digits are a date if the name says so, otherwise a number", async () => {
    expect(planOf((await profileOf(["20240325", "20241201"], { name: "date" })).profile).type).toBe("date");
    expect(planOf((await profileOf(["20240325", "20241201"], { name: "parcel" })).profile).type).toBe(
      "number",
    );
  });

  test("a column whose dates could be either order is reported as ambiguous", async () => {
    const { profile } = await profileOf(["01/02/2024", "03/04/2024"]);
    expect(profile.findings.find(({ code }) => code === "ambiguous_dates")?.message).toContain("month first");
  });

  test("one value that only fits one order decides for all, even far down", async () => {
    const lines = Array.from(
      { length: 6000 },
      (_, k) => `${k % 7},${String(1 + (k % 12)).padStart(2, "0")}/0${1 + (k % 9)}/2023`,
    );
    const path = fileOf(`n,at\n${lines.join("\n")}\n1,25/03/2024\n`);
    const profile = await profileCsv(path, {}, { name: "late.csv" });
    expect(planOf(profile).dateFormat).toBe("d/M/yyyy");
    expect(profile.columns[1].missing).toBe(0);
  });

  test("a day that does not exist is not a date", () => {
    const plan = { name: "d", type: "date", missingWords: [], dateFormat: "yyyy-M-d" } as const;
    expect(parseCell({ ...plan, missingWords: [] }, "2023-02-29")).toBeNull();
    expect(parseCell({ ...plan, missingWords: [] }, "2024-02-29")).toBe(Date.UTC(2024, 1, 29));
  });
});

describe("words", () => {
  const cases: [string, string[], string][] = [
    ["yes and no", ["yes", "No"], "boolean"],
    ["ja and nein", ["ja", "nein"], "boolean"],
    ["true and false with gaps", ["TRUE", "false", "", "n/a"], "boolean"],
    ["labels", ["red", "green", "blue"], "category"],
    ["labels like numbers", ["-10.000)", "[10.000", "20.000"], "category"],
    ["labels with signs", ["<=50K", ">50K"], "category"],
    ["ranges", ["10-20", "20-30", "30+"], "category"],
    ["postcodes", ["01234", "99999", "00501"], "category"],
    ["dialling codes", ["0049", "0033"], "category"],
    ["versions", ["1.2.3", "1.10.0"], "category"],
    [
      "country codes keep Namibia",
      ["NA", "DE", "FR", "IT", "ES", "PT", "PL", "NL", "BE", "AT", "CH"],
      "category",
    ],
  ];
  for (const [name, values, type] of cases) {
    test(name, async () => expect(planOf((await profileOf(values)).profile).type).toBe(type as "category"));
  }

  test("NA is a country code among country codes, and missing elsewhere", async () => {
    const codes = ["NA", "DE", "FR", "IT", "ES", "PT", "PL", "NL", "BE", "AT", "CH"];
    expect((await profileOf(codes)).profile.columns[1].missing).toBe(0);
    expect((await profileOf(["NA", "red", "green"])).profile.columns[1].missing).toBe(8);
  });

  test("sentences are text; codes that never repeat are IDs", async () => {
    const lines = Array.from(
      { length: 60 },
      (_, k) => `${k % 5},Remark number ${k} about this and that,K-${1000 + k}`,
    );
    const profile = await profileCsv(fileOf(`n,remark,code\n${lines.join("\n")}\n`), {}, { name: "a" });
    expect(profile.columns.map(({ type }) => type)).toEqual(["number", "text", "id"]);
  });
});

describe("missing", () => {
  for (const word of ["NA", "N/A", "null", "None", "?", "-", ".", "nan", "#N/A", "unknown"]) {
    test(`${word} among numbers`, async () => {
      const { profile } = await profileOf(["1", "2", word, "4"]);
      expect(profile.columns[1]).toMatchObject({ type: "number", missing: ROWS / 4, count: ROWS, max: 4 });
      expect(parseCell(planOf(profile), word)).toBeNull();
    });
  }

  test("eleven blank cells do not change a numeric column", async () => {
    const lines = Array.from({ length: 400 }, (_, k) => `${k % 5},${k % 36 === 0 ? " " : k / 4}`);
    const profile = await profileCsv(fileOf(`n,v\n${lines.join("\n")}\n`), {}, { name: "a" });
    expect(profile.columns[1]).toMatchObject({ type: "number", missing: 12 });
  });

  test("a single word among numbers is reported", async () => {
    const lines = Array.from({ length: 100 }, (_, k) => `${k % 5},${k % 50 === 0 ? "withheld" : k}`);
    const profile = await profileCsv(fileOf(`n,v\n${lines.join("\n")}\n`), {}, { name: "a" });
    expect(profile.columns[1]).toMatchObject({ type: "number", missing: 2 });
    expect(profile.findings.some(({ code, column }) => code === "stray_words" && column === "v")).toBe(true);
  });

  test("one word in a third of many different numbers is still missing", async () => {
    const lines = Array.from({ length: 300 }, (_, k) => `${k % 5},${k % 3 === 0 ? "suppressed" : k / 8}`);
    const profile = await profileCsv(fileOf(`n,v\n${lines.join("\n")}\n`), {}, { name: "a" });
    expect(profile.columns[1]).toMatchObject({ type: "number", missing: 100 });
    const labels = Array.from({ length: 300 }, (_, k) => `${k % 5},${k % 3 === 0 ? "other" : k % 4}`);
    const few = await profileCsv(fileOf(`n,v\n${labels.join("\n")}\n`), {}, { name: "a" });
    expect(few.columns[1].type).toBe("category");
  });

  test("words far down the file make a column of numbers a category", async () => {
    const lines = Array.from({ length: 9000 }, (_, k) => `${k % 5},${k < 4000 ? k % 9 : `grade ${k % 9}`}`);
    const profile = await profileCsv(fileOf(`n,v\n${lines.join("\n")}\n`), {}, { name: "a" });
    expect(profile.columns[1]).toMatchObject({ type: "category", missing: 0, distinct: 18 });
  });
});

describe("choices", () => {
  test("a chosen type holds; cells that do not fit are missing", async () => {
    const { profile } = await profileOf(["1", "two", "3"], { choices: { types: { v: "number" } } });
    expect(profile.columns[1]).toMatchObject({ type: "number", missing: ROWS / 3 });
  });

  test("dropped columns disappear, the others keep their cells", async () => {
    const { path, profile } = await profileOf(["a", "b"], { choices: { drop: ["n"] } });
    expect(profile.columns.map(({ name }) => name)).toEqual(["v"]);
    const table = await loadTable(path, profile.plan);
    expect(table.columns.map((column) => "labels" in column && column.labels)).toEqual([["a", "b"]]);
  });

  test("unknown names are refused with a list of the known ones", async () => {
    const refusal = await profileOf(["a", "b"], { choices: { target: "V" } }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(AppError);
    expect((refusal as AppError).place.fix).toBe("Did you mean v?");
  });

  test("delimiter, quote, header row and encoding are used as chosen", async () => {
    const path = fileOf(Buffer.from("x\ny\na;b,c\n1;'2,5';3\n4;5;6\n", "latin1"));
    const told = await profileCsv(
      path,
      { delimiter: ";", quote: "'", header: 3, encoding: "latin1" },
      { name: "a" },
    );
    expect(told.columns.map(({ name }) => name)).toEqual(["a", "b,c", "column_3"]);
    expect(told.preview).toEqual([
      ["1", "2,5", "3"],
      ["4", "5", "6"],
    ]);
    const headless = await profileCsv(path, { delimiter: ";", header: false }, { name: "a" });
    expect(headless.columns[0].name).toBe("column_1");
  });

  test("an invalid choice is refused with the valid ones", async () => {
    const path = fileOf("a,b\n1,2\n3,4\n");
    const wrong: ReadingChoices[] = [
      { delimiter: "\n" },
      { delimiter: "" },
      { quote: "ab" },
      { header: 0 },
      { header: 2.5 },
      { encoding: "klingon" },
      { types: { b: "colour" as "text" } },
      { drop: ["z"] },
      { target: "a", drop: ["a"] },
    ];
    for (const choices of wrong) {
      const refusal = await profileCsv(path, choices, { name: "a" }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(AppError);
      expect((refusal as AppError).place.fix).toBeTruthy();
    }
  });

  test("odd rows of the preview are marked", async () => {
    const path = fileOf('a,b,c\n1,2,3\n4,5\n6,7,8\n9,x"y,1\n2,3,4\n');
    const profile = await profileCsv(path, {}, { name: "a" });
    expect(profile.previewOdd).toEqual([1, 3]);
    expect(profile.findings.map(({ code, row }) => [code, row])).toEqual([
      ["short_rows", 3],
      ["bare_quotes", 5],
    ]);
  });
});
