/** How people and programs of many countries write numbers, days and stretches of time. */
import { describe, expect, test } from "bun:test";
import { loadTable } from "../../../../core/csv/columns/load.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import type { Finding, ReadingChoices } from "../../../../core/csv/types.ts";
import { fileOf } from "../files.ts";

const ROWS = 240;
const DAY = 86_400_000;

type Cell = readonly [text: string, value: number];

interface Read {
  type: string;
  values: number[];
  findings: Finding[];
}

async function readColumn(
  cells: readonly string[],
  { name = "val", delimiter = ",", choices = {} as ReadingChoices } = {},
): Promise<Read> {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = cells.map((text, k) => `${"abc"[k % 3]}${delimiter}${quoted(text)}`);
  const path = fileOf(`g${delimiter}${name}\n${lines.join("\n")}\n`);
  const { plan, columns, findings } = await profileCsv(path, choices, { name: "styles.csv" });
  const column = (await loadTable(path, plan)).columns[1]!;
  const told = findings.filter((finding) => finding.column === name);
  return { type: columns[1]!.type, values: "values" in column ? [...column.values] : [], findings: told };
}

async function expectRead(
  type: string,
  cell: (k: number) => Cell,
  options: { name?: string; delimiter?: string } = {},
): Promise<void> {
  const cells = Array.from({ length: ROWS }, (_, k) => cell(k));
  const read = await readColumn(
    cells.map(([text]) => text),
    options,
  );
  expect(read.type).toBe(type);
  cells.forEach(([text, value], k) => {
    expect([text, Math.abs(read.values[k]! - value) <= 1e-9 * Math.max(1, Math.abs(value))]).toEqual([
      text,
      true,
    ]);
  });
}

/** 13 is "1 5/8". */
function eighths(count: number): string {
  const [whole, rest] = [count >> 3, count & 7];
  const parts = [1, 2, 4].find((part) => rest % (2 * part) !== 0) ?? 1;
  if (rest === 0) return String(whole);
  return `${whole > 0 ? `${whole} ` : ""}${rest / parts}/${8 / parts}`;
}

describe("numbers", () => {
  const amount = (k: number) => 10 + ((k * 7919) % 9000);
  const cases: [string, (k: number) => Cell][] = [
    ["a dash for the sign", (k) => (k % 4 ? [`${amount(k)}`, amount(k)] : [`–${amount(k)}`, -amount(k)])],
    ["wide signs", (k) => [`￥${k % 4 ? "" : "－"}${amount(k)}`, k % 4 ? amount(k) : -amount(k)]],
    ["ten thousands", (k) => (k % 3 ? [`${amount(k)}`, amount(k)] : [`${amount(k)}万`, amount(k) * 1e4])],
    [
      "mln and mld",
      (k) => (k % 3 ? [`${amount(k)} mln`, amount(k) * 1e6] : [`${amount(k)} mld`, amount(k) * 1e9]),
    ],
    [
      "тыс. and млн",
      (k) => (k % 3 ? [`${amount(k)} тыс.`, amount(k) * 1e3] : [`${amount(k)} млн`, amount(k) * 1e6]),
    ],
    [
      "hours and minutes",
      (k) => [`${1 + (k % 9)}h${10 + (k % 50)}`, 3600 * (1 + (k % 9)) + 60 * (10 + (k % 50))],
    ],
    [
      "days and hours",
      (k) => [`${1 + (k % 9)} días ${k % 24} horas`, DAY * 0.001 * (1 + (k % 9)) + 3600 * (k % 24)],
    ],
    [
      "differences of pandas",
      (k) =>
        k % 5
          ? [`${k % 60} days 04:10:00`, 86_400 * (k % 60) + 15_000]
          : ["-1 days +04:10:00", 15_000 - 86_400],
    ],
  ];
  for (const [name, cell] of cases) test(name, () => expectRead("number", cell));

  const fractions: [string, (k: number) => Cell][] = [
    ["eighths of an inch", (k) => [eighths(k % 40), (k % 40) / 8]],
    [
      "with a dash and a sign",
      (k) => [
        eighths(k % 40)
          .replace(" ", "-")
          .replace(/(\/\d)$/, '$1"'),
        (k % 40) / 8,
      ],
    ],
    [
      "signs of fractions",
      (k) => [k % 4 ? `${k % 50}${"¼½¾"[(k % 4) - 1]}` : `${k % 50}`, (k % 50) + (k % 4) / 4],
    ],
    [
      "less than one",
      (k) => [
        ["1/2", "1/4", "3/4", "5/8", "7/16", "1/8"][k % 6]!,
        [0.5, 0.25, 0.75, 0.625, 0.4375, 0.125][k % 6]!,
      ],
    ],
    ["degrees of two scales", (k) => (k % 2 ? [`${k % 40}°C`, k % 40] : [`${k - 20} °F`, (k - 52) / 1.8])],
    [
      "money that came and went",
      (k) => (k % 3 ? [`${amount(k)}.50 CR`, amount(k) + 0.5] : [`${amount(k)}.50 Dr.`, -amount(k) - 0.5]),
    ],
    [
      "Soll und Haben",
      (k) => (k % 3 ? [`${amount(k)}.50 H`, amount(k) + 0.5] : [`${amount(k)}.50 S`, -amount(k) - 0.5]),
    ],
    ["out of five", (k) => [`${(k % 10) / 2} out of 5`, (k % 10) / 2]],
    [
      "lakh and crore",
      (k) =>
        k % 3 ? [`${amount(k)}.5 Lakh`, (amount(k) + 0.5) * 1e5] : [`${amount(k)} Cr`, amount(k) * 1e7],
    ],
    [
      "powers of ten",
      (k) => [`${1 + (k % 9)}.5${k % 2 ? "x" : " × "}10^${k % 5}`, (1.5 + (k % 9)) * 10 ** (k % 5)],
    ],
    ["a mark on a quarter", (k) => [k % 4 ? `${k % 90}` : `${k % 90}+`, k % 90]],
  ];
  for (const [name, cell] of fractions) test(name, () => expectRead("number", cell));

  test("several currencies are said", async () => {
    const told = async (cell: (k: number) => string) =>
      (await readColumn(Array.from({ length: ROWS }, (_, k) => cell(k)))).findings.map(({ code }) => code);
    expect(await told((k) => `${k % 2 ? "$" : "€"}${amount(k)}`)).toContain("mixed_currencies");
    expect(await told((k) => `${amount(k)} ${k % 2 ? "USD" : "CHF"}`)).toContain("mixed_currencies");
    expect(await told((k) => `$${amount(k)}`)).not.toContain("mixed_currencies");
  });

  test("pairs are divided where the user reads them as a number", async () => {
    const cells = Array.from({ length: ROWS }, (_, k) => `${100 + (k % 70)}/${60 + (k % 40)}`);
    const { values } = await readColumn(cells, { choices: { types: { val: "number" } } });
    expect(values.slice(0, 2)).toEqual([100 / 60, 101 / 61]);
  });

  test("days without a year, sizes and seats are not fractions, degrees or sides of a ledger", async () => {
    const columns: ((k: number) => string)[] = [
      (k) => `${1 + (k % 12)}/${1 + ((k * 7) % 28)}`,
      (k) => `${75 + 5 * (k % 5)} ${"CD"[k % 2]}`,
      (k) => `${1 + (k % 30)}${"CF"[k % 2]}`,
    ];
    for (const cell of columns)
      expect((await readColumn(Array.from({ length: ROWS }, (_, k) => cell(k)))).type).toBe("category");
  });

  test("units that cannot be converted are said", async () => {
    const cells = Array.from({ length: ROWS }, (_, k) => (k % 3 ? `${k % 40} kg` : `${32 + k} litres`));
    const { type, findings } = await readColumn(cells);
    expect(type).toBe("category");
    expect(findings.map(({ code }) => code)).toContain("mixed_units");
  });

  test("pairs and ranges are said to be read as labels; names of streets are not", async () => {
    const pressures = await readColumn(
      Array.from({ length: ROWS }, (_, k) => `${100 + (k % 70)}/${60 + (k % 40)}`),
    );
    const told = pressures.findings.find(({ code }) => code === "number_pairs");
    expect([pressures.type, told?.fix]).toEqual(["category", { types: { val: "number" } }]);
    const ranges = await readColumn(Array.from({ length: ROWS }, (_, k) => `${k % 70} - ${71 + (k % 40)}`));
    expect(ranges.findings.find(({ code }) => code === "number_like")?.fix).toEqual({ exclude: ["val"] });
    const street = (k: number) => String.fromCharCode(97 + (k % 26), 97 + ((k * 5) % 17));
    const streets = Array.from({ length: ROWS }, (_, k) => `${k % 90} ${street(k)} Street`);
    expect((await readColumn(streets)).findings.map(({ code }) => code)).not.toContain("number_like");
  });
});

describe("days", () => {
  const time = (k: number) => Date.UTC(2023, 0, 1) + ((k * 37) % 700) * DAY;
  const parts = (k: number) => {
    const date = new Date(time(k));
    return { d: date.getUTCDate(), m: date.getUTCMonth(), y: date.getUTCFullYear() };
  };
  const two = (value: number) => String(value).padStart(2, "0");
  const iso = (k: number) => new Date(time(k)).toISOString().slice(0, 10);
  const MONTHS: Record<string, string> = {
    Swedish: "januari februari mars april maj juni juli augusti september oktober november december",
    Norwegian: "januar februar mars april mai juni juli august september oktober november desember",
    Polish:
      "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    Russian: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    Turkish: "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    French: "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
  };
  for (const [language, names] of Object.entries(MONTHS))
    test(`months in ${language}, their accents in either form`, () =>
      expectRead("date", (k) => {
        const { d, m, y } = parts(k);
        return [`${d} ${names.split(" ")[m]} ${y}`.normalize(k % 2 ? "NFC" : "NFD"), time(k)];
      }));
  const cases: [string, (k: number) => Cell][] = [
    ["Hungarian", (k) => [`${parts(k).y}. ${two(parts(k).m + 1)}. ${two(parts(k).d)}.`, time(k)]],
    ["spaced points", (k) => [`${parts(k).d}. ${parts(k).m + 1}. ${parts(k).y}`, time(k)]],
    ["in brackets, as in logs", (k) => [`[${iso(k)} 10:00:00]`, time(k) + 10 * 3_600_000]],
    [
      "a month after an M",
      (k) => [`${parts(k).y}M${two(parts(k).m + 1)}`, Date.UTC(parts(k).y, parts(k).m, 1)],
    ],
    ["a word before the time", (k) => [`${iso(k)} ${k % 2 ? "à" : "at"} 10h30`, time(k) + 10.5 * 3_600_000]],
    ["nanoseconds", (k) => [`${time(k) + k}000000`, time(k) + k]],
    ["South Africa's time", (k) => [`${iso(k)} 12:00:00 SAST`, time(k) + 10 * 3_600_000]],
    ["a zone of no region", (k) => [`${iso(k)} 12:00:00 Etc/UTC`, time(k) + 12 * 3_600_000]],
  ];
  for (const [name, cell] of cases) test(name, () => expectRead("date", cell, { name: "moment" }));

  test("ordinals", () =>
    expectRead("date", (k) => {
      const { d, y } = parts(k);
      const ending = ["th", "st", "nd", "rd"][d % 10 < 4 && (d < 11 || d > 13) ? d % 10 : 0];
      return [`${d}${ending} of March ${y}`, Date.UTC(y, 2, d)];
    }));

  test("Eastern time is five hours behind in winter and four in summer", async () => {
    const cells = Array.from({ length: ROWS }, (_, k) => `2023-0${k % 2 ? 1 : 7}-1${k % 9} 12:00 ET`);
    const { values } = await readColumn(cells);
    expect(values[0]).toBe(Date.UTC(2023, 6, 10, 16));
    expect(values[1]).toBe(Date.UTC(2023, 0, 11, 17));
  });

  test("a zone that several countries have is said, unless others in the column settle it", async () => {
    const told = async (zone: (k: number) => string) => {
      const { type, findings } = await readColumn(
        Array.from({ length: ROWS }, (_, k) => `2023-01-${10 + (k % 18)} 12:00:00 ${zone(k)}`),
      );
      expect(type).toBe("date");
      return findings.filter(({ code }) => code === "time_zone_assumed").map(({ message }) => message);
    };
    expect((await told(() => "IST"))[0]).toContain("IST is read as UTC+5:30 (India)");
    expect((await told(() => "CST"))[0]).toContain("also used in China");
    expect(await told((k) => (k % 2 ? "CST" : "CDT"))).toEqual([]);
    expect(await told((k) => (k % 2 ? "BST" : "GMT"))).toEqual([]);
    expect(await told(() => "AEST")).toEqual([]);
  });

  test("days that a spreadsheet counts where the name says so", async () => {
    const cells = Array.from({ length: ROWS }, (_, k) => `${44_000 + k}.5`);
    const dated = await readColumn(cells, { name: "order_date" });
    expect([dated.type, dated.values[0]]).toEqual(["date", Date.UTC(2020, 5, 18, 12)]);
    expect(dated.findings.map(({ code }) => code)).toContain("sheet_days");
    expect((await readColumn(cells, { name: "candidate_price" })).type).toBe("number");
  });

  test("the end of time in digits stays a date, and is said", async () => {
    const cells = Array.from({ length: ROWS }, (_, k) => (k % 7 ? iso(k).replaceAll("-", "") : "99991231"));
    const { type, findings } = await readColumn(cells, { name: "valid_to" });
    expect(type).toBe("date");
    expect(findings.map(({ code }) => code)).toContain("stand_in");
  });

  test("the day of a year where the column is called so, else a number of an invoice", async () => {
    const cells = Array.from(
      { length: ROWS },
      (_, k) => `2023-${String(1 + ((k * 37) % 300)).padStart(3, "0")}`,
    );
    const dated = await readColumn(cells, { name: "julian_date" });
    expect(dated.type).toBe("date");
    expect(dated.values[0]).toBe(Date.UTC(2023, 0, 1));
    expect((await readColumn(cells, { name: "invoice" })).type).not.toBe("date");
  });
});

describe("values that stand for missing", () => {
  const cells = Array.from({ length: ROWS }, (_, k) => (k % 10 === 0 ? "-999.0" : `${(k * 7) % 100}.5`));

  test("are said, with the way to read them as missing", async () => {
    const { findings } = await readColumn(cells);
    const found = findings.find(({ code }) => code === "stand_in")!;
    expect(found).toMatchObject({ severity: "warning", fix: { missing: { val: ["-999"] } } });
    expect(found.message).toContain("-999 in 24 rows");
  });

  test("are missing for training as for answering, however they are written", async () => {
    const { values, type } = await readColumn(cells, { choices: { missing: { val: ["-999"] } } });
    expect(type).toBe("number");
    expect(values.filter(Number.isNaN)).toHaveLength(24);
    expect(values.filter((value) => value < 0)).toHaveLength(0);
  });

  test("days too", async () => {
    const days = Array.from({ length: ROWS }, (_, k) =>
      k % 10 === 0 ? "1900-01-01" : new Date(Date.UTC(2020, 0, 1 + k)).toISOString().slice(0, 10),
    );
    const { findings } = await readColumn(days);
    expect(findings.map(({ code }) => code)).toContain("stand_in");
    const { values } = await readColumn(days, { choices: { missing: { val: ["1900-01-01"] } } });
    expect(values.filter(Number.isNaN)).toHaveLength(24);
  });

  test("not the largest of values that go so far", async () => {
    for (const largest of ["99", "999", "9999"]) {
      const usual = Array.from({ length: ROWS }, (_, k) =>
        k % 20 === 0 ? largest : String(Math.round((((k * 37) % 97) / 100) * Number(largest))),
      );
      const { findings } = await readColumn(usual);
      expect(findings.map(({ code }) => code)).not.toContain("stand_in");
    }
  });
});
