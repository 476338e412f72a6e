/**
 * Detects the encoding of bytes. A byte-order mark, else valid UTF-8, else UTF-16 by its zero bytes, else what a
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

/** Drops a character that the end cuts in half, because it would wrongly rule out UTF-8. */
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
  const odd = oddLines(head);
  return isMostlyUtf8(odd) ? "utf-8" : detectLegacy(odd);
}

/** A few broken bytes among many multi-byte characters, which rarely occur by chance. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes);
  const broken = text.split("\uFFFD").length - 1;
  const whole = (text.match(/\P{ASCII}/gu)?.length ?? 0) - broken;
  return whole > 10 * broken;
}

/** Only lines with non-ASCII bytes: plain lines tell nothing about the encoding. */
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

/** Detectors guess wildly on a few bytes, so each of their candidates is decoded and must look like text. */
function detectLegacy(bytes: Uint8Array): string {
  const sample = bytes.subarray(0, 16_384);
  const candidates = chardet
    .analyse(sample)
    .map(({ name, confidence }) => ({ encoding: windowsName(name.toLowerCase()), confidence }))
    .filter(({ encoding }) => encoding !== "utf-8" && encoding !== "ascii" && iconv.encodingExists(encoding));
  for (const encoding of ["windows-1252", "koi8-r", "windows-1251", "shift_jis"])
    candidates.push({ encoding, confidence: 10 });
  let best = { encoding: "windows-1252", score: Number.NEGATIVE_INFINITY };
  for (const { encoding, confidence } of candidates) {
    const score = textScore(iconv.decode(Buffer.from(sample), encoding)) + 0.4 * (confidence / 100);
    if (score > best.score + 1e-9) best = { encoding, score };
  }
  return best.encoding;
}

/** Files labelled Latin-1 are nearly always Windows-1252 (WHATWG Encoding, labels). */
function windowsName(name: string): string {
  return name === "iso-8859-1" ? "windows-1252" : name;
}

/**
 * 1: every character beyond ASCII is a letter where letters belong; below 0: noise. Wrong tables give symbols, words of
 * two alphabets, capitals in the middle, and Latin words of nothing but accents.
 */
function textScore(text: string): number {
  const odd = text.match(/\P{ASCII}/gu)?.length ?? 0;
  if (odd === 0) return 0;
  let score = 0;
  for (const word of text.match(/[\p{L}\p{M}]+/gu) ?? []) score += wordScore(word);
  const noise =
    text.match(/[\ufffd\x80-\x9f\p{Co}\p{Cn}\p{So}\p{Sm}\p{Sk}\p{Lm}¤¥¦‰†‡¿¡¹²³ºª\uff61-\uff9f]/gu)?.length ??
    0;
  return (score - noise) / odd;
}

const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
];

function wordScore(word: string): number {
  const odd = word.match(/\P{ASCII}/gu)?.length ?? 0;
  if (odd === 0) return 0;
  const scripts = SCRIPTS.filter((script) => script.test(word)).length;
  const capitals = word.match(/(?<=\p{Ll})\p{Lu}/gu)?.length ?? 0;
  const isAccents = SCRIPTS[0].test(word) && word.length > 2 && odd > 0.6 * word.length;
  return odd * (scripts > 1 || isAccents ? -0.5 : 1) - capitals;
}
