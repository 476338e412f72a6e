/**
 * Decodes a file that is UTF-8 except for some bytes. Some programs join files of two encodings; bytes that are not
 * valid UTF-8 are read as Windows-1252, so that none becomes a replacement character. Zero bytes are left out. Valid
 * chunks pass unchanged.
 */
import { isUtf8 } from "node:buffer";
import iconv from "iconv-lite";
import { wholeUtf8 } from "./encoding.ts";

/** UTF-8 sequences for the bytes 0x80 to 0xff read as Windows-1252. */
const WINDOWS = Array.from({ length: 128 }, (_, k) =>
  new TextEncoder().encode(iconv.decode(Buffer.of(128 + k), "windows-1252")),
);

export class Utf8Mender {
  /** How many bytes were not valid UTF-8. */
  mended = 0;
  /** How many zero bytes, which pad cells in some exports, were left out. */
  zeros = 0;
  private carry = new Uint8Array(0);

  /** Returns the chunk as valid UTF-8; a character that is cut off at its end is kept for the next chunk. */
  push(given: Uint8Array): Uint8Array {
    const chunk = withoutZeros(given);
    this.zeros += given.length - chunk.length;
    const joined = this.carry.length > 0 ? Buffer.concat([this.carry, chunk]) : chunk;
    const whole = wholeUtf8(joined);
    this.carry = joined.slice(whole.length);
    return isUtf8(whole) ? whole : this.mend(whole);
  }

  end(): Uint8Array {
    const rest = this.carry;
    this.carry = new Uint8Array(0);
    return this.mend(rest);
  }

  private mend(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(3 * bytes.length);
    let to = 0;
    for (let at = 0; at < bytes.length; ) {
      const size = sequenceSize(bytes, at);
      if (size > 0) for (const end = at + size; at < end; ) out[to++] = bytes[at++];
      else {
        const character = WINDOWS[bytes[at++] - 128];
        out.set(character, to);
        to += character.length;
        this.mended++;
      }
    }
    return out.subarray(0, to);
  }
}

/** The same bytes if there are none. */
export function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.includes(0) ? bytes.filter((byte) => byte !== 0) : bytes;
}

/** Length of the valid UTF-8 character that begins here; 0 if there is none. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first < 0x80) return 1;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  return size > 0 && at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)) ? size : 0;
}
