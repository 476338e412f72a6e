/** What real files contain besides plain values: a footnote, a unit, a month, an ID that is not a number. */
import { expect, test } from "bun:test";
import { sniffDateFormat } from "../../../../core/csv/cells/dates/date-format.ts";
import { parseDate } from "../../../../core/csv/cells/dates/dates.ts";
import { sniffNumberFormat } from "../../../../core/csv/cells/numbers/number-format.ts";
import { parseNumber } from "../../../../core/csv/cells/numbers/numbers.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

const many = (count: number, cell: (k: number) => string) => Array.from({ length: count }, (_, k) => cell(k));

async function column(cells: readonly string[], name = "v", beside = (k: number) => String((k * 7) % 11)) {
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const text = `n,${name}\n${cells.map((cell, k) => `${beside(k)},${quoted(cell)}`).join("\n")}\n`;
  const profile = await profileCsv(fileOf(text), {}, { name: "kinds.csv" });
  const at = profile.columns.findIndex((known) => known.name === name);
  return {
    ...profile.columns[at]!,
    plan: profile.plan.columns[at]!,
    codes: profile.findings.map(({ code }) => code),
    findings: profile.findings,
  };
}

const NUMBERS: [string, string, number][] = [
  ["a dash for no cents", "CHF 863.-", 863],
  ["millions", "$1.1M", 1_100_000],
  ["underscores", "1_626", 1626],
  ["a unit", "12.5 km/h", 12.5],
  ["hours and minutes", "1h 30m", 5400],
  ["feet and inches", "5'11\"", 71],
  ["hexadecimal", "0xa2", 162],
  ["out of five", "4.5/5", 4.5],
  ["about", "~12", 12],
  ["with a margin", "1.6±0.3", 1.6],
];
for (const [name, text, value] of NUMBERS) {
  test(`numbers: ${name}`, () => {
    const values = many(40, (k) => text.replace(text.endsWith("/5") ? /\d/ : /\d(?=\D*$)/, String(k % 10)));
    const { format } = sniffNumberFormat([...new Set([text, ...values])], { delimiter: "," });
    expect(parseNumber(text, format)).toBeCloseTo(value, 9);
  });
}

test("one odd cell is missing and reported with its row; the column keeps its type", async () => {
  for (const odd of ["88.2*", "<20", "1e999", "see note 4"]) {
    const found = await column(many(200, (k) => (k === 150 ? odd : `${k}.5`)));
    expect(found.type).toBe("number");
    expect(found.missing).toBe(1);
  }
  const found = await column(many(200, (k) => (k === 150 ? "88.2*" : `${k}.5`)));
  expect(found.findings.find(({ code }) => code === "unread_values")).toMatchObject({ row: 152 });
});

test("a date column stays one despite 0000-00-00, a single time and 30 February", async () => {
  const odd = ["0000-00-00", "11:34", "2021-02-30"];
  const found = await column(
    many(200, (k) => odd[k - 90] ?? new Date(Date.UTC(2020, 0, k)).toISOString().slice(0, 10)),
  );
  expect([found.type, found.missing]).toEqual(["date", 3]);
});

test("ids of nineteen digits, part numbers and postcodes are labels", async () => {
  expect((await column(many(60, (k) => `14040000000000000${10 + k}`))).distinct).toBe(60);
  expect((await column(many(60, (k) => `${1 + (k % 9)}E${k % 4}`))).type).toBe("category");
  expect((await column(many(60, (k) => `0${1000 + (k % 20)}`))).type).toBe("category");
});

test("unique whole numbers are used if the name is a measurement, and ignored if it is a counter", async () => {
  const scattered = many(100, (k) => String(1000 + ((k * 7919) % 8000)));
  expect((await column(scattered, "price index")).type).toBe("number");
  expect(
    (
      await column(
        many(100, (k) => String(k + 1)),
        "row",
      )
    ).type,
  ).toBe("id");
});

test("thousands separators are decided by the values and by the other columns", async () => {
  const mixed = many(60, (k) => (k % 3 ? `${1 + k}.${100 + ((k * 37) % 900)}` : String(100 + k)));
  expect((await column(mixed)).min).toBeGreaterThanOrEqual(100);
  const beside = (k: number) => `"${k},5"`;
  expect(
    (
      await column(
        many(20, (k) => `${1 + k}.${100 + k}`),
        "v",
        beside,
      )
    ).max,
  ).toBe(20_119);
});

test("months of several years are months, not days of January", () => {
  const months = many(60, (k) => `${1 + (k % 12)}/1/${2012 + Math.floor(k / 12)}`);
  expect(sniffDateFormat(months)).toMatchObject({ format: "M/d/yyyy", isAmbiguous: false });
});

const DATES: [string, string][] = [
  ["a log", "01/Mar/2020:03:00:00 +0000"],
  ["ctime", "Sun Mar 01 03:00:00 2020"],
  ["a tweet", "Sun Mar 01 03:00:00 +0000 2020"],
  ["JavaScript", "Sun Mar 01 2020 03:00:00 GMT+0000 (UTC)"],
  ["Oracle", "01-Mar-20 03.00.00.000000 AM"],
  ["SQL Server", "Mar 01 2020 03:00AM"],
  ["compact", "20200301T030000Z"],
  ["DB2", "2020-03-01-03.00.00"],
  ["German", "01.03.2020, 03:00 Uhr"],
  ["a zone by name", "2020-03-01 04:00 CET"],
  ["a region", "2020-03-01 04:00 Europe/Berlin"],
];
for (const [name, text] of DATES) {
  test(`dates: ${name}`, () => {
    const { format, yearFrom } = sniffDateFormat([text])!;
    expect(parseDate(text, format, yearFrom)).toBe(Date.UTC(2020, 2, 1, 3));
  });
}

test("two-digit years become the plausible century", () => {
  const { format, yearFrom } = sniffDateFormat(["25/03/45", "01/12/99", "07/06/62"])!;
  expect(new Date(parseDate("25/03/45", format, yearFrom)).getUTCFullYear()).toBe(1945);
});

const STYLES: Record<string, (date: Date) => string> = {
  iso: (date) => date.toISOString().slice(0, 10),
  german: (date) => date.toISOString().slice(0, 10).split("-").reverse().join("."),
  american: (date) => `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`,
  british: (date) => date.toISOString().slice(0, 10).split("-").reverse().join("/"),
  short: (date) => date.toISOString().slice(2, 10).split("-").reverse().join("."),
  named: (date) => date.toUTCString().slice(5, 16),
  compact: (date) => date.toISOString().slice(0, 10).replaceAll("-", ""),
  time: (date) => date.toISOString(),
};
const dayOf = (k: number) => new Date(Date.UTC(2023, 0, 1 + ((k * 37) % 700)));
for (const styles of ["german iso", "american iso", "named german time", "short iso", "iso compact"]) {
  test(`dates in several styles that do not contradict each other are dates: ${styles}`, async () => {
    const written = styles.split(" ").map((style) => STYLES[style]!);
    const found = await column(many(90, (k) => written[k % written.length]!(dayOf(k))));
    expect([found.type, found.missing]).toEqual(["date", 0]);
    expect(found.codes).toContain("date_styles");
    const read = (k: number) =>
      parseDate(written[k % written.length]!(dayOf(k)), found.plan.dateFormat!, found.plan.yearFrom);
    for (let k = 0; k < 90; k++) expect(read(k)).toBe(dayOf(k).getTime());
  });
}

test("day-first and month-first dates in one column are reported, not guessed", async () => {
  const found = await column(many(90, (k) => (k % 2 ? STYLES.american! : STYLES.british!)(dayOf(k))));
  expect(found.codes).toContain("mixed_dates");
  expect(found.type).not.toBe("date");
});

const TOOK: [string, string, (k: number) => string, [number, number]][] = [
  ["clocks by the column's name", "elapsed", (k) => `0:${10 + (k % 40)}:05`, [605, 2945]],
  ["minutes with a fraction", "v", (k) => `${k % 60}:30.5`, [30.5, 59 * 60 + 30.5]],
  [
    "months beside years",
    "tenure",
    (k) => (k % 3 ? `${1 + (k % 40)} months` : `${1 + (k % 5)} years`),
    [1, 60],
  ],
  ["bytes in lower case", "size", (k) => (k % 3 ? `${1 + k}kb` : `${1 + (k % 7)}MB`), [2, 7000]],
  ["per mille beside per cent", "share", (k) => (k % 2 ? `${k}.0‰` : `${1 + (k % 9)}.0%`), [0.1, 9.9]],
];
for (const [name, column_, cell, [min, max]] of TOOK) {
  test(`numbers: ${name}`, async () => {
    const found = await column(many(100, cell), column_);
    expect([found.type, found.missing]).toEqual(["number", 0]);
    expect([found.min, found.max]).toEqual([expect.closeTo(min, 9), expect.closeTo(max, 9)]);
  });
}

test("zeros count as missing among dates in digits, and seconds since 1970 may have fractions", async () => {
  for (const zero of ["0", "00000000"]) {
    const found = await column(
      many(90, (k) => (k % 9 ? STYLES.compact!(dayOf(k)) : zero)),
      "date",
    );
    expect([found.type, found.missing]).toEqual(["date", 10]);
  }
  expect(
    (
      await column(
        many(90, (k) => `${1_600_000_000 + 977 * k}.25`),
        "timestamp",
      )
    ).type,
  ).toBe("date");
});

test("amounts in thousands, millions and plain decimals are one numeric column", () => {
  const amount = (k: number) => Math.round(10 * 9e5 ** (k / 200) * 100) / 100;
  const written = (value: number) => {
    if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
    return value >= 1000 ? `${(value / 1000).toFixed(2)}k` : value.toFixed(2);
  };
  const { format, share } = sniffNumberFormat(
    many(200, (k) => written(amount(k))),
    { delimiter: "," },
  );
  expect(share).toBe(1);
  expect(parseNumber("605.19", format)).toBe(605.19);
  expect(parseNumber("207.78k", format)).toBe(207_780);
  expect(parseNumber("3.70M", format)).toBe(3_700_000);
});
