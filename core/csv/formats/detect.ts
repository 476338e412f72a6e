/** Detects the format of a file by its bytes, never by its name. */
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../platform/errors.ts";
import { type SourceHead, sourceHead } from "../bytes/source.ts";
import { refuseFormat } from "../rows/refuse.ts";
import type { Format } from "./known-table.ts";
import { formatOf, isZip } from "./signatures.ts";
import { Archive } from "./xlsx/archive.ts";

export interface Detected {
  format: Format;
  compression: SourceHead["compression"];
  /** The first bytes, unpacked. */
  head: Uint8Array;
}

const MARK_BYTES = 8;

/** `isCsv`: a CSV-only choice was made. Throws AppError `invalid` for other documents in a zip. */
export async function detectFormat(path: string, isCsv = false): Promise<Detected> {
  const mark = await firstBytes(path);
  const office = isZip(mark) ? await officeFormat(path) : null;
  if (office) return { format: office, compression: "none", head: mark };
  const { head, compression } = await sourceHead(path);
  refuseFormat(head);
  return { format: formatOf(head, isCsv), compression, head };
}

async function firstBytes(path: string): Promise<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    const bytes = new Uint8Array(MARK_BYTES);
    const { bytesRead } = await file.read(bytes, 0, MARK_BYTES, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file?.close();
  }
}

const OTHER_DOCUMENTS: readonly (readonly [RegExp, string, string])[] = [
  [/^xl\/workbook\.bin$/, "a binary Excel workbook (xlsb)", "Save it as an Excel workbook (xlsx) or as CSV."],
  [/^content\.xml$/, "an OpenDocument file (ods)", "Save it as an Excel workbook (xlsx) or as CSV."],
  [
    /^index\.zip$|^index\/.*\.iwa$/,
    "a Numbers spreadsheet",
    "In Numbers choose File, Export To, then Excel or CSV, and upload that file.",
  ],
  [/^word\/document\.xml$/, "a Word document", "Copy the table into a spreadsheet, and upload that."],
  [/^ppt\/presentation\.xml$/, "a presentation", "Copy the table into a spreadsheet, and upload that."],
];

/** Null for a zip around another file. */
async function officeFormat(path: string): Promise<"xlsx" | null> {
  const archive = await Archive.open(path).catch((error: unknown) => {
    // A zip without its directory may still be a single file that streams.
    if (error instanceof AppError && error.cause === undefined) throw error;
    return null;
  });
  if (!archive) return null;
  try {
    if (
      archive.has("[Content_Types].xml") &&
      archive.has("_rels/.rels") &&
      !archive.has("word/document.xml")
    ) {
      if (!archive.has("xl/workbook.bin") && !archive.has("ppt/presentation.xml")) return "xlsx";
    }
    if (archive.has("xl/workbook.xml")) return "xlsx";
    const names = archive.names();
    const isDocument = ["[Content_Types].xml", "mimetype", "Index.zip", "Index/Document.iwa"].some((name) =>
      archive.has(name),
    );
    const other = isDocument && OTHER_DOCUMENTS.find(([pattern]) => names.some((name) => pattern.test(name)));
    if (other) throw new AppError("invalid", `The file is ${other[1]}, not a table`, { fix: other[2] });
    return null;
  } finally {
    archive.close();
  }
}
