/** Checks that splitting many rows at a time gives the same bytes as one at a time. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { hashBytes } from "../../../../core/csv/cells/dictionary.ts";
import { PLAIN_NUMBER, readNumber } from "../../../../core/csv/cells/numbers/numbers.ts";
import { compileKernels } from "../../../../core/csv/kernels/build.ts";
import type { RowCutter } from "../../../../core/csv/kernels/row-cutter.ts";
import { cellsOf } from "../../../../core/csv/rows/scan.ts";
import { TableBounds } from "../../../../core/csv/rows/table-bounds.ts";
import { Tokenizer } from "../../../../core/csv/rows/tokenizer.ts";

const DIALECT = { delimiter: ",", quote: '"', escape: '"', newline: "\n" } as const;

test("the committed WebAssembly is what its source compiles to", async () => {
  const committed = await Bun.file(
    new URL("../../../../core/csv/kernels/kernels.wasm.ts", import.meta.url),
  ).text();
  expect((await compileKernels()) === committed).toBe(true);
}, 300_000);

interface Seen {
  rows: string[][];
  oddities: string[];
  many: number;
}

/** What table bounds pass on of a text that arrives in chunks. */
function read(
  text: string,
  { width, chunk, isMany }: { width: number; chunk: number; isMany: boolean },
): Seen {
  const seen: Seen = { rows: [], oddities: [], many: 0 };
  const many = ({ bytes, spans, width }: RowCutter, rows: number) => {
    for (let row = 0; row < rows; row++)
      seen.rows.push(cellsOf(bytes, spans.subarray(2 * row * width), { cells: width }));
    seen.many += rows;
  };
  const bounds = new TableBounds(
    { preambleRows: 0, headerRows: 1, width, comment: "", shape: "nw".padEnd(width, "w") },
    {
      header: (row) => seen.rows.push(row),
      data: (bytes, spans, cells) => seen.rows.push(cellsOf(bytes, spans, { cells })),
      odd: (row, oddity) => seen.oddities.push(`${row} ${oddity}`),
      ...(isMany && { many }),
    },
  );
  const tokenizer = new Tokenizer(DIALECT, width, bounds.take, bounds.takesMany(DIALECT));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunk) tokenizer.push(bytes.subarray(at, at + chunk));
  tokenizer.end();
  bounds.end();
  return seen;
}

const plain = fc.string({ unit: fc.constantFrom("a", "é", "7", "日", " ", "."), maxLength: 40 });
const quoted = fc
  .string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r\n", " "), maxLength: 40 })
  .map((text) => `"${text.replaceAll('"', '""')}"`);
const odd = fc.string({ unit: fc.constantFrom("a", '"', "\r", "\n", ",", " "), maxLength: 6 });

test("rows, odd rows and their order", () => {
  let many = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.constantFrom("\n", "\r\n"),
      fc.integer({ min: 1, max: 400 }),
      fc.infiniteStream(fc.oneof({ weight: 20, arbitrary: plain }, { weight: 4, arbitrary: quoted }, odd)),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }),
      (width, newline, chunk, cells, kinds) => {
        const line = (size: number) => Array.from({ length: size }, () => cells.next().value).join(",");
        const text = kinds
          .map((kind) => line(kind === 0 ? width - 1 : kind === 1 ? width + 1 : width) + newline)
          .join("");
        const slow = read(text, { width, chunk, isMany: false });
        const fast = read(text, { width, chunk, isMany: true });
        many += fast.many;
        expect({ ...fast, many: 0 }).toEqual(slow);
      },
    ),
    { numRuns: 400 },
  );
  expect(many).toBeGreaterThan(300);
}, 300_000);

/** A column of cells as in the cutter, for `look`. */
function inCutter(cells: string[], look: (cutter: RowCutter, rows: number) => void): void {
  const bounds = new TableBounds(
    { preambleRows: 0, headerRows: 0, width: 2, comment: "" },
    { header: () => {}, data: () => {}, odd: () => {}, many: look },
  );
  const tokenizer = new Tokenizer(DIALECT, 2, bounds.take, bounds.takesMany(DIALECT));
  tokenizer.push(new TextEncoder().encode(cells.map((cell) => `${cell},x\n`).join("")));
}

const numberCell = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc.integer().map(String),
  fc.string({ unit: fc.constantFrom("1", "0", ".", "-", "9", "e"), maxLength: 18 }),
  fc.constantFrom("", "-0", "1.", ".5", "-", "123456789012345", "1234567890123456", "0.000000000000001"),
);

test("numbers", () => {
  fc.assert(
    fc.property(fc.array(numberCell, { minLength: 1, maxLength: 200 }), (cells) => {
      inCutter(cells, (cutter, rows) => {
        expect(rows).toBe(cells.length);
        const { count, empty, stoppedAt } = cutter.readNumbers(0, { from: 0, rows }, ".");
        const bytes = cells.map((cell) => new TextEncoder().encode(cell));
        const values = bytes
          .slice(0, stoppedAt)
          .filter(({ length }) => length > 0)
          .map((cell) => readNumber(cell, 0, cell.length, PLAIN_NUMBER) + 0);
        expect(Array.from(cutter.numbers.subarray(0, count))).toEqual(values);
        expect(empty).toBe(stoppedAt - values.length);
        // It stops only if digits alone are not enough.
        if (stoppedAt < rows) expect(cells[stoppedAt]).not.toMatch(/^-?\d{1,15}$/);
      });
    }),
    { numRuns: 200 },
  );
}, 300_000);

test("hashes", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "é", "日", "z", " "), maxLength: 20 });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 40 }), (cells) => {
      inCutter(cells, (cutter, rows) => {
        const expected = cells.map((text) => {
          const bytes = new TextEncoder().encode(text);
          return hashBytes(bytes, 0, bytes.length);
        });
        expect(Array.from(cutter.hashCells(0, rows).subarray(0, rows))).toEqual(expected);
      });
    }),
  );
});
