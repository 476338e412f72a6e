/** Compares what was unpacked with the checksum that the archive stores: damaged bytes may unpack to wrong digits. */
import { crc32 } from "node:zlib";

/** A zip's directory may be followed by a comment of 64 kB. */
const TAIL_BYTES = 128 * 1024;
const TRAILER_BYTES = 8;

export class Checksum {
  private crc = 0;
  private size = 0;

  add(bytes: Uint8Array): void {
    this.crc = crc32(bytes, this.crc);
    this.size = (this.size + bytes.length) % 2 ** 32;
  }

  equals({ crc, size }: { crc: number; size: number }): boolean {
    return crc === this.crc && size === this.size;
  }

  restart(): void {
    this.crc = 0;
    this.size = 0;
  }
}

/** The last packed bytes, where archives store their checksums. */
export class PackedTail {
  private bytes = Buffer.alloc(2 * TAIL_BYTES);
  private held = 0;
  private total = 0;

  /** `bytes`: at most TAIL_BYTES. */
  add(bytes: Uint8Array): void {
    if (this.held + bytes.length > this.bytes.length) {
      this.bytes.copyWithin(0, this.held - TAIL_BYTES, this.held);
      this.held = TAIL_BYTES;
    }
    this.bytes.set(bytes, this.held);
    this.held += bytes.length;
    this.total += bytes.length;
  }

  /** What a gzip member that ends at this offset says about its content (RFC 1952); null if it is not held. */
  gzipTrailer(end = this.total): { crc: number; size: number } | null {
    const at = this.held - (this.total - end) - TRAILER_BYTES;
    if (at < 0) return null;
    return { crc: this.bytes.readUInt32LE(at), size: this.bytes.readUInt32LE(at + 4) };
  }

  /** What the directory of a zip says about the file `name`; null if it says nothing. */
  zipEntry(name: string): { crc: number; size: number } | null {
    const wanted = Buffer.from(name);
    const tail = this.bytes.subarray(0, this.held);
    for (
      let at = tail.indexOf(ENTRY);
      at >= 0 && at + ENTRY_BYTES <= tail.length;
      at = tail.indexOf(ENTRY, at + 1)
    ) {
      const nameBytes = tail.readUInt16LE(at + 28);
      const isWanted = wanted.equals(tail.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes));
      const size = tail.readUInt32LE(at + 24);
      if (isWanted && size !== ZIP64) return { crc: tail.readUInt32LE(at + 16), size };
    }
    return null;
  }
}

/** The signature of an entry of a zip's directory, its length without the name, and the mark of sizes of 64 bits. */
const ENTRY = Buffer.from([0x50, 0x4b, 1, 2]);
const ENTRY_BYTES = 46;
const ZIP64 = 0xffffffff;
