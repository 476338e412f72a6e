/**
 * Checks that titles, headers, footers and second tables are told apart from data, in files as offices publish them.
 */
import { describe, expect, test } from "bun:test";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf, rowsOf } from "../files.ts";

const BODY = [
  ["North", "2019", "1234", "12.5"],
  ["South", "2019", "987", "9.1"],
  ["East", "2020", "1100", "11.0"],
  ["West", "2020", "450", "4.4"],
  ["Centre", "2021", "2210", "21.7"],
];
const HEADER = ["Region", "Year", "Count", "Rate"];
const TABLE = [HEADER, ...BODY];
const text = (rows: readonly string[][], delimiter = ",") =>
  rows.map((row) => `${row.join(delimiter)}\n`).join("");

const CASES: [string, string, string[][]][] = [
  ["plain", text(TABLE), TABLE],
  ["a title line", `Population by region\n${text(TABLE)}`, TABLE],
  ["a title and a blank line", `Population by region\n\n${text(TABLE)}`, TABLE],
  ["a title with a comma", `Population, by region\n\n${text(TABLE)}`, TABLE],
  ["a title padded with delimiters", `Population by region,,,\n,,,\n${text(TABLE)}`, TABLE],
  ["several notes padded", `Table 1,,,\nSource: census,,,\nPublished,2022,,\n,,,\n${text(TABLE)}`, TABLE],
  ["comments", `# made by hand\n# in 2022\n${text(TABLE)}`, TABLE],
  [
    "a rule of a database client below the header",
    `${HEADER.join("|")}\n---+---+---+---\n${text(BODY, "|")}`,
    TABLE,
  ],
  ["a footer line", `${text(TABLE)}\nSource: Office for Statistics\n`, TABLE],
  ["footer lines padded", `${text(TABLE)},,,\nSource: Office for Statistics,,,\n* estimated,,,\n`, TABLE],
  ["a footer with a comma", `${text(TABLE)}Note: counts are rounded, rates are not\n`, TABLE],
  [
    "a footer of as many words as cells",
    `${text(TABLE.map((row) => [...row, "7"]))}\nSource: World Bank Open Data\n`,
    TABLE.map((row) => [...row, "7"]),
  ],
  ["blank rows at the end", `${text(TABLE)},,,\n,,,\n,,,\n`, TABLE],
  ["blank lines in between", `${text(TABLE.slice(0, 3))}\n\n${text(TABLE.slice(3))}`, TABLE],
  ["no header", text(BODY), BODY],
  [
    "two header rows",
    text([["Region", "Year", "People", "People"], ["name", "of count", "count", "per mille"], ...BODY]),
    [["Region name", "Year of count", "People count", "People per mille"], ...BODY],
  ],
  [
    "a row of units",
    text([HEADER, ["", "", "persons", "%"], ...BODY]),
    [["Region", "Year", "Count persons", "Rate %"], ...BODY],
  ],
  ["two tables alike", `${text(TABLE)}\n${text(TABLE)}`, TABLE],
  [
    "two tables of other widths",
    `${text(TABLE)}\nOther\n${text([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
      ["7", "8"],
      ["9", "0"],
    ])}`,
    TABLE,
  ],
  [
    "semicolons and decimal commas",
    text(
      [["Gebiet", "Jahr", "Zahl", "Rate"], ...BODY.map((row) => row.map((cell) => cell.replace(".", ",")))],
      ";",
    ),
    [["Gebiet", "Jahr", "Zahl", "Rate"], ...BODY.map((row) => row.map((cell) => cell.replace(".", ",")))],
  ],
  ["tabs", text(TABLE, "\t"), TABLE],
  ["bars", text(TABLE, "|"), TABLE],
  [
    "thousands in quotes",
    text([HEADER, ...BODY.map((row) => [row[0], row[1], `"${row[2]},000"`, row[3]])]),
    [HEADER, ...BODY.map((row) => [row[0], row[1], `${row[2]},000`, row[3]])],
  ],
  [
    "years as names",
    text([
      ["country", "1990", "1991", "1992"],
      ["Chad", "5.1", "5.2", "5.4"],
      ["Mali", "7.1", "7.3", "7.2"],
      ["Togo", "3.1", "3.3", "3.2"],
    ]),
    [
      ["country", "1990", "1991", "1992"],
      ["Chad", "5.1", "5.2", "5.4"],
      ["Mali", "7.1", "7.3", "7.2"],
      ["Togo", "3.1", "3.3", "3.2"],
    ],
  ],
  [
    "all words",
    text([
      ["name", "town"],
      ["Ann", "Bath"],
      ["Bob", "York"],
      ["Cid", "Hull"],
    ]),
    [
      ["name", "town"],
      ["Ann", "Bath"],
      ["Bob", "York"],
      ["Cid", "Hull"],
    ],
  ],
  [
    "a trailing delimiter on each row",
    text(TABLE.map((row) => [...row, ""])),
    TABLE.map((row) => [...row, ""]),
  ],
  [
    "a single row",
    "a,b,c\n1,2,3\n",
    [
      ["a", "b", "c"],
      ["1", "2", "3"],
    ],
  ],
  [
    "times and links",
    text([
      ["at", "url"],
      ["10:00", "http://a.b/c"],
      ["11:30", "http://a.b/d"],
      ["12:15", "http://a.b/e"],
    ]),
    [
      ["at", "url"],
      ["10:00", "http://a.b/c"],
      ["11:30", "http://a.b/d"],
      ["12:15", "http://a.b/e"],
    ],
  ],
  ["one column", "name\nAnn\nBob\nCid\n", [["name"], ["Ann"], ["Bob"], ["Cid"]]],
  [
    "one column of phrases",
    "title\nThe old man\nA day in the life\nRome\nOn the road again\n",
    [["title"], ["The old man"], ["A day in the life"], ["Rome"], ["On the road again"]],
  ],
  [
    "sparse last rows stay",
    text([HEADER, ...BODY, ["Islands", "2021", "", ""]]),
    [HEADER, ...BODY, ["Islands", "2021", "", ""]],
  ],
  ["a total row stays", text([...TABLE, ["Total", "", "5981", ""]]), [...TABLE, ["Total", "", "5981", ""]]],
  ["Excel's sep line", `sep=;\n${text(TABLE, ";")}`, TABLE],
  [
    "padded with blanks",
    text(
      TABLE.map((row) => row.map((cell) => cell.padEnd(8))),
      "|",
    ),
    TABLE.map((row) => row.map((cell) => cell.padEnd(8))),
  ],
  [
    "names of groups above the header",
    text([["", "Women", "", "Men"], ["Region", "Year", "Count", "Rate"], ...BODY]),
    [["Region", "Women Year", "Count", "Men Rate"], ...BODY],
  ],
  [
    "rows that lack their last cells",
    text([HEADER, ...BODY, ...BODY.map((row) => row.slice(0, 3)), ...BODY]),
    [HEADER, ...BODY, ...BODY.map((row) => row.slice(0, 3)), ...BODY],
  ],
  [
    "a row of missing words after a blank line",
    `${text(TABLE)}\n${text([["Islands", "n/a", "n/a", "n/a"], ...BODY])}`,
    [...TABLE, ["Islands", "n/a", "n/a", "n/a"], ...BODY],
  ],
  ["a comma and a space", text(TABLE, ", "), TABLE],
];

describe("layout", () => {
  for (const [name, content, rows] of CASES) {
    test(name, async () => {
      expect((await rowsOf(content)).rows).toEqual(rows);
    });
  }
});

const names = async (text: string) => {
  const profile = await profileCsv(fileOf(text), {}, { name: "layout.csv" });
  return { rows: profile.rows, names: profile.plan.columns.map(({ name }) => name) };
};
const lines = (count: number, line: (k: number) => string) =>
  Array.from({ length: count }, (_, k) => line(k));

describe("headers beyond one plain row", () => {
  test("a ruled line below it, as in Markdown", async () => {
    const rows = lines(30, (k) => `| ${k}.5 | ${k % 7} | ${"xy"[k % 2]} |`);
    const read = await names(["| a | b | c |", "|---|:-:|--:|", ...rows].join("\n"));
    expect(read).toEqual({ rows: 30, names: ["a", "b", "c"] });
  });
  test("years below group names", async () => {
    const rows = lines(30, (k) => `R${k % 9},${k}.1,${k}.2,${k}.3,${k}.4`);
    const read = await names(["Region,Sales,,Costs,", ",2020,2021,2020,2021", ...rows].join("\n"));
    expect(read.rows).toBe(30);
    expect(read.names).toEqual(["Region", "Sales 2020", "Sales 2021", "Costs 2020", "Costs 2021"]);
  });
  test("in a comment whose mark has its own cell", async () => {
    const rows = lines(30, (k) => `${k}.25 ${k % 9} ${"xy"[k % 2]}`);
    expect(await names(["% energy n label", ...rows].join("\n"))).toEqual({
      ...{ rows: 30, names: ["energy", "n", "label"] },
    });
  });
  test("repeated in the middle: in another case, after a blank line", async () => {
    for (const again of ["A,B,C", "\na,b,c", '"a","b","c"']) {
      const rows = lines(60, (k) => (k === 30 ? again : `${k}.25,${k % 9},${"xy"[k % 2]}`));
      expect(await names(["a,b,c", ...rows].join("\n"))).toEqual({ rows: 59, names: ["a", "b", "c"] });
    }
  });
});

test("names that differ only in the Unicode form of an accent are distinct", async () => {
  const rows = lines(20, (k) => `${k},${k % 5},${"xy"[k % 2]}`);
  const { names: read } = await names(["gro\u0308\u00dfe,gr\u00f6\u00dfe,y", ...rows].join("\n"));
  expect(read[1]).toBe("gr\u00f6\u00dfe_2");
});

describe("what stands around the names", () => {
  const body = Array.from(
    { length: 30 },
    (_, k) => `${20 + k},${60 + (k % 9)}.5,${k % 2 ? "yes" : "no"}`,
  ).join("\n");
  const read = async (text: string | Uint8Array) => {
    const { columns, rows } = await profileCsv(fileOf(text), {}, { name: "around.csv" });
    return { names: columns.map(({ name }) => name), rows };
  };
  const names = ["age", "weight", "smoker"];

  test("a comment's mark right before them, below other comments, too", async () => {
    expect(await read(`#age,weight,smoker\n${body}\n`)).toEqual({ names, rows: 30 });
    expect(await read(`#exported by us\n#on Monday\n#age,weight,smoker\n${body}\n`)).toEqual({
      names,
      rows: 30,
    });
    const colours = Array.from({ length: 30 }, (_, k) => `#ff00${10 + k},${k}`).join("\n");
    expect(await read(`colour,n\n${colours}\n`)).toEqual({ names: ["colour", "n"], rows: 30 });
  });

  test("a byte order mark, blanks or quotes where the header comes again", async () => {
    const header = "age,weight,smoker";
    for (const again of [
      `\ufeff${header}`,
      "age, weight, smoker",
      '"age","weight","smoker"',
      `\ufeff"age","weight","smoker"`,
    ])
      expect(await read(`${header}\n${body}\n${again}\n${body.split("\n").reverse().join("\n")}\n`)).toEqual({
        names,
        rows: 60,
      });
  });

  test("units, kinds of values, or nothing but separators below them", async () => {
    for (const [line, called] of [
      ["years,kg,", ["age years", "weight kg", "smoker"]],
      ["(years),(kg),", ["age (years)", "weight (kg)", "smoker"]],
      ["INTEGER,DOUBLE,VARCHAR(3)", ["age INTEGER", "weight DOUBLE", "smoker VARCHAR(3)"]],
      ["=====,=====,=====", names],
      [",,", names],
    ] as const)
      expect(await read(`age,weight,smoker\n${line}\n${body}\n`)).toEqual({ names: [...called], rows: 30 });
  });

  test("units below names of words; a label of the column is no unit", async () => {
    const words = Array.from({ length: 30 }, (_, k) => `${"abc"[k % 3]}x,${k % 2 ? "kg" : "lb"}`).join("\n");
    expect((await read(`item,unit\n${words}\n`)).rows).toBe(30);
    expect(await read(`item,sold\n(name),(in)\n${words}\n`)).toMatchObject({
      names: ["item (name)", "sold (in)"],
    });
  });

  test("places counted from 0 instead of names", async () => {
    const numbers = Array.from({ length: 30 }, (_, k) => `${k / 7},${k / 3},${k % 5}.5,a`).join("\n");
    expect((await read(`0,1,2,label\n${numbers}\n`)).names).toEqual(["0", "1", "2", "label"]);
  });
});
