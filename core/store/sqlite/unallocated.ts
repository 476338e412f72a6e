/**
 * Overwrites what SQLite leaves of deleted rows between the cells of its pages. `secure_delete` overwrites a deleted cell;
 * a copy that stayed where a page was split or merged is in space that belongs to no cell, and stays until it is used
 * again. Of every page
 *
 *     header | pointers to cells | unallocated | cells
 *
 * the unallocated part is overwritten with zeros, in the file itself: it has no meaning for SQLite.
 *
 * Only while nobody else writes and the write-ahead log is empty: then the file's pages are the present ones.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync, read, writeSync } from "node:fs";

const FILE_HEADER = 100;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Header lengths of a B-tree's pages. All other pages hold only overflow of cells, or are free. */
const HEADER_BYTES = new Map([
  [2, 12],
  [5, 12],
  [10, 8],
  [13, 8],
]);

/**
 * The database's file beside SQLite's own handle. Closed only after SQLite's connections: closing any handle of a file
 * gives up all locks that the process has on it.
 */
export class DatabaseFile {
  private readonly fd: number;

  constructor(path: string) {
    this.fd = openSync(path, "r+");
  }

  /** Returns how many bytes were overwritten. Waits for the disk between pieces. */
  async clearUnallocated(): Promise<number> {
    const readInto = (await import("node:util")).promisify(read);
    const header = Buffer.alloc(FILE_HEADER);
    await readInto(this.fd, header, 0, FILE_HEADER, 0);
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const usable = pageBytes - header[20]!;
    const { size } = fstatSync(this.fd);
    const chunk = Buffer.alloc(Math.max(pageBytes, CHUNK_BYTES - (CHUNK_BYTES % pageBytes)));
    let cleared = 0;
    for (let at = 0; at + pageBytes <= size; at += chunk.length) {
      const { bytesRead } = await readInto(this.fd, chunk, 0, chunk.length, at);
      for (let offset = 0; offset + pageBytes <= bytesRead; offset += pageBytes) {
        const page = chunk.subarray(offset, offset + pageBytes);
        const gap = unallocated(page, { usable, start: at + offset === 0 ? FILE_HEADER : 0 });
        if (!gap || isZero(page, gap)) continue;
        const [from, end] = gap;
        page.fill(0, from, end);
        writeSync(this.fd, page, from, end - from, at + offset + from);
        cleared += end - from;
      }
    }
    if (cleared > 0) fdatasyncSync(this.fd);
    return cleared;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** The range; null if the page is not part of a B-tree. `start`: where its header begins. */
function unallocated(
  page: Buffer,
  { usable, start }: { usable: number; start: number },
): [number, number] | null {
  const header = HEADER_BYTES.get(page[start]!);
  if (header === undefined) return null;
  const cells = page.readUInt16BE(start + 3);
  const from = start + header + 2 * cells;
  // 0 means 65,536.
  const end = page.readUInt16BE(start + 5) || 65_536;
  if (from > end || end > usable) return null;
  for (let cell = 0; cell < cells; cell++) {
    const place = page.readUInt16BE(start + header + 2 * cell);
    if (place < end || place >= usable) return null;
  }
  return [from, end];
}

function isZero(page: Buffer, [from, end]: [number, number]): boolean {
  for (let i = from; i < end; i++) if (page[i] !== 0) return false;
  return true;
}
