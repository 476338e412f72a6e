/**
 * How do our trees run without us? One JavaScript module, no dependency, for Node, Deno, Bun and browsers.
 * `margins(record)` and `predict(record)` take an object by feature name: numbers, labels; null or absent is missing.
 */
import type { LossName } from "../losses.ts";
import type { TreeModel } from "../trees.ts";

/** The module's source; its numbers are the model's, so its sums are equal to the bit. */
export function treesModule(model: TreeModel, loss: LossName | null): string {
  const { trees } = model;
  const data = {
    ...{ loss, outputs: model.outputs, scale: model.scale, baseScore: Array.from(model.baseScore) },
    features: model.features.map((feature) =>
      feature.kind === "number"
        ? { name: feature.name }
        : {
            name: feature.name,
            bins: feature.labels.map((label, code): [string, number] => [label, feature.bins[code]]),
          },
    ),
    ...{ leafOutputs: trees.leafOutputs, roots: Array.from(trees.roots), feature: Array.from(trees.feature) },
    threshold: Array.from(trees.threshold, (value) => Math.min(value, Number.MAX_VALUE)),
    ...{
      left: Array.from(trees.left),
      right: Array.from(trees.right),
      missingLeft: Array.from(trees.missingLeft),
    },
    ...{
      mask: Array.from(trees.mask),
      masks: Array.from(trees.masks),
      leafValues: Array.from(trees.leafValues),
    },
  };
  return `// Made by Signalbox. No dependencies; margins(record) and predict(record) are all there is.\nconst model = JSON.parse(${JSON.stringify(JSON.stringify(data))});\n${RUNTIME}`;
}

const RUNTIME = `
const readers = model.features.map(({ name, bins }) => {
  if (!bins) return (record) => (record[name] === null || record[name] === undefined || record[name] === "" ? NaN : Number(record[name]));
  const table = new Map(bins);
  return (record) => table.get(record[name] === null || record[name] === undefined ? "" : String(record[name])) ?? 0;
});

export const features = model.features.map(({ name }) => name);

/** Raw scores, one per output. */
export function margins(record) {
  const known = readers.map((read) => read(record));
  const out = new Array(model.outputs).fill(0);
  for (let tree = 0; tree < model.roots.length; tree++) {
    let node = model.roots[tree];
    while (node >= 0) node = goesLeft(node, known[model.feature[node]]) ? model.left[node] : model.right[node];
    if (model.leafOutputs === 1) out[tree % model.outputs] += model.leafValues[~node];
    else for (let k = 0; k < model.outputs; k++) out[k] += model.leafValues[~node * model.outputs + k];
  }
  return out.map((sum, k) => sum * model.scale + model.baseScore[k]);
}

function goesLeft(node, value) {
  const mask = model.mask[node];
  if (mask >= 0) return ((model.masks[mask * 8 + (value >>> 5)] >>> (value & 31)) & 1) === 1;
  return Number.isNaN(value) ? model.missingLeft[node] === 1 : value <= model.threshold[node];
}

/** Probabilities of all classes, or [the predicted number]. */
export function predict(record) {
  const raw = margins(record);
  if (model.loss === "logistic") {
    const p = 1 / (1 + Math.exp(-raw[0]));
    return [1 - p, p];
  }
  if (model.loss === "poisson" || model.loss === "gamma") return raw.map(Math.exp);
  if (model.loss !== "softmax") return raw;
  const top = Math.max(...raw);
  const parts = raw.map((value) => Math.exp(value - top));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}
`;
