/**
 * Finalizing: saves the model. Writes the model file, and summarises the run for the registry. A file that was cut off
 * or changed is refused when it is read.
 */

import { typicalValue } from "../../csv/profile/typical-value.ts";
import type { ColumnPlan, ColumnProfile } from "../../csv/types.ts";
import { count } from "../../platform/figures.ts";
import { bySeverity } from "../../trainer/checks/severity.ts";
import type { ModelSchema, RunResult } from "../../trainer/contract.ts";
import type { ContributionRows } from "../../trainer/explain/contribution-rows.ts";
import type { Model } from "../../trainer/model/model.ts";
import { readModel, writeModel } from "../../trainer/model/model-file.ts";
import { figuresNote, type Refit } from "../../trainer/refit.ts";
import { refitModel } from "./refit.ts";
import type { RunDataset, Stage } from "./stage.ts";
import { measureCost } from "./work/cost.ts";
import { explainRows } from "./work/evaluation.ts";
import { type Context, left, planOf, type Work } from "./work/work.ts";

const MODEL_FILE = "model.bin";
const MOST_VALUES = 200;

export const finalizeRun: Stage<Work> = {
  name: "Finalizing",
  async run(context) {
    const { work, report, dataset, artifacts } = context;
    const tested = left(work, "model");
    const { model: again, refit } = await refitModel(context).finally(() => left(work, "pool").close());
    const { model, cost } = servedModel(context, { tested, again });
    const contributions = await explainRows(context, tested);
    planOf(context).begin("saving");
    const bytes = writeModel(model, model === tested ? null : tested);
    await artifacts.save(MODEL_FILE, bytes);
    const written = await artifacts.load(MODEL_FILE);
    if (!written) throw new Error("The model file does not exist after it was written.");
    readModel(written);
    report({
      type: "progress",
      progress: 0.95,
      note: `${count(bytes.length)} bytes written and read back`,
    });
    const served = { model, refit: model === again || !again ? refit : TOO_DEAR, cost };
    work.result = resultOf(work, dataset, { ...served, contributions });
    report({
      type: "facts",
      facts: { sizeBytes: bytes.length, features: work.result.schema.features.length, refit: served.refit },
    });
    report({ type: "progress", progress: 1, note: "Model saved" });
  },
};

const TOO_DEAR: Refit = {
  reason: "The model of all rows would cost more per prediction than maxMicroseconds.",
};

/** The refit model, unless only the tested one meets the cost limit. */
function servedModel(
  context: Context,
  { tested, again }: { tested: Model; again: Model | null },
): { model: Model; cost: number | null } {
  const model = again ?? tested;
  const cost = measureCost(context, model);
  const { maxMicroseconds, budgetRounds } = context.options;
  const isTooDear = budgetRounds === null && maxMicroseconds !== undefined && (cost ?? 0) > maxMicroseconds;
  return again && isTooDear ? { model: tested, cost: measureCost(context, tested) } : { model, cost };
}

function resultOf(
  work: Work,
  dataset: RunDataset,
  given: { model: Model; refit: Refit; cost: number | null; contributions: ContributionRows | null },
): RunResult {
  const { model, refit, cost, contributions } = given;
  const { train, tested } = left(work, "parts");
  const evaluated = left(work, "evaluated");
  const { parts } = left(work, "blend");
  return {
    task: model.task,
    metric: left(work, "loaded").metric,
    best: parts.length > 1 ? `Ensemble of ${parts.length}` : parts[0].entry.candidateConfig.name,
    positiveClass: model.task === "binary" ? model.classes[1] : null,
    findings: bySeverity(work.findings),
    refit,
    cost,
    ...evaluated,
    evaluation: { ...evaluated.evaluation, contributions },
    verdict: [evaluated.verdict, figuresNote(refit)].filter(Boolean).join(" "),
    schema: schemaOf(model, dataset),
    ...readingsOf(model, dataset),
    rowsTrain: train.length,
    rowsTest: tested.length,
  };
}

function readingsOf({ reading, plans, target }: Model, { plan }: RunDataset): Pick<RunResult, "readings"> {
  const targets = plan.columns.filter(({ name }) => name === target);
  return reading ? { readings: { ...reading, columns: [...plans, ...targets] } } : {};
}

function schemaOf(model: Model, dataset: RunDataset): ModelSchema {
  const features = model.plans.map((plan) => {
    const profile = dataset.columns.find((column) => column.name === plan.name);
    return featureSchema(plan, profile, model);
  });
  return { features, target: model.target, ...(model.classes.length > 0 && { classes: model.classes }) };
}

function featureSchema(plan: ColumnPlan, profile: ColumnProfile | undefined, model: Model) {
  const type = plan.type === "id" ? "category" : plan.type;
  const encoding = model.encoder.columns.find(({ column }) => column === plan.name);
  const values = encoding?.kind === "category" ? { values: encoding.labels.slice(0, MOST_VALUES) } : {};
  // If numbers are read as labels, a value between two of them is not one.
  const example = typicalValue({ ...plan, type: "values" in values ? "category" : type }, profile);
  const schema: ModelSchema["features"][number] = { name: plan.name, type, example, ...values };
  if (type === "number" && profile?.min != null && profile.max != null) {
    schema.min = profile.min;
    schema.max = profile.max;
    schema.example = Number(example);
  }
  return schema;
}
