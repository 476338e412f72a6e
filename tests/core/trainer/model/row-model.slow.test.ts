/** Checks that a single row gets the same prediction as in a table, from every kind of learner and column. */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { fitDerived } from "../../../../core/trainer/encoding/choose-derived.ts";
import { buildDesign, planDesign } from "../../../../core/trainer/encoding/design.ts";
import { encodeTable, fitEncoder } from "../../../../core/trainer/encoding/encoder.ts";
import { fitSupervised, treeSamples, treeSources } from "../../../../core/trainer/encoding/supervised.ts";
import { fitLinear } from "../../../../core/trainer/learners/linear/linear.ts";
import { fitNetwork } from "../../../../core/trainer/learners/network/network.ts";
import { fitNystroem } from "../../../../core/trainer/learners/nystroem/nystroem.ts";
import { trainBoosting } from "../../../../core/trainer/learners/trees/boosting.ts";
import { trainForest } from "../../../../core/trainer/learners/trees/forest.ts";
import type { Member } from "../../../../core/trainer/model/members.ts";
import { type Model, predict, rowRange } from "../../../../core/trainer/model/model.ts";
import { openRowModel, type RowValues } from "../../../../core/trainer/model/row-model.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target, Task } from "../../../../core/trainer/samples.ts";
import { category, draw, numbers } from "../../training/stages/run.ts";

const ROWS = 300;
const random = seededRandom(5);
const DAY = 86_400_000;
const words = (word: () => string | null) => Array.from({ length: ROWS }, word);
const dates = {
  ...numbers(
    "when",
    draw(ROWS, () => 1.7e12 + Math.floor(random() * 900) * DAY),
  ),
  type: "date" as const,
};
const table: Table = {
  rows: ROWS,
  columns: [
    numbers(
      "size",
      draw(ROWS, () => (random() < 0.1 ? Number.NaN : random() * 10)),
    ),
    category(
      "colour",
      words(() => (random() < 0.1 ? null : "rgb"[Math.floor(random() * 3)])),
    ),
    category(
      "street",
      words(() => `s${Math.floor(random() * 80)}`),
    ),
    dates as Table["columns"][number],
    numbers(
      "weight",
      draw(ROWS, () => Math.floor(random() * 4) - 1),
    ),
  ],
};

const TARGETS: Record<Task, Target> = {
  binary: {
    task: "binary",
    values: Float64Array.from(draw(ROWS, () => +(random() < 0.4))),
    classes: ["no", "yes"],
  },
  multiclass: {
    task: "multiclass",
    values: Float64Array.from(draw(ROWS, () => Math.floor(random() * 3))),
    classes: ["a", "b", "c"],
  },
  regression: {
    task: "regression",
    values: Float64Array.from(draw(ROWS, () => 1 + random() * 9)),
    classes: [],
  },
};

/** One part for each kind of learner. */
async function modelOf(target: Target): Promise<Model> {
  const { task, classes } = target;
  const rows = rowRange(0, ROWS);
  const checkpoint = () => {};
  const given = { rows, random: seededRandom(1), checkpoint };
  const encoder = await fitEncoder(table, rows, checkpoint);
  const encoded = await encodeTable(encoder, table, checkpoint);
  const supervised = await fitSupervised(encoded, target, given);
  const samples = treeSamples(encoded, supervised.features);
  const derived = await fitDerived(encoded, target, {
    ...given,
    base: {
      samples,
      sources: Int32Array.from(treeSources(encoded, supervised.encoder), ([source = -1]) => source),
    },
  });
  expect(new Set(derived.derived.map(({ kind }) => kind))).toEqual(new Set(["arithmetic", "cross"]));
  const combined = { rows: ROWS, features: [...samples.features, ...derived.features] };
  const design = planDesign(encoded, rows, () => false);
  const matrix = buildDesign(design, encoded, rows);
  const fit = { task, classes: classes.length, checkpoint };
  const trees = { trainRows: rows, random: seededRandom(2), checkpoint };
  const none = { kind: "none" } as const;
  const log = task === "regression" ? ({ kind: "log", shift: -1, smear: 1.02 } as const) : none;
  const width = task === "regression" ? 1 : classes.length;
  const forest = await trainForest(samples, target, { ...trees, params: { trees: 8 } });
  const boosting = { ...trees, params: { maxRounds: 12 }, validRows: null };
  const net = { ...fit, random: seededRandom(4), epochs: 2, decay: 0.1 };
  const members: Member[] = [
    { kind: "constant", response: new Float64Array(width).fill(1 / width) },
    { kind: "linear", model: await fitLinear(matrix, target.values, { ...fit, l2: 1 }), transform: none },
    {
      kind: "smooth",
      model: await fitNystroem(matrix, target.values, { ...fit, random: seededRandom(3) }),
      transform: log,
    },
    { kind: "network", model: await fitNetwork(matrix, target.values, net), transform: log },
    { kind: "forest", model: forest, supervised: 0, transform: none },
    {
      kind: "boosting",
      model: await trainBoosting(combined, target, boosting),
      supervised: 1,
      transform: none,
    },
    ...(task === "regression"
      ? []
      : [
          {
            kind: "forest" as const,
            model: forest,
            supervised: 0,
            transform: none,
            scaling: { kind: "temperature" as const, slope: 1.7, offset: classes.map(() => 0) },
          },
        ]),
    {
      kind: "boosting",
      model: await trainBoosting(samples, target, boosting),
      supervised: 0,
      transform: log,
    },
    {
      kind: "boosting",
      model: await trainBoosting(treeSamples(encoded, []), target, boosting),
      supervised: -1,
      transform: none,
    },
  ];
  const isBinary = task === "binary";
  return {
    ...{ version: 1, task, target: "y", classes, encoder, design },
    supervised: [supervised.encoder, { ...supervised.encoder, derived: derived.derived }],
    plans: table.columns.map(({ name, type }) => ({ name, type, missingWords: [] })),
    parts: members.map((member, i) => ({
      name: `${i}`,
      family: member.kind,
      weight: 1 / members.length,
      members: [member],
    })),
    calibration: isBinary ? { kind: "platt", slope: 1.2, offset: [0, 0.1] } : null,
    threshold: isBinary ? 0.35 : null,
  };
}

function valuesOf({ columns }: Table, row: number): RowValues {
  return columns.map((column) => {
    if ("codes" in column) return column.codes[row] < 0 ? null : column.labels[column.codes[row]];
    return Number.isNaN(column.values[row]) ? null : column.values[row];
  });
}

for (const task of ["binary", "multiclass", "regression"] as const) {
  test(`${task}: one row at a time answers as the table does, to the bit`, async () => {
    const model = await modelOf(TARGETS[task]);
    const whole = predict(model, table);
    const answer = openRowModel(model)!;
    const width = task === "regression" ? 1 : model.classes.length;
    expect(new Set(whole.values).size).toBeGreaterThan(1);
    for (let row = 0; row < ROWS; row++) {
      const one = answer(valuesOf(table, row));
      expect(one.values[0]).toBe(whole.values[row]);
      expect([...(one.probabilities ?? [])]).toEqual([
        ...(whole.probabilities?.subarray(row * width, (row + 1) * width) ?? []),
      ]);
    }
  });
}

test("unseen labels and missing columns count as missing", async () => {
  const model = await modelOf(TARGETS.binary);
  const answer = openRowModel(model)!;
  const nothing = answer([null, null, null, null, null]).probabilities!.slice();
  expect([...answer([null, "violet", "nowhere", null, null]).probabilities!]).toEqual([...nothing]);
  expect([...answer([3, "r", "s1", 1.7e12, 0]).probabilities!]).not.toEqual([...nothing]);
});

test("a model that reads texts predicts tables only", async () => {
  const model = await modelOf(TARGETS.binary);
  const text = { kind: "text" as const, column: "note", words: [], idf: new Float32Array(1), characters: 3 };
  expect(openRowModel({ ...model, encoder: { columns: [...model.encoder.columns, text] } })).toBeNull();
});
