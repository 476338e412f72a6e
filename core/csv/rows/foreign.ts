/** Names the formats that are not read, by their first bytes, with the way to a table that is. */

export interface Foreign {
  what: string;
  fix: string;
}

interface Signature extends Foreign {
  /** Null stands for every byte. */
  magic: readonly (number | null)[] | string;
  /** Where the signature is; the start if left out. */
  at?: number;
  /** A table may begin with the same letters, as in ORCID: only with control characters after it is it the format. */
  isBinary?: boolean;
}

const SPREADSHEET = "Open it in a spreadsheet and save it as an Excel workbook (xlsx) or as CSV.";
const PICTURE = "Upload the data, not a picture of it.";
const UNPACK = "Unpack it and upload the table itself.";
const pandas = (reader: string, file: string) =>
  `Convert it with Python: pandas.${reader}("${file}").to_parquet("table.parquet"), or save it as CSV.`;
const STATA = { what: "a Stata file (dta)", fix: pandas("read_stata", "file.dta") };
const SAS = { what: "a SAS file", fix: pandas("read_sas", "file") };
const SPSS = { what: "an SPSS file (sav)", fix: pandas("read_spss", "file.sav") };
const R = {
  what: "an R file (rds or RData)",
  fix: 'Write it in R: write.csv(table, "table.csv", row.names = FALSE).',
};

const ARROW = { what: "an Arrow or Feather file", fix: pandas("read_feather", "file.feather") };

const SIGNATURES: readonly Signature[] = [
  { ...ARROW, magic: "ARROW1\0\0" },
  // A stream: its first message has a length of four bytes, which is small.
  { ...ARROW, magic: [0xff, 0xff, 0xff, 0xff, null, null, 0, 0] },
  {
    what: "an old Feather file (version 1)",
    magic: "FEA1\0",
    fix: 'Convert it with Python: pyarrow.feather.read_feather("file.feather").to_parquet("table.parquet").',
  },
  { what: "an ORC file", magic: "ORC", isBinary: true, fix: pandas("read_orc", "file.orc") },
  {
    what: "an Avro file",
    magic: "Obj\x01",
    fix: 'Convert it, for example with DuckDB: COPY (FROM read_avro("file.avro")) TO "table.parquet".',
  },
  { ...SPSS, magic: "$FL2@(#)" },
  { ...SPSS, magic: "$FL3@(#)" },
  { ...STATA, magic: "<stata_dta>" },
  ...[0x71, 0x72, 0x73].flatMap((version) =>
    [1, 2].map((order) => ({ ...STATA, magic: [version, order, 1, 0] })),
  ),
  { ...SAS, magic: [0xc2, 0xea, 0x81, 0x60, 0xb3, 0x14, 0x11, 0xcf, 0xbd, 0x92], at: 12 },
  { ...SAS, magic: "HEADER RECORD*******LIB" },
  ...["RDX2\nX\n", "RDX3\nX\n"].map((magic) => ({ ...R, magic })),
  ...[2, 3].map((version) => ({ ...R, magic: ["X".charCodeAt(0), 10, 0, 0, 0, version] })),
  {
    what: "an SQLite database",
    magic: "SQLite format 3",
    fix: "Add it as a source (sqlite:///folder/file.db), or export the table: sqlite3 -header -csv file.db 'select …'.",
  },
  {
    what: "a DuckDB database",
    magic: [0x44, 0x55, 0x43, 0x4b, null, 0, 0, 0],
    at: 8,
    fix: 'Export the table: COPY name TO "table.parquet".',
  },
  ...["Standard Jet DB", "Standard ACE DB"].map((magic) => ({
    ...{ what: "an Access database", magic, at: 4, fix: "Export the table as an Excel workbook or as CSV." },
  })),
  { what: "an HDF5 file", magic: [0x89, 0x48, 0x44, 0x46], fix: pandas("read_hdf", "file.h5") },
  { what: "a MATLAB file", magic: "MATLAB 5.0 MAT", fix: 'Write it in MATLAB: writetable(T, "table.csv").' },
  { what: "a NumPy file", magic: "\x93NUMPY", fix: "Write it with numpy.savetxt(…, delimiter=',')." },
  ...[2, 3, 4, 5].map((version) => ({
    what: "a Python pickle",
    magic: [0x80, version, version < 4 ? 0x63 : 0x95],
    fix: "Reading a pickle can run code, so it is never opened. Write the table with to_parquet or to_csv.",
  })),
  { what: "a PDF", magic: "%PDF-", fix: "Copy the table into a spreadsheet and save that as CSV." },
  { what: "an RTF document", magic: "{\\rtf", fix: "Save the table as CSV." },
  { what: "a PNG image", magic: [0x89, 0x50, 0x4e, 0x47], fix: PICTURE },
  { what: "a JPEG image", magic: [0xff, 0xd8, 0xff], fix: PICTURE },
  { what: "a GIF image", magic: "GIF8", isBinary: true, fix: PICTURE },
  { what: "a WebP image", magic: "WEBP", at: 8, fix: PICTURE },
  { what: "a TIFF image", magic: [0x49, 0x49, 0x2a, 0], fix: PICTURE },
  { what: "a TIFF image", magic: [0x4d, 0x4d, 0, 0x2a], fix: PICTURE },
  { what: "an HEIC image", magic: "ftyphei", at: 4, fix: PICTURE },
  { what: "an AVIF image", magic: "ftypavif", at: 4, fix: PICTURE },
  { what: "a video", magic: "ftyp", at: 4, isBinary: true, fix: "Upload a table." },
  { what: "an audio file", magic: "ID3", isBinary: true, fix: "Upload a table." },
  { what: "an audio file", magic: "WAVE", at: 8, isBinary: true, fix: "Upload a table." },
  { what: "a 7z archive", magic: [0x37, 0x7a, 0xbc, 0xaf], fix: UNPACK },
  { what: "a RAR archive", magic: "Rar!\x1a", fix: UNPACK },
  { what: "a tar archive", magic: "ustar", at: 257, isBinary: true, fix: UNPACK },
  {
    what: "a bzip2 file",
    magic: [0x42, 0x5a, 0x68, null, 0x31, 0x41, 0x59, 0x26],
    fix: "Unpack it, or pack it with gzip.",
  },
  { what: "an xz file", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], fix: "Unpack it, or pack it with gzip." },
  { what: "an LZ4 file", magic: [0x04, 0x22, 0x4d, 0x18], fix: "Unpack it, or pack it with gzip." },
  { what: "a program", magic: "\x7fELF", fix: "Upload a table." },
];

const CONTROL_BYTES = 512;

/** The container of old Office documents, and of new ones that are encrypted. */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const PROTECTED = {
  what: "a workbook that is protected by a password",
  fix: "Save it without a password, or export the sheet as CSV.",
};
const OLD_WORD = {
  what: "an old Word document (doc)",
  fix: "Copy the table into a spreadsheet, and upload that.",
};
const OLD_EXCEL = { what: "an old Excel workbook (xls)", fix: SPREADSHEET };

/** Null for what may be a table. */
export function foreignFormat(head: Uint8Array): Foreign | null {
  if (matches(head, COMPOUND, 0)) return compoundDocument(head);
  const hasControls = head.subarray(0, CONTROL_BYTES).some((byte) => byte < 9 || (byte > 13 && byte < 32));
  const isFormat = ({ magic, at = 0, isBinary = false }: Signature) =>
    matches(head, magic, at) && (hasControls || !isBinary);
  return SIGNATURES.find(isFormat) ?? null;
}

function matches(head: Uint8Array, magic: Signature["magic"], at: number): boolean {
  const bytes = typeof magic === "string" ? Buffer.from(magic, "latin1") : magic;
  return bytes.every((byte: number | null, k: number) => byte === null || head[at + k] === byte);
}

/** Streams of a compound document are named in UTF-16. */
function compoundDocument(head: Uint8Array): Foreign {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const has = (name: string) => bytes.includes(Buffer.from(name, "utf16le"));
  if (has("EncryptedPackage")) return PROTECTED;
  return has("WordDocument") ? OLD_WORD : OLD_EXCEL;
}
