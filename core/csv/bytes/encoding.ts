/**
 * Detects the encoding of bytes. Tries a byte-order mark, then valid UTF-8, then UTF-16 by its zero bytes, then a
 * detection library. Always returns an encoding: Windows-1252 can decode any bytes.
 */
import { isUtf8 } from "node:buffer";
import chardet from "chardet";
import iconv from "iconv-lite";

export interface Encoding {
  encoding: string;
  bom: boolean;
  /** Length of the byte-order mark in bytes. */
  bomBytes: number;
}

const MARKS: readonly { encoding: string; bytes: readonly number[] }[] = [
  { encoding: "utf-32le", bytes: [0xff, 0xfe, 0, 0] },
  { encoding: "utf-32be", bytes: [0, 0, 0xfe, 0xff] },
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];

/** `head`: the first bytes of a file. A byte order mark decides, otherwise the bytes themselves. */
export function detectEncoding(head: Uint8Array): Encoding {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, k) => head[k] === byte));
  if (mark) return { encoding: mark.encoding, bom: true, bomBytes: mark.bytes.length };
  return { encoding: wideEncoding(head) ?? narrowEncoding(head), bom: false, bomBytes: 0 };
}

/** Length of the byte-order mark if the user chose `encoding`. */
export function markBytes(head: Uint8Array, encoding: string): number {
  const mark = MARKS.find(
    (known) => known.encoding === encoding && known.bytes.every((byte, k) => head[k] === byte),
  );
  return mark ? mark.bytes.length : 0;
}

/** Our canonical name of an encoding; null if it is unknown. */
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

/** The beginning of a file as text, as far as its encoding is obvious. */
export function headText(head: Uint8Array): string {
  const { encoding, bomBytes } = detectEncoding(head);
  if (/^utf-(?:16|32)/.test(encoding)) return iconv.decode(Buffer.from(head.subarray(bomBytes)), encoding);
  return new TextDecoder().decode(head);
}

/** Drops a multi-byte character that is cut off at the end, because it would wrongly rule out UTF-8. */
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

/**
 * Detects UTF-16 without a byte-order mark: in any alphabet spaces, digits and delimiters have a zero as their other
 * byte.
 */
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
  return isMostlyUtf8(odd) || isPartlyUtf8(head) ? "utf-8" : detectLegacy(odd);
}

const LEAST_LINES = 3;
const LEAST_SHARE = 0.2;

/**
 * True if whole lines are UTF-8 and others are not: files were joined. In another encoding a line with special
 * characters is hardly ever UTF-8 by chance.
 */
function isPartlyUtf8(head: Uint8Array): boolean {
  const lines = oddLinesOf(head);
  const whole = lines.filter((line) => isUtf8(line)).length;
  return whole >= LEAST_LINES && whole >= LEAST_SHARE * lines.length;
}

/** True if only a few bytes are invalid among many multi-byte characters, which rarely occur by chance. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes);
  const broken = text.split("\uFFFD").length - 1;
  const whole = (text.match(/\P{ASCII}/gu)?.length ?? 0) - broken;
  return whole > 10 * broken;
}

/** Keeps only lines with non-ASCII bytes: ASCII lines say nothing about the encoding. */
function oddLines(head: Uint8Array): Uint8Array {
  return Buffer.concat(oddLinesOf(head));
}

function oddLinesOf(head: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < head.length) {
    const found = head.indexOf(10, start);
    const end = found < 0 ? head.length : found + 1;
    const line = head.subarray(start, end);
    if (line.some((byte) => byte >= 0x80)) lines.push(line);
    start = end;
  }
  return lines;
}

/** Detection libraries guess badly on a few bytes, so each candidate is decoded and must look like text. */
function detectLegacy(bytes: Uint8Array): string {
  const sample = withoutPowers(bytes.subarray(0, 16_384));
  const candidates = chardet
    .analyse(sample)
    .map(({ name, confidence }) => ({ encoding: windowsName(name.toLowerCase()), confidence }))
    .filter(({ encoding }) => encoding !== "utf-8" && encoding !== "ascii" && iconv.encodingExists(encoding));
  for (const encoding of ["windows-1252", "koi8-r", "windows-1251", "shift_jis"])
    candidates.push({ encoding, confidence: 10 });
  if (sample.length < Math.min(bytes.length, 16_384))
    candidates.push({ encoding: "windows-1252", confidence: POWER_CONFIDENCE });
  if (hasSignsInWords(iconv.decode(Buffer.from(sample), "windows-1252")))
    candidates.push({ encoding: "windows-1250", confidence: 10 });
  let best = { encoding: "windows-1252", score: Number.NEGATIVE_INFINITY };
  for (const { encoding, confidence } of candidates) {
    const score = textScore(iconv.decode(Buffer.from(sample), encoding)) + 0.4 * (confidence / 100);
    if (score > best.score + 1e-9) best = { encoding, score };
  }
  return best.encoding;
}

/** m² and m³ in Windows-1252; other encodings have letters in their place. */
const POWER = /(?<![A-Za-z\x80-\xff])(mm|cm|dm|km|m|ft|in)[\xb2\xb3](?![A-Za-z])/g;

const POWER_CONFIDENCE = 60;

function withoutPowers(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replace(POWER, "$1"), "latin1");
}

/** Where Windows-1252 has ³, ¹, £ and ¥, Windows-1250 has letters of central Europe; after m, a ³ is a unit. */
function hasSignsInWords(text: string): boolean {
  return /\p{L}{3,}[³¹£¥¼¾]|[³¹£¥¼¾]\p{L}{2,}/u.test(text);
}

/** Files labelled Latin-1 are nearly always Windows-1252 (WHATWG Encoding, labels). */
function windowsName(name: string): string {
  return name === "iso-8859-1" ? "windows-1252" : name;
}

/**
 * Scores decoded text: 1 if every non-ASCII character is a letter in a plausible place, below 0 for garbage. A wrong
 * encoding produces symbols, words in two alphabets, capitals inside words, and Latin words made only of accented
 * letters.
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
  const isAccents = SCRIPTS[0].test(word) && word.length > 2 && odd > 0.75 * word.length;
  return odd * (scripts > 1 || isAccents ? -0.5 : 1) - capitals;
}
