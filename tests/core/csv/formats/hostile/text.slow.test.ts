/** Checks malicious fixed-width text, HTML and archives, and that every other format is named with the way out. */
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { type Hostile, testHostile } from "./child.ts";

const MB = 1024 * 1024;
const TABLE = [
  ["name", "age", "city"],
  ["ann", "31", "Bonn"],
  ["bartholomew", "7", "Rome"],
  ["cy", "104", "Oslo"],
];
const FIXED =
  "name         age  city\nann           31  Bonn\nbartholomew    7  Rome\ncy           104  Oslo\n";
const zeros = new Uint8Array(128 * MB);
const CSV = "a,b\n1,2\n3,4\n";
const AB = [
  ["a", "b"],
  ["1", "2"],
  ["3", "4"],
];
const gzip = (bytes: string | Uint8Array) => new Uint8Array(gzipSync(bytes));
const zstd = (bytes: Uint8Array) => new Uint8Array(Bun.zstdCompressSync(bytes));
const joined = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const changed = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 0x55;
  return copy;
};

const FIXED_WIDTH: Hostile[] = [
  ["fixed width as it should be", () => FIXED, TABLE],
  [
    "fixed width with tabs instead of spaces",
    () => "name\t\tage\tcity\nann\t\t 31\tBonn\nbartholomew\t  7\tRome\ncy\t\t104\tOslo\n",
    TABLE,
  ],
  [
    "fixed width with tabs in some lines only",
    () => FIXED.replace("ann           31  Bonn", "ann\t      31  Bonn"),
    TABLE,
  ],
  [
    "fixed width, then a line of 100 MB",
    () => joined(FIXED.repeat(4000), Buffer.alloc(100 * MB, "x")),
    /line is longer than 20000/,
  ],
  [
    "fixed width, then a line of 1 MB of spaces",
    () => joined(FIXED.repeat(4000), Buffer.alloc(MB, " "), "x\n"),
    /line is longer than 20000/,
  ],
  ["fixed width with old line ends", () => FIXED.replaceAll("\n", "\r"), TABLE],
  ["fixed width with windows line ends and a mark", () => `\ufeff${FIXED.replaceAll("\n", "\r\n")}`, TABLE],
  ["fixed width in UTF-16", () => Buffer.from(`\ufeff${FIXED}`, "utf16le"), TABLE],
  [
    "fixed width with a value that is too wide",
    () => FIXED.replace("cy           104  Oslo", "cy           104  Oslo-Nord-West"),
    [...TABLE.slice(0, 3), ["cy", "104", "Oslo-Nord-West"]],
  ],
  ["fixed width with blank lines", () => FIXED.replace("cy", "\n\ncy"), TABLE],
  [
    "fixed width with names like __proto__",
    () => FIXED.replace("name     ", "__proto__"),
    [["__proto__", "age", "city"], ...TABLE.slice(1)],
  ],
];

const cells = (row: string[]) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
const page = (rows: string) => `<html><body><table>${rows}</table></body></html>`;
const PAGES: Hostile[] = [
  ["HTML as it should be", () => page(TABLE.map(cells).join("")), TABLE],
  [
    "HTML with a script in a cell",
    () => page(TABLE.map(cells).join("").replace("Bonn", "<script>alert(1)</script>Bonn")),
    TABLE,
  ],
  [
    "HTML with a row of a million wide cells",
    () => page(`<tr>${"<td colspan=1000>x".repeat(1_000_000)}`),
    /more than 20000 cells/,
  ],
  ["HTML nested a million deep", () => page(`<tr><td>${"<b>".repeat(1_000_000)}`), /nested more than 1000/],
  [
    "tables in tables a hundred thousand deep",
    () => page("<tr><td><table>".repeat(100_000)),
    /nested more than 1000/,
  ],
  ["a page without a table", () => "<html><body>Sign in</body></html>", /HTML page/],
  ["a page with a table without cells", () => page(""), /without a table/],
  [
    "a tag that never ends",
    () => joined("<html><body><table><tr><td title='", Buffer.alloc(50 * MB, "x")),
    /without a table/,
  ],
  [
    "a comment that never ends",
    () => joined("<html><body><table><tr><td><!--", Buffer.alloc(50 * MB, "x")),
    /./,
  ],
  [
    "XML that is no page",
    () => '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    /XML/,
  ],
];

const ARCHIVES: Hostile[] = [
  ["a gzip of zeros", () => gzip(zeros), /binary|expands/],
  ["a gzip of spaces", () => gzip(Buffer.alloc(128 * MB, " ")), /at least 131073 columns/],
  ["a gzip in a gzip in a gzip", () => gzip(gzip(gzip(CSV))), /packed more than once|binary/],
  [
    "a bomb in a gzip in a gzip",
    () => gzip(gzip(Buffer.alloc(256 * MB, "\n"))),
    /expands|packed more than once|binary/,
  ],
  ["half a gzip", () => gzip(CSV.repeat(1000)).subarray(0, 40), /gzip file is damaged/],
  ["a gzip with another checksum", () => changed(gzip(CSV), -7), /gzip file is damaged/],
  ["a gzip with another length", () => changed(gzip(CSV), -1), /gzip file is damaged/],
  [
    "a gzip with a changed digit",
    () => changed(new Uint8Array(gzipSync(CSV, { level: 0 })), 20),
    /gzip file is damaged/,
  ],
  ["two gzips one after the other", () => joined(gzip("a,b\n1,2\n"), gzip("3,4\n")), AB],
  [
    "a first gzip with another checksum",
    () => joined(changed(gzip("a,b\n1,2\n"), -7), gzip("3,4\n")),
    /gzip file is damaged/,
  ],
  ["a gzip, then letters", () => joined(gzip(CSV), "letters"), /gzip file is damaged/],
  ["a zstd of zeros", () => zstd(zeros), /binary|expands/],
  ["a zstd of newlines", () => zstd(Buffer.alloc(256 * MB, "\n")), /expands/],
  ["half a zstd", () => zstd(Buffer.from(CSV.repeat(1000))).subarray(0, 20), /zstd|damaged|packed/],
  ["a zip of zeros", () => zipSync({ "a.csv": zeros }), /binary|expands/],
  [
    "a zip in a zip in a zip",
    () => zipSync({ "a.zip": zipSync({ "b.zip": zipSync({ "c.csv": strToU8(CSV) }) }) }),
    /packed more than once/,
  ],
  ["two files in a zip", () => zipSync({ "a.csv": strToU8(CSV), "b.csv": strToU8(CSV) }), /more than one/],
  [
    "a zip with a changed digit",
    () => changed(zipSync({ "a.csv": strToU8(CSV) }, { level: 0 }), 40),
    /damaged/,
  ],
  ["a zip with a path out of its folder", () => zipSync({ "../../../tmp/a.csv": strToU8(CSV) }), AB],
  [
    "a zip with a file and what macOS adds",
    () => zipSync({ "a.csv": strToU8(CSV), "__MACOSX/._a.csv": strToU8("x") }),
    AB,
  ],
];

const text =
  (start: string, more = "\0\x01\x02\x03 rest of it") =>
  () =>
    Buffer.from(start + more, "latin1");
const named: [string, () => Uint8Array, RegExp][] = [
  ["xls", text("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), /old Excel workbook \(xls\)/],
  [
    "xlsx with a password",
    () => joined(text("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")(), Buffer.from("EncryptedPackage", "utf16le")),
    /protected by a password/,
  ],
  [
    "doc",
    () => joined(text("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")(), Buffer.from("WordDocument", "utf16le")),
    /old Word document/,
  ],
  [
    "ods",
    () =>
      zipSync({
        mimetype: strToU8("application/vnd.oasis.opendocument.spreadsheet"),
        "content.xml": strToU8(""),
      }),
    /OpenDocument/,
  ],
  ["xlsb", () => zipSync({ "[Content_Types].xml": strToU8(""), "xl/workbook.bin": strToU8("") }), /xlsb/],
  [
    "numbers",
    () => zipSync({ "Index/Document.iwa": strToU8("x"), "Index/Tables/DataList.iwa": strToU8("x") }),
    /Numbers/,
  ],
  ["docx", () => zipSync({ "[Content_Types].xml": strToU8(""), "word/document.xml": strToU8("") }), /Word/],
  ["sav", text("$FL2@(#) SPSS DATA FILE"), /SPSS/],
  ["zsav", text("$FL3@(#) SPSS DATA FILE"), /SPSS/],
  ["dta, new", text("<stata_dta><header><release>118</release>"), /Stata/],
  ["dta, old", text("\x73\x02\x01\0"), /Stata/],
  ["sas7bdat", () => joined(new Uint8Array(12), text("\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92")()), /SAS/],
  [
    "xpt",
    text("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000000000000000000000000000", "\n".repeat(5)),
    /SAS/,
  ],
  ["rds", () => gzip(Buffer.from("X\n\0\0\0\x03\0\x04\x03\0")), /R file/],
  ["RData", () => gzip(Buffer.from("RDX3\nX\n\0\0\0\x03")), /R file/],
  ["arrow, or feather", text("ARROW1\0\0\xff\xff\xff\xff"), /Arrow or Feather/],
  ["an arrow stream", text("\xff\xff\xff\xff\x10\x01\0\0"), /Arrow or Feather/],
  ["feather, old", text("FEA1\0\0\0\0"), /Feather/],
  ["avro", text("Obj\x01\x04\x16avro.schema"), /Avro/],
  ["orc", text("ORC\n\x0b\n\x03\0"), /ORC/],
  ["pickle", text("\x80\x04\x95\x10"), /pickle/],
  ["npy", text("\x93NUMPY\x01\0"), /NumPy/],
  ["mat", text("MATLAB 5.0 MAT-file, Platform: GLNXA64"), /MATLAB/],
  ["h5", text("\x89HDF\r\n\x1a\n"), /HDF5/],
  ["sqlite", text("SQLite format 3"), /SQLite/],
  ["duckdb", () => joined(new Uint8Array(8), text("DUCK\x40\0\0\0\0\0\0\0")()), /DuckDB/],
  ["mdb", () => joined(Buffer.from([0, 1, 0, 0]), text("Standard Jet DB\0")()), /Access/],
  ["tar", () => joined("a.csv", new Uint8Array(252), "ustar\0"), /tar archive/],
  ["tar in gzip", () => gzip(joined("a.csv", new Uint8Array(252), "ustar\0")), /tar archive/],
  ["7z", text("7z\xbc\xaf\x27\x1c"), /7z/],
  ["rar", text("Rar!\x1a\x07"), /RAR/],
  ["bz2", text("BZh91AY&SY"), /bzip2/],
  ["xz", text("\xfd7zXZ\0"), /xz/],
  ["lz4", text("\x04\x22\x4d\x18"), /LZ4/],
  ["pdf", text("%PDF-1.7\n"), /PDF/],
  ["png", text("\x89PNG\r\n\x1a\n"), /PNG/],
];
const FOREIGN = named.map(
  ([name, make, words]): Hostile => [`named, with the way out: ${name}`, make, words],
);

const LOOKALIKES = [
  "ORCID",
  "FEA1",
  "PAR1",
  "ARROW1",
  "RDX2",
  "BZh9",
  "GIF8",
  "SQLite",
  "DUCK",
  "Obj",
  "Rar",
].map(
  (column): Hostile => [
    `a CSV whose first column is called ${column}`,
    () => `${column},b\n1,2\n3,4\n`,
    [[column, "b"], ...AB.slice(1)],
  ],
);

testHostile([...FIXED_WIDTH, ...PAGES, ...ARCHIVES, ...FOREIGN, ...LOOKALIKES]);
