/**
 * Assembles an ONNX graph. Nodes and constants, each under a name that no column of the data has; a node's result is
 * the name by which others read it. Numbers are doubles, rows x columns.
 */
import * as part from "./onnx-parts.ts";
import type { Encoded } from "./protobuf.ts";

export interface Graph {
  inputs: Encoded[];
  nodes: Encoded[];
  constants: Encoded[];
  outputs: Encoded[];
  taken: Set<string>;
}

/** `taken`: names that the data uses. */
export function newGraph(taken: Iterable<string>): Graph {
  return { inputs: [], nodes: [], constants: [], outputs: [], taken: new Set(taken) };
}

/** The name itself, or with enough _ appended to be unique. */
export function freeName(graph: Graph, wanted: string): string {
  let name = wanted;
  while (graph.taken.has(name)) name += "_";
  graph.taken.add(name);
  return name;
}

const ML_OPERATORS = new Set(["LabelEncoder", "TreeEnsembleRegressor"]);

/** Runs an operator; returns the name of its one output, which is `output` if given. */
export function step(
  graph: Graph,
  operator: string,
  { of, attributes = [], output }: { of: string[]; attributes?: Encoded[]; output?: string },
): string {
  const name = output ?? freeName(graph, `/${graph.nodes.length}`);
  const domain = ML_OPERATORS.has(operator) ? "ai.onnx.ml" : "";
  graph.nodes.push(part.operator(operator, of, [name], attributes, domain));
  return name;
}

/** A tensor of doubles. */
export function numbers(graph: Graph, shape: number[], values: ArrayLike<number>): string {
  return constant(graph, (name) => part.doubles(name, shape, values));
}

/** One row of doubles. */
export function row(graph: Graph, values: ArrayLike<number>): string {
  return numbers(graph, [1, values.length], values);
}

export function whole(graph: Graph, values: number[]): string {
  return constant(graph, (name) => part.longs(name, [values.length], values));
}

function constant(graph: Graph, make: (name: string) => Encoded): string {
  const name = freeName(graph, `/c${graph.constants.length}`);
  graph.constants.push(make(name));
  return name;
}

/** Arithmetic between named values and plain numbers. */
export function calculate(graph: Graph, operator: string, ...of: (string | number)[]): string {
  return step(graph, operator, {
    of: of.map((value) => (typeof value === "string" ? value : row(graph, [value]))),
  });
}

/** Columns side by side. */
export function beside(graph: Graph, columns: string[]): string {
  if (columns.length === 1) return columns[0];
  return step(graph, "Concat", { of: columns, attributes: [part.intAttribute("axis", 1)] });
}
