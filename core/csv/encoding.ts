/**
 * In which encoding are these bytes? A byte-order mark, else valid UTF-8, else UTF-16 by its zero bytes, else what a
 * well-kept detector says. Never refuses: Windows-1252 reads anything.
 */
import { isUtf8 } from "node:buffer";
import chardet from "chardet";
import iconv from "iconv-lite";

export interface Encoding {
  encoding: string;
  bom: boolean;
  /** Bytes of the mark at the front. */
  bomBytes: number;
}

const MARKS: readonly { encoding: string; bytes: readonly number[] }[] = [
  { encoding: "utf-32le", bytes: [0xff, 0xfe, 0, 0] },
  { encoding: "utf-32be", bytes: [0, 0, 0xfe, 0xff] },
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];

export function detectEncoding(head: Uint8Array): Encoding {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, k) => head[k] === byte));
  if (mark) return { encoding: mark.encoding, bom: true, bomBytes: mark.bytes.length };
  return { encoding: wideEncoding(head) ?? narrowEncoding(head), bom: false, bomBytes: 0 };
}

/** The mark's length where a file is said to be in `encoding`. */
export function markBytes(head: Uint8Array, encoding: string): number {
  const mark = MARKS.find(
    (known) => known.encoding === encoding && known.bytes.every((byte, k) => head[k] === byte),
  );
  return mark ? mark.bytes.length : 0;
}

/** The name by which this program knows an encoding; null where it knows none. */
export function knownEncoding(name: string): string | null {
  const lower = name.trim().toLowerCase();
  const plain: Record<string, string> = {
    utf8: "utf-8",
    ascii: "utf-8",
    "us-ascii": "utf-8",
    latin1: "iso-8859-1",
  };
  const spelled = plain[lower] ?? lower;
  return iconv.encodingExists(spelled) ? spelled : null;
}

/** Bytes up to the last whole character, so that a cut in the middle of one says nothing against UTF-8. */
export function wholeUtf8(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return size > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

/** UTF-16 without a mark: text of any alphabet has blanks, digits and delimiters, whose other byte is zero. */
function wideEncoding(head: Uint8Array): string | null {
  const pairs = Math.min(head.length, 4096) >> 1;
  if (pairs < 2) return null;
  const zeros = [0, 0];
  for (let i = 0; i < 2 * pairs; i++) if (head[i] === 0) zeros[i & 1]++;
  if (zeros[1] > 0.2 * pairs && zeros[0] < 0.02 * pairs) return "utf-16le";
  if (zeros[0] > 0.2 * pairs && zeros[1] < 0.02 * pairs) return "utf-16be";
  return null;
}

function narrowEncoding(head: Uint8Array): string {
  if (isUtf8(wholeUtf8(head))) return "utf-8";
  return detectLegacy(oddLines(head));
}

/** The lines that are not ASCII: what is plain says nothing about the encoding and would only drown what does. */
function oddLines(head: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < head.length) {
    const found = head.indexOf(10, start);
    const end = found < 0 ? head.length : found + 1;
    const line = head.subarray(start, end);
    if (line.some((byte) => byte >= 0x80)) lines.push(line);
    start = end;
  }
  return Buffer.concat(lines);
}

/** Detectors guess wildly on a few bytes; a guess counts where it is sure, else the West's commonest is taken. */
function detectLegacy(bytes: Uint8Array): string {
  const wide = new Set(["shift_jis", "big5", "gb18030", "euc-jp", "euc-kr"]);
  for (const { name, confidence } of chardet.analyse(bytes)) {
    const encoding = name.toLowerCase();
    if (encoding === "utf-8" || encoding === "ascii" || !iconv.encodingExists(encoding)) continue;
    if (wide.has(encoding) && !decodesCleanly(bytes, encoding)) continue;
    if (confidence >= (wide.has(encoding) ? 10 : 30))
      return encoding === "iso-8859-1" ? "windows-1252" : encoding;
    break;
  }
  return "windows-1252";
}

function decodesCleanly(bytes: Uint8Array, encoding: string): boolean {
  const text = iconv.decode(Buffer.from(bytes), encoding);
  const broken = text.split("\uFFFD").length - 1;
  return broken <= 1 + text.length / 1000;
}
