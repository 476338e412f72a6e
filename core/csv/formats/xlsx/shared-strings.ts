/**
 * Stores the shared strings that cells refer to by number, as packed bytes: a million JavaScript strings would take
 * five times as much memory.
 */
import { AppError } from "../../../platform/errors.ts";
import { type Archive, damagedZip } from "./archive.ts";
import { readXml } from "./xml.ts";

const MAX_BYTES = 1 << 30;
const MAX_STRINGS = 1 << 26;

export class SharedStrings {
  private bytes = Buffer.alloc(1 << 16);
  private size = 0;
  private ends = new Uint32Array(1 << 10);
  private count = 0;

  static async read(archive: Archive, part: string | null): Promise<SharedStrings> {
    const strings = new SharedStrings();
    if (part && archive.has(part))
      await readXml(
        archive.text(part),
        stringHandlers((text) => strings.add(text)),
      );
    return strings;
  }

  /** Throws AppError `invalid` if there is no such text. */
  at(index: number): string {
    if (!(index >= 0 && index < this.count))
      throw damagedZip(
        new Error(`text ${index} of ${this.count}`),
        "a cell refers to a text that does not exist",
      );
    const from = index === 0 ? 0 : this.ends[index - 1];
    return this.bytes.toString("utf8", from, this.ends[index]);
  }

  private add(text: string): void {
    const most = this.size + 3 * text.length;
    if (most > this.bytes.length) this.grow(most);
    this.size += this.bytes.write(text, this.size, "utf8");
    if (this.count === this.ends.length) {
      if (this.count >= MAX_STRINGS) throw tooManyTexts();
      const longer = new Uint32Array(2 * this.count);
      longer.set(this.ends);
      this.ends = longer;
    }
    this.ends[this.count++] = this.size;
  }

  private grow(least: number): void {
    if (this.size > MAX_BYTES) throw tooManyTexts();
    const longer = Buffer.alloc(Math.max(least, 2 * this.bytes.length));
    this.bytes.copy(longer, 0, 0, this.size);
    this.bytes = longer;
  }
}

function tooManyTexts(): AppError {
  return new AppError("invalid", "The workbook holds more than a gigabyte of different texts", {
    fix: "Save the sheet as CSV, or remove columns of long texts.",
  });
}

/** Handlers that yield the text of each `si`: all its runs, without the phonetic readings of East Asian characters. */
function stringHandlers(take: (text: string) => void) {
  let text = "";
  let isInText = false;
  let phonetics = 0;
  return {
    open: (name: string) => {
      if (name === "si") text = "";
      else if (name === "rPh") phonetics++;
      else if (name === "t") isInText = phonetics === 0;
    },
    text: (piece: string) => {
      if (isInText) text += piece;
    },
    close: (name: string) => {
      if (name === "t") isInText = false;
      else if (name === "rPh") phonetics--;
      else if (name === "si") take(unescaped(text));
    },
  };
}

/** `_x000D_` is how the format escapes characters that XML cannot contain. */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
