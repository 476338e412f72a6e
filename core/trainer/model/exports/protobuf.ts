/**
 * Writes protocol buffers: the few wire types that ONNX needs, by field number. Source:
 * protobuf.dev/programming-guides/encoding.
 */

/** An encoded field or message. */
export type Encoded = Uint8Array;

const VARINT = 0;
const BYTES = 2;

export function concat(parts: Encoded[]): Encoded {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Integers; negative ones take ten bytes, as int64 does. */
function varint(value: number | bigint): Encoded {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function key(field: number, wire: number): Encoded {
  return varint(field * 8 + wire);
}

export function intField(field: number, value: number): Encoded {
  return concat([key(field, VARINT), varint(value)]);
}

export function bytesField(field: number, value: Encoded): Encoded {
  return concat([key(field, BYTES), varint(value.length), value]);
}

export function textField(field: number, value: string): Encoded {
  return bytesField(field, new TextEncoder().encode(value));
}

/** Repeated integers below 2^53, packed: a large model has hundreds of thousands. */
export function packedInts(field: number, values: ArrayLike<number>): Encoded {
  const bytes = new Uint8Array(values.length * 8);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    let rest = values[i];
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
    bytes[at++] = rest;
  }
  return bytesField(field, bytes.subarray(0, at));
}
