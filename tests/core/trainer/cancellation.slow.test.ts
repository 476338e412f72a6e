/**
 * Checks that everything that trains can be cancelled within 200 ms. Between two checkpoints no piece of work may
 * use more processor time than that, and a checkpoint that throws ends it there. (Processor time: another program
 * on the machine must not fail the test.)
 */
import { expect, test } from "bun:test";
import type { Table } from "../../../core/csv/types.ts";
import { runPaced } from "../../../core/trainer/cancellation.ts";
import { designSteps, planDesign } from "../../../core/trainer/encoding/design.ts";
import { encodeTable, fitEncoder } from "../../../core/trainer/encoding/encoder.ts";
import { fitSupervised } from "../../../core/trainer/encoding/supervised.ts";
import { fitLinear } from "../../../core/trainer/learners/linear/linear.ts";
import { fitNetwork } from "../../../core/trainer/learners/network/network.ts";
import { treeMargins } from "../../../core/trainer/learners/trees/batch-predictor.ts";
import { binInSteps } from "../../../core/trainer/learners/trees/binning.ts";
import { trainBoosting } from "../../../core/trainer/learners/trees/boosting.ts";
import { trainForest } from "../../../core/trainer/learners/trees/forest.ts";
import { seededRandom } from "../../../core/trainer/random.ts";
import type { Checkpoint, Feature, Target } from "../../../core/trainer/samples.ts";
import { goOn } from "./learners/trees/tree-data.ts";

const MOST_MS = 200;
const random = seededRandom(1);
const draw = (count: number) => Float64Array.from({ length: count }, () => random());
const rowsOf = (count: number) => Int32Array.from({ length: count }, (_, row) => row);

const ROWS = 50_000;
const features = Array.from(
  { length: 20 },
  (_, k): Feature => ({ name: `x${k}`, kind: "number", values: draw(ROWS) }),
);
const samples = { rows: ROWS, features };
const classes = Array.from({ length: 6 }, (_, k) => `k${k}`);
const target: Target = { task: "multiclass", values: draw(ROWS).map((u) => Math.floor(6 * u)), classes };
const yesOrNo: Target = { task: "binary", values: target.values.map((k) => k % 2), classes: ["no", "yes"] };

const WORDS = Array.from({ length: 3000 }, () => random().toString(36).slice(2, 9));
const documents = Array.from({ length: 300 }, () =>
  Array.from({ length: 120 }, () => WORDS[Math.floor(3000 * random() ** 3)]).join(" "),
);
const codes = rowsOf(documents.length);
const texts: Table = { rows: codes.length, columns: [{ name: "t", type: "text", codes, labels: documents }] };
const kinds: Target = { task: "binary", values: draw(documents.length).map(Math.round), classes: ["a", "b"] };
const encoder = await fitEncoder(texts, rowsOf(texts.rows), goOn);
const encodedTexts = await encodeTable(encoder, texts, goOn);

const encoded = { samples, origins: rowsOf(20), texts: [] };
const plan = planDesign(encoded, rowsOf(ROWS), () => false);
const design = await runPaced(designSteps(plan, encoded, rowsOf(ROWS)), goOn);
const linear = (of: Target, checkpoint: Checkpoint) =>
  fitLinear(design, of.values, { task: of.task, classes: of.classes.length, l2: 1, checkpoint });
const all = { trainRows: rowsOf(ROWS), random };

const many = await trainForest(samples, target, { ...all, params: { trees: 20 }, checkpoint: goOn });

const works: Record<string, (checkpoint: Checkpoint) => Promise<unknown>> = {
  binning: (checkpoint) => binInSteps(samples, { rows: rowsOf(ROWS), maxBins: 255, random, checkpoint }),
  "boosting, many classes": (checkpoint) =>
    trainBoosting(samples, target, { ...all, params: { maxRounds: 3 }, validRows: null, checkpoint }),
  "a forest": (checkpoint) => trainForest(samples, yesOrNo, { ...all, params: { trees: 2 }, checkpoint }),
  "a forest of random cuts": (checkpoint) =>
    trainForest(samples, target, { ...all, params: { trees: 2, extraTrees: true }, checkpoint }),
  "logistic regression by Newton's steps": (checkpoint) => linear(yesOrNo, checkpoint),
  "multinomial regression": (checkpoint) => linear(target, checkpoint),
  "the design of a linear model": (checkpoint) =>
    runPaced(designSteps(plan, encoded, rowsOf(ROWS)), checkpoint),
  "a neural network": (checkpoint) =>
    fitNetwork(design, target.values, {
      ...{ task: target.task, classes: classes.length, random: seededRandom(2), checkpoint },
      ...{ epochs: 1, decay: 0.1 },
    }),
  "answers of many trees": (checkpoint) =>
    runPaced(treeMargins(many, samples, { rows: rowsOf(ROWS) }), checkpoint),
  "what an encoder decides about text": (checkpoint) => fitEncoder(texts, rowsOf(texts.rows), checkpoint),
  "encoding text": (checkpoint) => encodeTable(encoder, texts, checkpoint),
  "what a linear model reads out of text": (checkpoint) =>
    fitSupervised(encodedTexts, kinds, { rows: rowsOf(texts.rows), random, checkpoint }),
};

test.each(Object.keys(works))(
  "%s has checkpoints often enough, and stops when one throws",
  async (name) => {
    let calls = 0;
    let longest = 0;
    let since = process.cpuUsage();
    const look = () => {
      calls++;
      longest = Math.max(longest, process.cpuUsage(since).user / 1000);
      since = process.cpuUsage();
    };
    await works[name](look);
    look();
    expect(longest).toBeLessThan(MOST_MS);
    expect(calls).toBeGreaterThan(1);
    let left = Math.floor(calls / 2);
    const cancel = () => {
      if (--left === 0) throw new Error("cancelled");
      if (left < 0) throw new Error("went on");
    };
    expect(works[name](cancel)).rejects.toThrow("cancelled");
  },
  30_000,
);
