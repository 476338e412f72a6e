/**
 * Opens the rows to predict. A CSV is read while it arrives; a file of another format is received whole and first
 * converted to a table by a child process.
 */
import { createReadStream } from "node:fs";
import type { KnownTable } from "../../csv/formats/known-table.ts";
import type { OutputForm } from "../../csv/formats/writers/output.ts";
import type { TemporaryTable } from "../../datasets/temporary-table.ts";

export interface InputSource {
  /** The file as it arrives; `signal` ends it. */
  body: (signal: AbortSignal) => Promise<AsyncGenerator<Uint8Array>>;
  /** Converts a file that is not CSV to a table. */
  readAside: (chunks: AsyncIterable<Uint8Array>) => Promise<TemporaryTable>;
}

export interface PredictInput {
  /** As CSV. */
  bytes: AsyncIterable<Uint8Array>;
  known: KnownTable | null;
  /** The format in which they arrived. */
  form: OutputForm;
}

/** Throws AppError if the file cannot be read. */
export async function openInput(source: InputSource, signal: AbortSignal): Promise<PredictInput> {
  const { formatOf, isPacked } = await import("../../csv/formats/signatures.ts");
  const { head, chunks } = await beginning(await source.body(signal));
  if (!isPacked(head) && formatOf(head, false) === "csv") return { bytes: chunks, known: null, form: "csv" };
  const table = await source.readAside(chunks);
  return { bytes: tableBytes(table), known: table.known, form: formOf(table.known) };
}

async function* tableBytes({ path, remove }: TemporaryTable): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } finally {
    await remove();
  }
}

function formOf(known: KnownTable | null): OutputForm {
  if (known?.format === "json" || known?.format === "ndjson") return "ndjson";
  return known?.format === "xlsx" || known?.format === "parquet" ? known.format : "csv";
}

const MARK_BYTES = 4;
/** Text that begins like JSON or HTML is identified by this many bytes. */
const TEXT_BYTES = 4096;

/** The first bytes, and then all of them including these. */
async function beginning(
  body: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; chunks: AsyncGenerator<Uint8Array> }> {
  let head = new Uint8Array(0);
  let isWhole = false;
  while (!isWhole && head.length < (isMarkup(head) ? TEXT_BYTES : MARK_BYTES)) {
    const { value, done } = await body.next();
    if (done) isWhole = true;
    else head = new Uint8Array(Buffer.concat([head, value]));
  }
  return { head, chunks: withHead(head, body) };
}

/** Whether the first character is one of {, [ and <. */
function isMarkup(head: Uint8Array): boolean {
  const sign = head.find((byte) => byte > 32 && byte < 128);
  return sign === 0x7b || sign === 0x5b || sign === 0x3c;
}

async function* withHead(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
