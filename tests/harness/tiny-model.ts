/** A small model of a file, made in a moment by the product's own reader, encoder and trees: no stages, no race. */
import { loadTable } from "../../core/csv/columns/load.ts";
import { profileCsv } from "../../core/csv/read.ts";
import type { CsvProfile, ReadingChoices, Table } from "../../core/csv/types.ts";
import { planDesign } from "../../core/trainer/encoding/design.ts";
import { encodeRows, fitEncoder } from "../../core/trainer/encoding/encoder.ts";
import { treeSamples } from "../../core/trainer/encoding/supervised.ts";
import { trainBoosting } from "../../core/trainer/learners/trees/boosting.ts";
import { MODEL_VERSION, type Model } from "../../core/trainer/model/model.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import { dropColumns } from "../../core/training/stages/work/rows/table.ts";
import { readTarget, settleTask, targetPlan } from "../../core/training/stages/work/target.ts";

export interface TinyModel {
  model: Model;
  profile: CsvProfile;
  /** Every row of the file as training read it, the target's column too. */
  table: Table;
}

const ROUNDS = 30;
const checkpoint = async () => {};

/** Null if the file has nothing to learn from. */
export async function tinyModel(
  path: string,
  choices: ReadingChoices = {},
  target?: string,
): Promise<TinyModel | null> {
  const profile = await profileCsv(path, target ? { ...choices, target } : choices, { name: "tiny.csv" });
  const name = profile.target;
  if (name === null) return null;
  const plan = profile.plan.columns.find((column) => column.name === name)!;
  const options = { target: name, task: profile.task } as Parameters<typeof settleTask>[0];
  const task = settleTask(
    options,
    plan,
    profile.columns.find((column) => column.name === name),
  );
  const columns = profile.plan.columns.map((column) => (column === plan ? targetPlan(column, task) : column));
  const table = await loadTable(path, { ...profile.plan, columns });
  const { target: learned, rows } = readTarget(
    table.columns.find((column) => column.name === name)!,
    task,
    null,
  );
  const ids = columns.filter(({ type }) => type === "id").map((column) => column.name);
  const features = dropColumns(table, new Set([name, ...ids]));
  if (features.columns.length === 0) return null;
  const encoder = await fitEncoder(features, rows, checkpoint);
  const encoded = encodeRows(encoder, features);
  const boosted = await trainBoosting(treeSamples(encoded, []), learned, {
    params: { maxRounds: ROUNDS, minSamplesLeaf: 2, learningRate: 0.3 },
    trainRows: rows,
    validRows: null,
    random: seededRandom(1),
    checkpoint,
  });
  const used = new Set(encoder.columns.map(({ column }) => column));
  const model: Model = {
    version: MODEL_VERSION,
    task: learned.task,
    target: name,
    classes: learned.classes,
    plans: columns.filter((column) => used.has(column.name)),
    ...(profile.plan.rows && { reading: profile.plan.rows }),
    encoder,
    design: planDesign(encoded, rows, () => false),
    supervised: [],
    parts: [
      {
        name: "Gradient boosting",
        family: "boosting",
        weight: 1,
        members: [{ kind: "boosting", model: boosted, supervised: -1, transform: { kind: "none" } }],
      },
    ],
    calibration: null,
    threshold: null,
  };
  return { model, profile, table };
}
