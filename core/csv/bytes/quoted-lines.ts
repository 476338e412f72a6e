/**
 * Reads files in which each line is one quoted cell that holds a whole row: "a,""b, c"",d". Spreadsheets write this
 * after a CSV was opened in a single column. The outer quotes are removed, and what is inside is split as usual.
 */

/** A record longer than this is handed on as it is, so that a quote that never closes does not fill the memory. */
const LONGEST_RECORD = 1 << 20;
const DELIMITERS = [",", ";", "\t", "|"] as const;
const LEAST_SHARE = 0.9;
const SAMPLE_RECORDS = 200;

/** Whether nearly all lines, the header perhaps not, are one quoted cell, and all of these hold as many cells. */
export function hasQuotedLines(sample: Uint8Array): boolean {
  const text = new TextDecoder().decode(sample);
  if (!/^(?:[^\r\n]*[\r\n]+)?[ \t]*"/.test(text.slice(0, LONGEST_RECORD))) return false;
  const cutter = new RecordCutter();
  const records = [...cutter.push(text), ...cutter.end()].map((record) => record.trim());
  const lines = records.filter((record) => record !== "").slice(0, SAMPLE_RECORDS);
  if (lines.length < 2) return false;
  const rows = lines.map(insideQuotes);
  const quoted = rows.slice(1).filter((row) => row !== null);
  if (quoted.length === 0 || quoted.length < LEAST_SHARE * (rows.length - 1)) return false;
  // Below a header that is not quoted, a separator behind the quotes makes cells of its own.
  if (rows[0] === null && lines.slice(1).some((line) => !line.endsWith('"'))) return false;
  return DELIMITERS.some((delimiter) => areRows(rows[0] ?? lines[0]!, quoted, delimiter));
}

/** Nearly every line holds as many cells as the header. */
function areRows(header: string, quoted: readonly string[], delimiter: string): boolean {
  const width = cellsIn(header, delimiter);
  const alike = quoted.filter((row) => cellsIn(row, delimiter) === width);
  return width > 1 && alike.length >= LEAST_SHARE * quoted.length;
}

function cellsIn(row: string, delimiter: string): number {
  let cells = 1;
  let isQuoted = false;
  for (const sign of row) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (sign === delimiter && !isQuoted) cells++;
  }
  return cells;
}

const QUOTED_LINE = /^[ \t]*"([^"]*(?:""[^"]*)*)"[,;\t| ]*$/;

/** What the quotes hold, separators behind them left out; null if the record is not a single quoted cell. */
function insideQuotes(record: string): string | null {
  const inside = QUOTED_LINE.exec(record)?.[1];
  return inside === undefined ? null : inside.replaceAll('""', '"');
}

/** Yields the chunks without the quotes around whole lines; `chunks` are valid UTF-8. */
export async function* unquotedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const cutter = new RecordCutter();
  for await (const chunk of chunks)
    yield encoder.encode(
      cutter
        .push(decoder.decode(chunk, { stream: true }))
        .map(unquoted)
        .join(""),
    );
  yield encoder.encode(cutter.end().map(unquoted).join(""));
}

/** As above, for bytes that are there as a whole. */
export function withoutLineQuotes(sample: Uint8Array): Uint8Array {
  const cutter = new RecordCutter();
  const records = [...cutter.push(new TextDecoder().decode(sample)), ...cutter.end()];
  return new TextEncoder().encode(records.map(unquoted).join(""));
}

const LINE_END = /[\r\n]+$/;

function unquoted(record: string): string {
  const end = LINE_END.exec(record)?.[0] ?? "";
  const inside = insideQuotes(record.slice(0, record.length - end.length));
  return inside === null ? record : inside + end;
}

/** Cuts text into records with their line ends; a line end in quotes belongs to the record. */
class RecordCutter {
  private carry = "";
  /** How far the carry was looked at, and whether that is in quotes. */
  private at = 0;
  private isQuoted = false;

  push(text: string): string[] {
    this.carry += text;
    const records: string[] = [];
    let from = 0;
    for (; this.at < this.carry.length; this.at++) {
      const sign = this.carry.charCodeAt(this.at);
      const isEnded = this.at > from && this.carry.charCodeAt(this.at - 1) === 13 && sign !== 10;
      if (isEnded && !this.isQuoted) {
        records.push(this.carry.slice(from, this.at));
        from = this.at;
      }
      if (sign === 34) this.isQuoted = !this.isQuoted;
      else if (sign === 10 && !this.isQuoted) {
        records.push(this.carry.slice(from, this.at + 1));
        from = this.at + 1;
      }
    }
    if (this.carry.length - from > LONGEST_RECORD)
      return [...records, this.carry.slice(from), ...this.restart()];
    this.carry = this.carry.slice(from);
    this.at = this.carry.length;
    return records;
  }

  end(): string[] {
    const rest = this.carry === "" ? [] : [this.carry];
    this.restart();
    return rest;
  }

  private restart(): string[] {
    this.carry = "";
    this.at = 0;
    this.isQuoted = false;
    return [];
  }
}
