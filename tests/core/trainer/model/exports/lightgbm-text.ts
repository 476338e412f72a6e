/** Reads LightGBM's text format as its documentation and source have it, and predicts: apart from the writer. */

interface TextTree {
  values: Map<string, number[]>;
}

export interface TextModel {
  head: Map<string, string>;
  trees: TextTree[];
}

export function readLightgbm(text: string): TextModel {
  const [headText, ...blocks] = text.split("end of trees")[0].split(/^Tree=\d+$/m);
  const head = new Map(
    headText.split("\n").map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
  );
  const trees = blocks.map((block) => ({
    values: new Map(
      block
        .split("\n")
        .filter((line) => line.includes("="))
        .map((line): [string, number[]] => [line.split("=")[0], line.split("=")[1].split(" ").map(Number)]),
    ),
  }));
  return { head, trees };
}

/** Raw scores of a row. */
export function predictText(model: TextModel, row: number[]): number[] {
  const outputs = Number(model.head.get("num_tree_per_iteration"));
  const sums = new Array<number>(outputs).fill(0);
  model.trees.forEach((tree, i) => {
    sums[i % outputs] += leafValue(tree, row);
  });
  return sums;
}

function leafValue({ values }: TextTree, row: number[]): number {
  const get = (key: string, at: number) => values.get(key)![at];
  let node = get("num_leaves", 0) > 1 ? 0 : -1;
  while (node >= 0) {
    const value = row[get("split_feature", node)];
    const type = get("decision_type", node);
    const isLeft =
      type & 1
        ? categoryLeft(values, get("threshold", node), value)
        : numberLeft(get("threshold", node), type, value);
    node = get(isLeft ? "left_child" : "right_child", node);
  }
  return get("leaf_value", ~node);
}

function numberLeft(threshold: number, type: number, value: number): boolean {
  if (type >> 2 !== 2) throw new Error("Only NaN stands for missing here.");
  return Number.isNaN(value) ? (type & 2) !== 0 : value <= threshold;
}

function categoryLeft(values: Map<string, number[]>, set: number, value: number): boolean {
  if (Number.isNaN(value) || value < 0) return false;
  const [from, to] = values.get("cat_boundaries")!.slice(set, set + 2);
  const word = from + (value >> 5);
  return word < to && ((values.get("cat_threshold")![word] >>> (value & 31)) & 1) === 1;
}
