/**
 * Turns a file of any format into a CSV that the rest of the program reads. The format is detected from the bytes; a
 * CSV is used as it is, anything else is written once to a table file beside it. Call it in a child process: an
 * untrusted file may need much time and memory.
 */

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { AppError } from "../../platform/errors.ts";
import { unpackedFile } from "../bytes/source.ts";
import type { ReadingChoices, ReadingProgress } from "../types.ts";
import { type Detected, detectFormat } from "./detect.ts";
import type { Converted, ConvertOptions, KnownTable } from "./known-table.ts";

export interface OpenTable {
  /** A CSV. */
  path: string;
  /** Null if the file itself is a CSV. */
  known: KnownTable | null;
}

export interface OpenTableOptions {
  choices: ReadingChoices;
  /** Where the table file is written; an existing one is reused. */
  out: string;
  onProgress?: (progress: ReadingProgress) => void;
}

/** How deep archives inside archives are followed. */
const MAX_PACKINGS = 3;

/** Throws AppError `invalid` if the file is damaged or hostile, or a choice does not fit it. */
export async function openTable(path: string, options: OpenTableOptions): Promise<OpenTable> {
  const kept = await keptTable(options.out);
  if (kept) return { path: options.out, known: kept };
  const { choices, out, onProgress } = options;
  const isCsv = choices.delimiter !== undefined || choices.quote !== undefined;
  const { size } = await stat(path);
  const converting: ConvertOptions = {
    choices: {
      ...(choices.sheet && { sheet: choices.sheet }),
      ...(choices.range && { range: choices.range }),
    },
    out,
    sourceBytes: size,
    onProgress: ({ bytesRead, rows }) => onProgress?.({ bytesRead, bytesTotal: size, rows }),
  };
  const found = await openPacked({ path, depth: 0, isCsv }, converting);
  if (!found) {
    refuseSheetChoices(choices);
    return { path, known: null };
  }
  refuseForeignChoices(choices, found);
  await writeFile(`${out}.json.part`, JSON.stringify(found));
  await rename(`${out}.json.part`, `${out}.json`);
  return { path: out, known: found };
}

/** The table file and what is known about it, if both exist. */
async function keptTable(out: string): Promise<KnownTable | null> {
  try {
    const known = JSON.parse(await readFile(`${out}.json`, "utf8")) as KnownTable;
    await stat(out);
    return known;
  } catch {
    return null;
  }
}

interface PackedFile {
  path: string;
  depth: number;
  isCsv: boolean;
}

async function openPacked(
  { path, depth, isCsv }: PackedFile,
  options: ConvertOptions,
): Promise<KnownTable | null> {
  const detected = await detectFormat(path, isCsv);
  const { format, compression } = detected;
  if (format === "csv") {
    if (depth === 0) return null;
    throw packedTooOften();
  }
  // Formats that stream are unpacked on the fly; the others need random access.
  const streams = format === "json" || format === "html" || format === "fixed-width";
  if (compression === "none" || streams) return { ...(await convert(path, detected, options)), compression };
  if (depth >= MAX_PACKINGS) throw packedTooOften();
  const unpacked = `${options.out}.unpacked${depth}`;
  try {
    await writeUnpacked(path, unpacked);
    const known = await openPacked({ path: unpacked, depth: depth + 1, isCsv }, options);
    return known && { ...known, compression };
  } finally {
    await rm(unpacked, { force: true });
  }
}

async function convert(
  path: string,
  { format, head }: Detected,
  options: ConvertOptions,
): Promise<Converted> {
  if (format === "parquet") return (await import("./parquet/parquet.ts")).convertParquet(path, options);
  if (format === "xlsx") return (await import("./xlsx/xlsx.ts")).convertXlsx(path, options);
  if (format === "html") return (await import("./html/html.ts")).convertHtml({ path, head }, options);
  if (format === "fixed-width")
    return (await import("./fixed-width/fixed-width.ts")).convertFixedWidth({ path, head }, options);
  return (await import("./json/json.ts")).convertJson({ path, head }, options);
}

async function writeUnpacked(path: string, out: string): Promise<void> {
  const sink = createWriteStream(out);
  const failure = once(sink, "error").then(([error]) => {
    throw error;
  });
  failure.catch(() => {
    // Awaited below where it matters.
  });
  for await (const bytes of unpackedFile(path)) {
    if (!sink.write(bytes.slice())) await Promise.race([once(sink, "drain"), failure]);
  }
  sink.end();
  await Promise.race([once(sink, "finish"), failure]);
}

function packedTooOften(): AppError {
  return new AppError("invalid", "The file is packed more than once", {
    fix: "Unpack it and upload what is inside.",
  });
}

function refuseSheetChoices({ sheet, range }: ReadingChoices): void {
  if (!sheet && !range) return;
  throw new AppError("invalid", `A CSV has no ${sheet ? "sheets" : "range of cells"}`, {
    fix: "Choose sheet and range for Excel workbooks only.",
  });
}

function refuseForeignChoices(
  { sheet, range, delimiter, quote }: ReadingChoices,
  { format }: KnownTable,
): void {
  const foreign = format === "xlsx" ? null : sheet ? "sheet" : range ? "range" : null;
  const csvOnly = delimiter !== undefined ? "delimiter" : quote !== undefined ? "quote" : null;
  const name = foreign ?? csvOnly;
  if (!name) return;
  throw new AppError("invalid", `${name} cannot be chosen for a file of the format ${format}`, {
    fix: foreign ? "Choose it for Excel workbooks only." : "Choose it for CSV files only.",
  });
}
