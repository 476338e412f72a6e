/**
 * Unpacks compressed files. gzip, zip and zstd are unpacked as they stream. Output is limited in size and in ratio, so
 * a decompression bomb is refused after a few megabytes; the checksums of gzip and zip are compared.
 */
import { Gunzip, Unzip, UnzipInflate } from "fflate";
import { Decompress } from "fzstd";
import { AppError } from "../../platform/errors.ts";
import { Checksum, PackedTail } from "./checksums.ts";

export type Compression = "none" | "gzip" | "zip" | "zstd";

export interface Unpacker {
  compression: Compression;
  push(packed: Uint8Array): Iterable<Uint8Array>;
  end(): Iterable<Uint8Array>;
}

/** DEFLATE reaches at most 1,032; real text stays below 200. */
const MAX_RATIO = 400;
const FREE_BYTES = 16 * 1024 * 1024;
const MAX_BYTES = 16 * 1024 ** 3;

/** The decompressor for a file that starts with these bytes. */
export function unpackerFor(start: Uint8Array): Unpacker {
  if (start[0] === 0x1f && start[1] === 0x8b) return gzipUnpacker();
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return zstdUnpacker();
  if (start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4) return zipUnpacker();
  return { compression: "none", push: (bytes) => [bytes], end: () => [] };
}

interface GuardedOutput {
  /** The kind of archive. */
  what: Compression;
  checksum: Checksum;
  tail: PackedTail;
  packed(slice: Uint8Array): void;
  put(bytes: Uint8Array): void;
  take(): Uint8Array[];
}

/** Collects the output, and refuses an archive that expands too much. */
function guardedOutput(what: Compression): GuardedOutput {
  let out: Uint8Array[] = [];
  let packedBytes = 0;
  let unpackedBytes = 0;
  const checksum = new Checksum();
  const tail = new PackedTail();
  return {
    what,
    checksum,
    tail,
    packed: (slice) => {
      packedBytes += slice.length;
      tail.add(slice);
    },
    put: (bytes) => {
      if (bytes.length > 0) out.push(bytes);
      checksum.add(bytes);
      unpackedBytes += bytes.length;
      if (unpackedBytes > MAX_BYTES || unpackedBytes > FREE_BYTES + MAX_RATIO * packedBytes) throw bomb();
    },
    take: () => {
      const taken = out;
      out = [];
      return taken;
    },
  };
}

function bomb(): AppError {
  return new AppError("invalid", `The archive expands to more than ${MAX_RATIO} times its size`, {
    fix: "Unpack it and upload the CSV itself.",
  });
}

const SLICE_BYTES = 16 * 1024;

function gzipUnpacker(): Unpacker {
  const output = guardedOutput("gzip");
  const gunzip = new Gunzip((bytes) => output.put(bytes));
  const check = (end?: number) => {
    const said = output.tail.gzipTrailer(end);
    if (said && !output.checksum.equals(said)) throw new Error("The checksum differs");
    output.checksum.restart();
  };
  gunzip.onmember = check;
  return {
    compression: "gzip",
    push: (packed) => unpackSlices(packed, output, (slice) => gunzip.push(slice)),
    end: () => {
      damaged("gzip", () => {
        gunzip.push(new Uint8Array(0), true);
        check();
      });
      return output.take();
    },
  };
}

function zstdUnpacker(): Unpacker {
  const output = guardedOutput("zstd");
  const zstd = new Decompress((bytes) => output.put(bytes));
  return {
    compression: "zstd",
    push: (packed) => unpackSlices(packed, output, (slice) => zstd.push(slice)),
    end: () => {
      damaged("zstd", () => zstd.push(new Uint8Array(0), true));
      return output.take();
    },
  };
}

function zipUnpacker(): Unpacker {
  const output = guardedOutput("zip");
  const names: string[] = [];
  let isWhole = false;
  const unzip = new Unzip((file) => {
    if (file.name.endsWith("/") || file.name.startsWith("__MACOSX/")) return;
    refuseOffice(file.name);
    names.push(file.name);
    if (names.length > 1) throw severalInside(names);
    file.ondata = (error, bytes, isLast) => {
      if (error) throw error;
      output.put(bytes);
      isWhole = isLast;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  return {
    compression: "zip",
    push: (packed) => unpackSlices(packed, output, (slice) => unzip.push(slice)),
    end: () => {
      if (!isWhole) throw brokenZip(names);
      const said = output.tail.zipEntry(names[0] ?? "");
      damaged("zip", () => {
        if (said && !output.checksum.equals(said)) throw new Error("The checksum differs");
      });
      return output.take();
    },
  };
}

/** Processes small steps, so that a bomb is noticed early. */
function* unpackSlices(
  packed: Uint8Array,
  output: GuardedOutput,
  push: (slice: Uint8Array) => void,
): Generator<Uint8Array> {
  for (let at = 0; at < packed.length; at += SLICE_BYTES) {
    const slice = packed.slice(at, at + SLICE_BYTES);
    output.packed(slice);
    damaged(output.what, () => push(slice));
    yield* output.take();
  }
}

function damaged(what: Compression, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("invalid", `The ${what} file is damaged`, {
      fix: "Pack it again, or upload the CSV itself.",
    });
  }
}

/** A workbook is a zip too; its beginning alone does not tell. */
function brokenZip(names: string[]): AppError {
  const what = names.length ? `it ends within ${names[0]}` : "it holds no file";
  return new AppError("invalid", `The file is a damaged workbook or zip archive: ${what}`, {
    fix: "Open it where it comes from, save it again, and upload that file.",
  });
}

function severalInside(names: string[]): AppError {
  return new AppError("invalid", `The zip holds more than one file: ${names.join(", ")}`, {
    fix: "Pack one CSV alone, or upload it unpacked.",
  });
}

/** Workbooks are opened through their zip directory; a workbook that reaches this code has none. */
function refuseOffice(name: string): void {
  const isOffice = name === "[Content_Types].xml" || /^(?:xl|word|ppt|_rels|docProps)\//.test(name);
  if (!isOffice && name !== "mimetype") return;
  throw new AppError("invalid", "The workbook is damaged", {
    fix: "Open it in the spreadsheet, save it again, and upload that file.",
  });
}
