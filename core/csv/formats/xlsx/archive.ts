/**
 * Reads the parts of a workbook's zip. Each is found in the zip's directory and unpacked as a stream within a limit:
 * nothing is written to disk, and only requested parts are read.
 */
/// <reference path="./yauzl.d.ts" />
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { AppError } from "../../../platform/errors.ts";
import { Checksum } from "../../bytes/checksums.ts";

const MAX_PARTS = 20_000;
/** DEFLATE reaches 1,032; sheets that repeat one row stay below this. */
const MAX_RATIO = 400;
const FREE_BYTES = 64 * 1024 * 1024;
const MAX_PART_BYTES = 16 * 1024 ** 3;

export class Archive {
  private constructor(
    private readonly zip: ZipFile,
    private readonly parts: Map<string, Entry>,
  ) {}

  /** Throws AppError `invalid` for a zip that is damaged or has too many parts. */
  static async open(path: string): Promise<Archive> {
    const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
      throw damagedZip(error);
    });
    try {
      if (zip.entryCount > MAX_PARTS) throw tooManyParts(zip.entryCount);
      const parts = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) {
        const name = entry.fileName.replace(/^\//, "").toLowerCase();
        // A second part with the same name could show different readers different tables.
        if (parts.has(name)) throw damagedZip(new Error(`${name} occurs twice`));
        parts.set(name, entry);
        if (parts.size > MAX_PARTS) throw tooManyParts(parts.size);
      }
      return new Archive(zip, parts);
    } catch (error) {
      zip.close();
      throw error instanceof AppError ? error : damagedZip(error);
    }
  }

  has(name: string): boolean {
    return this.parts.has(name.toLowerCase());
  }

  names(): string[] {
    return [...this.parts.keys()];
  }

  /** Unpacked size in bytes from the directory; 0 if there is no such part. */
  sizeOf(name: string): number {
    return this.parts.get(name.toLowerCase())?.uncompressedSize ?? 0;
  }

  /** A part's text in chunks. Throws AppError `invalid` if it is missing, damaged, encrypted, or expands too much. */
  async *text(name: string): AsyncGenerator<string> {
    const entry = this.parts.get(name.toLowerCase());
    if (!entry) throw damagedZip(new Error(`${name} is missing`));
    if (entry.isEncrypted()) throw encryptedWorkbook();
    refuseBomb(entry);
    const stream = await this.zip.openReadStreamPromise(entry).catch((error: unknown) => {
      throw damagedZip(error);
    });
    let decoder: TextDecoder | null = null;
    const checksum = new Checksum();
    try {
      for await (const bytes of stream as AsyncIterable<Uint8Array>) {
        decoder ??= new TextDecoder(encodingOf(bytes));
        checksum.add(bytes);
        yield decoder.decode(bytes, { stream: true });
      }
      if (!checksum.equals({ crc: entry.crc32, size: entry.uncompressedSize % 2 ** 32 }))
        throw damagedZip(new Error(`the checksum of ${name} differs`));
    } catch (error) {
      throw error instanceof AppError ? error : damagedZip(error);
    } finally {
      stream.destroy();
    }
  }

  close(): void {
    this.zip.close();
  }
}

/** XML is UTF-8 unless it begins with the byte-order mark of UTF-16. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

/** yauzl limits the stream to the size in the directory. */
function refuseBomb({ uncompressedSize, compressedSize }: Entry): void {
  if (uncompressedSize <= Math.min(MAX_PART_BYTES, FREE_BYTES + MAX_RATIO * compressedSize)) return;
  throw new AppError("invalid", `The workbook expands to more than ${MAX_RATIO} times its size`, {
    fix: "Save the sheet that you need as a new workbook, or as CSV.",
  });
}

function tooManyParts(count: number): AppError {
  return new AppError("invalid", `The workbook has ${count} parts; ${MAX_PARTS} can be read`, {
    fix: "Save the sheet that you need as a workbook of its own.",
  });
}

function encryptedWorkbook(): AppError {
  return new AppError("invalid", "The workbook is protected by a password", {
    fix: "Save it without a password, or export the sheet as CSV.",
  });
}

/** `what`: said to the reader, if it helps. */
export function damagedZip(cause: unknown, what?: string): AppError {
  const error = new AppError("invalid", `The workbook is damaged${what ? `: ${what}` : ""}`, {
    fix: "Open it in the spreadsheet, save it again, and upload that file.",
  });
  error.cause = cause;
  return error;
}
