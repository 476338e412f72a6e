/**
 * Packs plain data with typed arrays into bytes, and unpacks it safely.
 *
 *   "SBX1" | CRC-32 of the bytes that follow u32 | json bytes u32 | array bytes u32 | json, padded to 8 | arrays, padded to 8
 *
 * In the JSON, an array is written as {"\0": [type, offset, length]}. Nothing is executed, nothing is read outside the
 * bytes, and inconsistent bytes are refused.
 */

const MAGIC = "SBX1";
const HEADER_BYTES = 16;
/** After the magic word and the checksum itself. */
const CHECKED_FROM = 8;
const REFERENCE = "\0";

const ARRAY_TYPES = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
} as const;
type ArrayType = keyof typeof ARRAY_TYPES;
type TypedArray = InstanceType<(typeof ARRAY_TYPES)[ArrayType]>;

/** Thrown for bytes that are not a complete, undamaged file of ours; the message says what is wrong. */
export class DamagedFileError extends Error {}

/** The same value gives the same bytes. Numbers that JSON cannot write (NaN, infinities) belong in arrays. */
export function pack(value: unknown): Uint8Array {
  const arrays: TypedArray[] = [];
  let offset = 0;
  const json = new TextEncoder().encode(
    JSON.stringify(value, (_key, item: unknown) => {
      if (!ArrayBuffer.isView(item)) return plain(item);
      const array = item as TypedArray;
      const reference = [array.constructor.name, offset, array.length];
      arrays.push(array);
      offset += padded(array.byteLength);
      return { [REFERENCE]: reference };
    }),
  );
  const bytes = new Uint8Array(HEADER_BYTES + padded(json.length) + offset);
  bytes.set(json, HEADER_BYTES);
  let at = HEADER_BYTES + padded(json.length);
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  const header = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC), 0);
  header.setUint32(8, json.length, true);
  header.setUint32(12, offset, true);
  header.setUint32(4, crc32(bytes.subarray(CHECKED_FROM)), true);
  return bytes;
}

/** How many bytes the first value takes, by its header; another may follow. */
export function packedLength(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES) return HEADER_BYTES;
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return HEADER_BYTES + padded(header.getUint32(8, true)) + header.getUint32(12, true);
}

/** Throws DamagedFileError if the bytes are not one complete value. */
export function checkPacked(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES) throw new DamagedFileError("The file is too short.");
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) {
    throw new DamagedFileError("The file does not begin like a model file.");
  }
  if (bytes.length !== packedLength(bytes))
    throw new DamagedFileError("The file is cut off or has extra bytes.");
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (crc32(bytes.subarray(CHECKED_FROM)) !== header.getUint32(4, true)) {
    throw new DamagedFileError("The file's checksum does not match.");
  }
}

/** Throws DamagedFileError. The arrays are copies: the bytes may be dropped. */
export function unpack(bytes: Uint8Array): unknown {
  checkPacked(bytes);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jsonBytes = header.getUint32(8, true);
  const arraysAt = HEADER_BYTES + padded(jsonBytes);
  // A Node Buffer's slice shares its pool: only a new array is a copy.
  const body = new Uint8Array(bytes.subarray(arraysAt));
  const json = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + jsonBytes));
  return JSON.parse(json, (_key, item: unknown) => {
    const reference =
      item !== null && typeof item === "object" && (item as Record<string, unknown>)[REFERENCE];
    return Array.isArray(reference) ? arrayAt(body, reference) : item;
  });
}

function arrayAt(body: Uint8Array, [type, offset, length]: unknown[]): TypedArray {
  if (!Object.hasOwn(ARRAY_TYPES, String(type)))
    throw new DamagedFileError("The file holds an unknown array.");
  const View = ARRAY_TYPES[type as ArrayType];
  const from = Number(offset);
  const to = from + Number(length) * View.BYTES_PER_ELEMENT;
  if (!(from >= 0 && to <= body.length && from % 8 === 0)) {
    throw new DamagedFileError("An array lies outside the file.");
  }
  return new View(body.slice(from, to).buffer);
}

function plain(item: unknown): unknown {
  if (typeof item === "number" && !Number.isFinite(item)) throw new Error("JSON cannot hold this number.");
  if (item !== null && typeof item === "object" && Object.hasOwn(item, REFERENCE)) {
    throw new Error("A key of the data is reserved.");
  }
  return item;
}

const padded = (length: number) => Math.ceil(length / 8) * 8;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 (ISO 3309), as in zip and png. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
