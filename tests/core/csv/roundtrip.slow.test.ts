/** Checks that a table written in any dialect and encoding is read back without any settings. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import iconv from "iconv-lite";
import { utf8Chunks } from "../../../core/csv/bytes/source.ts";
import { cellsOf } from "../../../core/csv/rows/scan.ts";
import { Tokenizer } from "../../../core/csv/rows/tokenizer.ts";
import type { Cutting } from "../../../core/csv/types.ts";
import { fileOf, rowsOf } from "./files.ts";

interface Written {
  delimiter: string;
  quote: string;
  newline: string;
  encoding: string;
  bom: boolean;
  quoteAll: boolean;
  seed: number;
  rows: number;
}

const written: fc.Arbitrary<Written> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  quote: fc.constantFrom('"', "'"),
  newline: fc.constantFrom("\n", "\r\n", "\r"),
  encoding: fc.constantFrom("utf-8", "utf-16le", "utf-16be", "windows-1252"),
  bom: fc.boolean(),
  quoteAll: fc.boolean(),
  seed: fc.nat(),
  rows: fc.integer({ min: 4, max: 12 }),
});

const WORDS = [
  "Zoë",
  "plain",
  "two words",
  "semi; colon",
  "comma, here",
  "a|b",
  "línea\nnueva",
  'she said "no"',
  "it's",
  "größer",
];

/** A believable table: an id, a measure, a day, a label and a note that needs quotes. */
function tableOf(seed: number, count: number): string[][] {
  let state = seed >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const rows = [["id", "measure", "day", "label", "note"]];
  for (let k = 0; k < count; k++) {
    const day = `2024-0${1 + next(9)}-1${next(10)}`;
    rows.push([`${k + 1}`, `${next(1000)}.${next(10)}`, day, WORDS[next(2) + 1], WORDS[next(WORDS.length)]]);
  }
  return rows;
}

function write(rows: string[][], how: Written): Uint8Array {
  const { delimiter, quote, newline, quoteAll, encoding, bom } = how;
  const cell = (text: string) => {
    const mustQuote = quoteAll || text.includes(delimiter) || text.includes(quote) || /[\r\n]/.test(text);
    return mustQuote ? quote + text.replaceAll(quote, quote + quote) + quote : text;
  };
  const text = rows.map((row) => row.map(cell).join(delimiter) + newline).join("");
  return iconv.encode(text, encoding, { addBOM: bom && encoding.startsWith("utf") });
}

test("without hints, for every delimiter, quote, newline, encoding and byte-order mark", async () => {
  await fc.assert(
    fc.asyncProperty(written, async (how) => {
      const rows = tableOf(how.seed, how.rows);
      const found = await rowsOf(write(rows, how));
      expect(found.rows).toEqual(rows);
      expect(found.dialect.delimiter).toBe(how.delimiter);
    }),
    { numRuns: 1500 },
  );
}, 300_000);

const dialect = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|", " ", ":", ", ", "\x1f"),
  quote: fc.constantFrom('"', "'"),
  newline: fc.constantFrom("\n" as const, "\r\n" as const, "\r" as const),
  encoding: fc.constantFrom(
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1252",
    "iso-8859-1",
    "shift_jis",
    "big5",
    "gb18030",
    "koi8-r",
  ),
  bom: fc.boolean(),
});

/** Letters that each encoding has, and all that can upset a reader. */
const LETTERS: Record<string, string> = {
  shift_jis: "表ソ能ｱ",
  big5: "功許蓋",
  gb18030: "汉字€",
  "koi8-r": "Жяё",
};
const awkward = fc.array(
  fc.array(fc.array(fc.nat({ max: 15 }), { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
  {
    minLength: 1,
    maxLength: 5,
  },
);

test("with the dialect given, any cells are read back, for every encoding and byte-order mark", async () => {
  await fc.assert(
    fc.asyncProperty(dialect, awkward, async (how, table) => {
      const wide = how.encoding.startsWith("utf") ? "é日😀" : (LETTERS[how.encoding] ?? "éÿß");
      const units = [
        ...wide,
        how.delimiter,
        how.quote,
        "\n",
        "\r\n",
        "a",
        "0",
        ".",
        " ",
        "\\",
        how.quote + how.quote,
      ];
      const rows = table.map((row) => row.map((cell) => cell.map((k) => units[k % units.length]).join("")));
      const quoted = (cell: string) =>
        how.quote + cell.replaceAll(how.quote, how.quote + how.quote) + how.quote;
      const text = rows.map((row) => row.map(quoted).join(how.delimiter) + how.newline).join("");
      const path = fileOf(
        iconv.encode(text, how.encoding, { addBOM: how.bom && how.encoding.startsWith("utf") }),
      );
      expect(await cutFile(path, { ...how, escape: how.quote })).toEqual(rows);
    }),
    { numRuns: 20_000 },
  );
}, 300_000);

async function cutFile(path: string, how: Cutting & { encoding: string }): Promise<string[][]> {
  const rows: string[][] = [];
  const tokenizer = new Tokenizer(how, 0, (bytes, spans, cells) =>
    rows.push(cellsOf(bytes, spans, { cells })),
  );
  for await (const chunk of utf8Chunks(path, how.encoding)) tokenizer.push(chunk);
  tokenizer.end();
  return rows;
}

const ENCODED: [string, string][] = [
  [
    "windows-1252",
    "name;city;note\nJosé;Málaga;año nuevo\nZoë;Köln;schöne Grüße\nFrançois;Orléans;déjà vu\n",
  ],
  [
    "shift_jis",
    "名前,都市,点数\n山田太郎,東京都,81\n鈴木花子,大阪府,92\n佐藤一郎,名古屋市,77\n高橋美咲,札幌市,65\n",
  ],
  ["big5", "姓名,城市,分數\n王小明,臺北市,81\n陳美麗,高雄市,92\n林志強,臺中市,77\n張淑芬,新竹縣,65\n"],
  ["gb18030", "姓名,城市,分数\n王小明,北京市,81\n陈美丽,上海市,92\n林志强,广州市,77\n张淑芬,深圳市,65\n"],
  [
    "koi8-r",
    "имя,город,оценка\nИван Петров,Москва,81\nМария Иванова,Санкт-Петербург,92\nПётр Сидоров,Казань,77\n",
  ],
  ["utf-16le", "name,city\nJosé,Málaga\nZoë,Köln\n"],
  ["utf-16be", "name,city\nJosé,Málaga\nZoë,Köln\n"],
];
for (const [encoding, text] of ENCODED) {
  test(`${encoding} without a mark`, async () => {
    const { rows, dialect } = await rowsOf(iconv.encode(text, encoding));
    const delimiter = text.includes(";") ? ";" : ",";
    expect(rows).toEqual(
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.split(delimiter)),
    );
    expect(dialect.encoding).toBe(encoding);
  });
}
