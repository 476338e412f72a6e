/** Encodes the messages of ONNX: operators, attributes, tensors and types, by the field numbers of onnx.proto3. */
import { bytesField, concat, type Encoded, intField, packedInts, textField } from "./protobuf.ts";

/** TensorProto.DataType */
export const FLOAT = 1;
export const INT64 = 7;
export const DOUBLE = 11;

export const TEXT = 8;

/** AttributeProto.AttributeType */
const INT = 2;
const TEXTS = 8;
const TENSOR = 4;
const INTS = 7;

export function operator(
  ...[name, inputs, outputs, attributes = [], domain = ""]: [
    name: string,
    inputs: string[],
    outputs: string[],
    attributes?: Encoded[],
    domain?: string,
  ]
): Encoded {
  return concat([
    ...inputs.map((input) => textField(1, input)),
    ...outputs.map((output) => textField(2, output)),
    textField(4, name),
    ...attributes.map((attribute) => bytesField(5, attribute)),
    textField(7, domain),
  ]);
}

export function intAttribute(name: string, value: number): Encoded {
  return concat([textField(1, name), intField(3, value), intField(20, INT)]);
}

export function intsAttribute(name: string, values: ArrayLike<number>): Encoded {
  return concat([textField(1, name), packedInts(8, values), intField(20, INTS)]);
}

export function textsAttribute(name: string, values: string[]): Encoded {
  // The same few words are repeated for thousands of nodes.
  const words = new Map([...new Set(values)].map((value) => [value, textField(9, value)]));
  return concat([textField(1, name), ...values.map((value) => words.get(value)!), intField(20, TEXTS)]);
}

export function tensorAttribute(name: string, tensor: Encoded): Encoded {
  return concat([textField(1, name), bytesField(5, tensor), intField(20, TENSOR)]);
}

export function doubles(name: string, shape: number[], values: ArrayLike<number>): Encoded {
  return tensor(name, { shape, type: DOUBLE, raw: new Uint8Array(Float64Array.from(values).buffer) });
}

export function longs(name: string, shape: number[], values: number[]): Encoded {
  return tensor(name, { shape, type: INT64, raw: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) });
}

function tensor(name: string, of: { shape: number[]; type: number; raw: Encoded }): Encoded {
  return concat([packedInts(1, of.shape), intField(2, of.type), textField(8, name), bytesField(9, of.raw)]);
}

/** ValueInfoProto of a matrix with any number of rows; without columns: of a list. */
export function tensorType(name: string, type: number, columns: number): Encoded {
  const rows = bytesField(1, textField(2, "rows"));
  const shape = columns > 0 ? concat([rows, bytesField(1, intField(1, columns))]) : rows;
  const tensorOf = concat([intField(1, type), bytesField(2, shape)]);
  return concat([textField(1, name), bytesField(2, bytesField(1, tensorOf))]);
}

export function opset(domain: string, version: number): Encoded {
  return concat([textField(1, domain), intField(2, version)]);
}

/** StringStringEntryProto */
export function metadata(key: string, value: string): Encoded {
  return concat([textField(1, key), textField(2, value)]);
}
