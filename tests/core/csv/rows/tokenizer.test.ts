/**
 * Checks that our tokenizer splits cells as csv-parse does, however the bytes arrive, and odd quotes as fits the
 * table.
 */
import { describe, expect, test } from "bun:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { type Irregular, Tokenizer } from "../../../../core/csv/rows/tokenizer.ts";
import type { Cutting } from "../../../../core/csv/types.ts";

const COMMA: Cutting = { delimiter: ",", quote: '"', escape: '"', newline: "\n" };

function cut(text: string, options: { cutting?: Cutting; width?: number; chunk?: number } = {}) {
  const { cutting = COMMA, width = 0, chunk = 1 << 20 } = options;
  const rows: string[][] = [];
  const irregular: Irregular[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const tokenizer = new Tokenizer(cutting, width, (bytes, spans, cells, oddity) => {
    rows.push(
      Array.from({ length: cells }, (_, k) => decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1]))),
    );
    irregular.push(oddity);
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunk) tokenizer.push(bytes.subarray(at, at + chunk));
  tokenizer.end();
  return { rows, irregular };
}

const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "é", "7", ",", '"', "\n", "\r\n", " ", ";", "\\", "\t", "日"),
    maxLength: 8,
  }),
  fc.string({ unit: "binary", maxLength: 6 }).filter((text) => text.isWellFormed()),
);

function quoted(text: string, cutting: Cutting): string {
  const { delimiter, quote, escape: escaping } = cutting;
  const mustQuote =
    text === "" ||
    /[\r\n]/.test(text) ||
    text.includes(delimiter) ||
    text.includes(quote) ||
    text.includes(escaping);
  if (!mustQuote) return text;
  let inner = text;
  if (escaping !== quote) inner = inner.replaceAll(escaping, escaping + escaping);
  return `${quote}${inner.replaceAll(quote, escaping + quote)}${quote}`;
}

const cutting: fc.Arbitrary<Cutting> = fc
  .record({
    delimiter: fc.constantFrom(",", ";", "\t", "|", " ", ":", ", ", "||", "\x1f"),
    quote: fc.constantFrom('"', "'"),
    escape: fc.constantFrom("same", "\\"),
    newline: fc.constantFrom("\n" as const, "\r\n" as const, "\r" as const),
  })
  .map((dialect) => ({ ...dialect, escape: dialect.escape === "same" ? dialect.quote : dialect.escape }));

describe("regular rows", () => {
  test("any table written in any dialect is read back, split anywhere", () => {
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        table,
        cutting,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (rows, dialect, chunk, isEnded) => {
          const lines = rows.map((row) => row.map((text) => quoted(text, dialect)).join(dialect.delimiter));
          const text = lines.join(dialect.newline) + (isEnded ? dialect.newline : "");
          expect(cut(text, { cutting: dialect, chunk }).rows).toEqual(rows);
        },
      ),
      { numRuns: 5000 },
    );
  }, 300_000);

  test("equals csv-parse", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "1", ".", ",", "\n", "\r\n", " ", '"b,""\n"'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, (input) => {
        let expected: string[][];
        try {
          expected = parse(input, { relax_column_count: true, record_delimiter: ["\r\n", "\n"] });
        } catch {
          // csv-parse refuses what is irregular; that is ours to mend and tested below.
          return;
        }
        const found = cut(input);
        if (found.irregular.some((oddity) => oddity !== "")) return;
        expect(found.rows).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("odd quotes", () => {
  const cases: [string, string, number, string[][], Irregular][] = [
    ["a quote that opens nothing", 'a,"b,c,"d"\n', 4, [["a", '"b', "c", "d"]], "quote"],
    ["two quotes for one", 'a,""b, c",d\n', 3, [["a", '"b, c', "d"]], "quote"],
    ["inner quotes not escaped", 'a,"say "hi" to, me",d\n', 3, [["a", 'say "hi" to, me', "d"]], "quote"],
    ["inches at the end", 'a,"tube 5"",d\n', 3, [["a", 'tube 5"', "d"]], "quote"],
    [
      "inner quotes over lines",
      'a,"say "hi" all\nto, me",d\ne,f,g\n',
      3,
      [
        ["a", 'say "hi" all\nto, me', "d"],
        ["e", "f", "g"],
      ],
      "quote",
    ],
    [
      "a quote before the newline",
      'a,b,"\nc,"d",e\n',
      3,
      [
        ["a", "b", '"'],
        ["c", "d", "e"],
      ],
      "quote",
    ],
    [
      "never closed",
      'a,"b,c\nd,e,f\n',
      3,
      [
        ["a", '"b', "c"],
        ["d", "e", "f"],
      ],
      "unclosed",
    ],
    ["inside a cell", 'a,5" pipe,c\n', 3, [["a", '5" pipe', "c"]], "bare"],
    ["blanks after the closing one", 'a,"b"  ,c\n', 3, [["a", "b", "c"]], ""],
    ["blanks before the opening one", 'a, "b, c" ,d\n', 3, [["a", "b, c", "d"]], "quote"],
    ["another delimiter", 'a b "c, d" 4 e\n', 5, [["a", "b", "c, d", "4", "e"]], "delimiter"],
  ];
  for (const [name, text, width, rows, oddity] of cases) {
    test(name, () => {
      const found = cut(text, { width, cutting: COMMA });
      expect(found.rows).toEqual(rows);
      expect(found.irregular[0]).toBe(oddity);
      expect(cut(text, { width, chunk: 1 }).rows).toEqual(rows);
    });
  }
});

describe("newlines", () => {
  test("a lone CR is text in an LF file, and a newline in a mixed one", () => {
    expect(cut("a,b\rc,d\n").rows).toEqual([["a", "b\rc", "d"]]);
    expect(cut("a,b\rc,d\n", { cutting: { ...COMMA, newline: "mixed" } }).rows).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  test("blank lines are rows of one blank cell", () => {
    expect(cut("a\n\n\nb").rows).toEqual([["a"], [""], [""], ["b"]]);
  });
});
