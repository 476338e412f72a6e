/** Reads an ONNX file's trees from the wire format alone, and walks them: independent of the writer. */

interface Field {
  number: number;
  value: number;
  bytes: Uint8Array;
}

/** The fields of a message; varints as numbers, the rest as bytes. */
export function fields(bytes: Uint8Array): Field[] {
  const all: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const value = varint();
    const isBytes = key % 8 === 2;
    all.push({
      number: Math.floor(key / 8),
      value,
      bytes: isBytes ? bytes.subarray(at, at + value) : new Uint8Array(0),
    });
    if (isBytes) at += value;
  }
  return all;
}

function varints(bytes: Uint8Array): number[] {
  const all: number[] = [];
  let value = 0;
  let shift = 1;
  for (const byte of bytes) {
    value += (byte & 127) * shift;
    shift *= 128;
    if (byte >= 128) continue;
    all.push(value);
    [value, shift] = [0, 1];
  }
  return all;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const one = (message: Uint8Array, number: number) => fields(message).find((field) => field.number === number);

export interface OnnxNode {
  operator: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, Uint8Array>;
}

export function graphOf(model: Uint8Array): { nodes: OnnxNode[]; tensors: Map<string, Uint8Array> } {
  const graph = fields(one(model, 7)!.bytes);
  const nodes = graph.filter(({ number }) => number === 1).map(({ bytes }) => nodeOf(bytes));
  const tensors = graph
    .filter(({ number }) => number === 5)
    .map(({ bytes }): [string, Uint8Array] => [text(one(bytes, 8)!.bytes), bytes]);
  return { nodes, tensors: new Map(tensors) };
}

function nodeOf(bytes: Uint8Array): OnnxNode {
  const of = (number: number) =>
    fields(bytes)
      .filter((field) => field.number === number)
      .map((field) => field.bytes);
  return {
    operator: text(of(4)[0]),
    inputs: of(1).map(text),
    outputs: of(2).map(text),
    attributes: new Map(of(5).map((attribute) => [text(one(attribute, 1)!.bytes), attribute])),
  };
}

export function ints({ attributes }: OnnxNode, name: string): number[] {
  return varints(one(attributes.get(name)!, 8)!.bytes);
}

export function texts({ attributes }: OnnxNode, name: string): string[] {
  return fields(attributes.get(name)!)
    .filter(({ number }) => number === 9)
    .map(({ bytes }) => text(bytes));
}

export function doubles(tensor: Uint8Array): Float64Array {
  return new Float64Array(one(tensor, 9)!.bytes.slice().buffer);
}

/** Sums of leaves per output of a TreeEnsembleRegressor, by its attributes' definition. */
export function ensembleReader(node: OnnxNode): (row: number[]) => number[] {
  const tensor = (name: string) => doubles(one(node.attributes.get(name)!, 5)!.bytes);
  const [tree, id, feature] = ["treeids", "nodeids", "featureids"].map((name) => ints(node, `nodes_${name}`));
  const [yes, no, missing] = ["truenodeids", "falsenodeids", "missing_value_tracks_true"].map((name) =>
    ints(node, `nodes_${name}`),
  );
  const [targetTree, targetNode, target] = ["treeids", "nodeids", "ids"].map((name) =>
    ints(node, `target_${name}`),
  );
  const modes = texts(node, "nodes_modes");
  const [values, weights] = [tensor("nodes_values_as_tensor"), tensor("target_weights_as_tensor")];
  const base = Array.from(tensor("base_values_as_tensor"));
  const index = new Map(tree.map((t, i) => [`${t}/${id[i]}`, i]));
  const roots = [...new Set(tree)];
  const targets = Map.groupBy(weights.keys(), (i) => `${targetTree[i]}/${targetNode[i]}`);
  return (row) => {
    const sums = base.slice();
    for (const root of roots) {
      let at = index.get(`${root}/0`)!;
      while (modes[at] !== "LEAF") {
        const value = row[feature[at]];
        const holds = modes[at] === "BRANCH_LEQ" ? value <= values[at] : value >= values[at];
        at = index.get(`${root}/${(Number.isNaN(value) ? missing[at] === 1 : holds) ? yes[at] : no[at]}`)!;
      }
      for (const i of targets.get(`${root}/${id[at]}`)!) sums[target[i]] += weights[i];
    }
    return sums;
  };
}
