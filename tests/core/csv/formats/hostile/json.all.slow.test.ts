/** Checks that malicious JSON and NDJSON are refused in plain words or read right, with little memory. */
import { type Hostile, testHostile } from "./child.ts";

const MB = 1024 * 1024;
const AB = [
  ["a", "b"],
  ["1", "2"],
  ["3", "4"],
];
const ROWS = '{"a":1,"b":2}\n{"a":3,"b":4}\n';
/** A row that any table may follow. */
const THEN = (more: string) => () => `${ROWS}${more}`;
/** Many copies without a string of their length in JavaScript. */
const filled = (start: string, fill: string, bytes: number, end: string) => () =>
  Buffer.concat([Buffer.from(start), Buffer.alloc(bytes, fill), Buffer.from(end)]);
const wide = (count: number, of: (k: number) => string) =>
  Array.from({ length: count }, (_, k) => of(k)).join(",");

const DOCUMENTS: Hostile[] = [
  ["an array as it should be", () => `[${ROWS.trim().replace("\n", ",")}]`, AB],
  [
    "objects nested 100,000 deep",
    () => `${'[{"a":'.repeat(100_000)}1${"}]".repeat(100_000)}`,
    /more than 500 levels/,
  ],
  [
    "lists nested 100,000 deep",
    () => `[${"[".repeat(100_000)}${"]".repeat(100_000)}]`,
    /more than 500 levels/,
  ],
  ["a million brackets that never close", () => `[{"a":${"[".repeat(1_000_000)}`, /more than 500 levels/],
  ["brackets that close what was not opened", () => `[{"a":1}]]]]`, /continues after its end/],
  ["half an array", () => '[{"a":1},{"a":2', /ends too early/],
  ["half a text", () => '[{"a":"x', /ends too early/],
  ["rows that are no objects", () => '[{"a":1},2,"x"]', /a row that is a number/],
  ["a list among objects", () => '[{"a":1},[2]]', /a row that is a list/],
  [
    "more fields than any table has",
    () => `[{${wide(60_000, (k) => `"c${k}":1`)}}]`,
    /more than 20000 different/,
  ],
  ["other fields in each row", () => `[${wide(30_000, (k) => `{"c${k}":1}`)}]`, /more than 20000 different/],
  [
    "other lists in each row",
    () => `[${wide(30_000, (k) => `{"a":1,"c${k}":[]}`)}]`,
    /more than 20000 different/,
  ],
  [
    "more values in a list than any table has",
    () => `[[${wide(60_000, String)}],[1]]`,
    /more than 20000 values/,
  ],
  ["names that grow with each level", () => deepNames(300, 1000), /longer than 4000 characters/],
  ["a name of a million letters", () => `[{"${"n".repeat(1_000_000)}":1}]`, /longer than 4000 characters/],
  ["a text of 100 MB", filled('[{"a":"', "x", 100 * MB, '"}]'), /value longer than 64 MB/],
  ["a document of 100 MB", filled('{"data":[{"a":"', "x", 100 * MB, '"}]}'), /value longer than 64 MB/],
  [
    "a number of a million digits",
    () => `[{"a":1${"0".repeat(1_000_000)},"b":1},{"a":1,"b":2}]`,
    [
      ["a", "b"],
      ["Infinity", "1"],
      ["1", "2"],
    ],
  ],
  [
    "a number of 50 digits",
    () => `[{"a":${"9".repeat(50)},"b":1},{"a":1,"b":2}]`,
    [
      ["a", "b"],
      ["1e+50", "1"],
      ["1", "2"],
    ],
  ],
  [
    "integers beyond 2⁵³",
    () => '[{"a":9007199254740993,"b":-18446744073709551616}]',
    [
      ["a", "b"],
      ["9007199254740993", "-18446744073709551616"],
    ],
  ],
  [
    "exponents beyond a double",
    () => '[{"a":1e999,"b":1},{"a":2,"b":1e-999}]',
    [
      ["a", "b"],
      ["Infinity", "1"],
      ["2", "0"],
    ],
  ],
  [
    "__proto__ as a field",
    () => '[{"__proto__":1,"b":2},{"__proto__":3,"b":4}]',
    [
      ["__proto__", "b"],
      ["1", "2"],
      ["3", "4"],
    ],
  ],
  [
    "__proto__ around fields",
    () => '[{"__proto__":{"x":1},"b":2},{"b":4}]',
    [
      ["__proto__.x", "b"],
      ["1", "2"],
      ["", "4"],
    ],
  ],
  [
    "constructor and toString as fields",
    () => '[{"constructor":1,"toString":2},{"constructor":3,"toString":4}]',
    [
      ["constructor", "toString"],
      ["1", "2"],
      ["3", "4"],
    ],
  ],
  [
    "the same field twice: the later one",
    () => '[{"a":1,"a":2,"b":3},{"a":4,"b":5}]',
    [
      ["a", "b"],
      ["2", "3"],
      ["4", "5"],
    ],
  ],
  [
    "one name by dots and by nesting: the later one",
    () => '[{"a":{"b":1},"a.b":2,"c":3},{"a":{"b":4},"c":5}]',
    [
      ["a.b", "c"],
      ["2", "3"],
      ["4", "5"],
    ],
  ],
  [
    "halves of characters",
    () => '[{"a":"\\ud800","b":1},{"a":"x","b":2}]',
    [
      ["a", "b"],
      ["\ufffd", "1"],
      ["x", "2"],
    ],
  ],
  [
    "quotes, commas and newlines in texts",
    () => '[{"a":"x,\\"y\\"\\n","b":1},{"a":"z","b":2}]',
    [
      ["a", "b"],
      ['x,"y"\n', "1"],
      ["z", "2"],
    ],
  ],
  [
    "formulas in texts stay texts",
    () => `[{"a":"=cmd|' /C calc'!A0","b":1},{"a":"x","b":2}]`,
    [
      ["a", "b"],
      ["=cmd|' /C calc'!A0", "1"],
      ["x", "2"],
    ],
  ],
  ["UTF-16, big end first", () => Buffer.from(`\ufeff[{"a":1,"b":2},{"a":3,"b":4}]`, "utf16le").swap16(), AB],
  [
    "a hundred thousand spaces before the table",
    () => `${" ".repeat(100_000)}[${ROWS.trim().replace("\n", ",")}]`,
    AB,
  ],
  ["a document without rows", () => "{}", /holds no objects/],
  ["an array without rows", () => "[]", /holds no objects/],
  ["rows without fields", () => "[{},{},{}]", /holds no objects/],
  ["lists of other lengths by column", () => '{"a":[1,2,3],"b":[1]}', /holds no objects/],
  ["a single quote for a double one", () => "[{'a':1}]", /no rows/],
  ["comments", () => '[{"a":1, /* x */ "b":2}]', /cannot be read/],
];

const LINES: Hostile[] = [
  ["lines as they should be", () => ROWS, AB],
  ["a line of 1 GB", filled(`${ROWS}{"a":"`, "x", 1024 * MB, '"}\n'), /value longer than 64 MB/],
  ["a first line of 300 MB", filled('{"a":"', "x", 300 * MB, '"}\n{"a":1}\n'), /value longer than 64 MB/],
  ["100 MB of spaces in a line", filled(`${ROWS}{"a":`, " ", 100 * MB, "1}\n"), /value longer than 64 MB/],
  ["100 MB of blank lines", filled(ROWS, "\n", 100 * MB, '{"a":5,"b":6}\n'), [...AB, ["5", "6"]]],
  ["half a last line", THEN('{"a":'), /ends too early/],
  ["a line of words", THEN("hello\n"), /cannot be read/],
  ["a line that is a number", THEN("5\n"), /a row that is a number/],
  ["a line that is null", THEN("null\n"), /a row that is null/],
  ["a line that is a list", THEN("[5,6]\n"), /a row that is a list/],
  ["a line nested 100,000 deep", THEN(`{"a":${"[".repeat(100_000)}`), /more than 500 levels/],
  ["a bracket too many", THEN("}\n"), /closes a bracket/],
  ["two objects on a line", () => '{"a":1,"b":2}{"a":3,"b":4}\n', AB],
  ["record separators before each line", () => `\x1e${ROWS.replace("\n{", "\n\x1e{")}`, AB],
  ["windows line ends and a byte order mark", () => `\ufeff${ROWS.replaceAll("\n", "\r\n")}`, AB],
  [
    "separators of lines inside texts",
    () => '{"a":"x\u2028y","b":1}\n{"a":"z","b":2}\n',
    [
      ["a", "b"],
      ["x\u2028y", "1"],
      ["z", "2"],
    ],
  ],
  ["NaN and Infinity, as Python writes them", THEN('{"a":NaN,"b":-Infinity}\n'), [...AB, ["", ""]]],
  [
    "a field that only the last of 5,000 lines has",
    () => `${'{"a":1,"b":2}\n'.repeat(5000)}{"a":1,"b":2,"c":3}\n`,
    [["a", "b", "c"], ...Array.from({ length: 5000 }, () => ["1", "2", ""]), ["1", "2", "3"]],
  ],
  [
    "other fields in each of 30,000 lines",
    () => Array.from({ length: 30_000 }, (_, k) => `{"c${k}":1}`).join("\n"),
    /more than 20000 different/,
  ],
  [
    "texts of 20 MB in each of 8 lines",
    () => Buffer.concat(Array.from({ length: 8 }, filled('{"b":1,"a":"', "x", 20 * MB, '"}\n'))),
    [["b", "a"], ...Array.from({ length: 8 }, () => ["1", "x".repeat(20 * MB)])],
  ],
  ["nulls in a text", THEN('{"a":"\\u0000","b":6}\n'), [...AB, ["", "6"]]],
  [
    "fields called as methods are",
    THEN('{"a":5,"b":6,"hasOwnProperty":7}\n'),
    [
      ["a", "b", "hasOwnProperty"],
      ["1", "2", ""],
      ["3", "4", ""],
      ["5", "6", "7"],
    ],
  ],
  ["true, false and null", THEN('{"a":true,"b":null}\n'), [...AB, ["true", ""]]],
  ["brackets and quotes in texts", THEN('{"a":"}]{[\\"","b":6}\n'), [...AB, ['}]{["', "6"]]],
  ["a backslash at the end of a text", THEN('{"a":"\\\\","b":6}\n'), [...AB, ["\\", "6"]]],
  ["an unknown escape", THEN('{"a":"\\q","b":6}\n'), /cannot be read/],
  ["control characters in a text", THEN('{"a":"\u0001","b":6}\n'), /cannot be read/],
  ["numbers with leading zeros", THEN('{"a":007,"b":6}\n'), /cannot be read/],
  ["numbers in base 16", THEN('{"a":0x1F,"b":6}\n'), /cannot be read/],
  ["a comma after the last field", THEN('{"a":5,"b":6,}\n'), /cannot be read/],
  [
    "latin-1 bytes in a text",
    () => Buffer.concat([Buffer.from(ROWS), Buffer.from('{"a":"caf\xe9","b":6}\n', "latin1")]),
    [...AB, ["café", "6"]],
  ],
];

/** Each name is long and contains those around it. */
function deepNames(levels: number, letters: number): string {
  const open = `{"${"n".repeat(letters)}":`;
  return `[${open.repeat(levels)}1${"}".repeat(levels)}]`;
}

testHostile([...DOCUMENTS, ...LINES]);
