/**
 * Training: turns the winner of the race into the model. Boosting and networks keep the bag of their folds' models,
 * which predicts better than one; linear models and forests are trained again on all training rows; if rows are ordered
 * by time, everything is, because the latest rows matter most.
 */
import type { Encoder } from "../../trainer/encoding/columns.ts";
import { learnedRows, rowHashes } from "../../trainer/model/learned-rows.ts";
import type { Member } from "../../trainer/model/members.ts";
import { MODEL_VERSION, type Model, type ModelPart } from "../../trainer/model/model.ts";
import type { Entry } from "../../trainer/race/entry.ts";
import { keepSupervised } from "../../trainer/race/fold-job.ts";
import { withScaling } from "../../trainer/race/settled-rounds.ts";
import type { TrainingData } from "../../trainer/race/training-data.ts";
import { expectRefit, learnsOnce, middleRounds } from "./refit-plan.ts";
import { plural, type Stage } from "./stage.ts";
import { holdLimit, mostTreesFor, thinBags } from "./work/cost.ts";
import { type Context, left, planOf, type Work } from "./work/work.ts";

export const trainModel: Stage<Work> = {
  name: "Training",
  async run(context) {
    const { work, report } = context;
    const data = left(work, "data");
    const { parts } = left(work, "blend");
    let done = 0;
    const usualMs = expectTraining(context, parts);
    const isInTime = usualMs <= planOf(context).roomMs("Training");
    if (!isInTime) planOf(context).expect("Training", { usualMs: 0, leastMs: 0 });
    planOf(context).begin("Training");
    const made = await Promise.all(
      parts.map(async ({ entry, weight }): Promise<ModelPart> => {
        const { name, family } = entry.candidateConfig;
        const members = await membersOf(context, entry, isInTime);
        const note = `Trained ${name}, part ${++done} of ${parts.length}`;
        planOf(context).advance(done / parts.length);
        report({ type: "progress", progress: done / parts.length, note });
        return { name, family, weight, members };
      }),
    );
    thinBags(made, Math.min(MOST_TREES, mostTreesFor(context)), leastMembers(context));
    work.model = assembleModel(context, {
      data,
      encoder: left(work, "encoder"),
      rows: left(work, "parts").train,
      parts: made,
    });
    holdLimit(context, work.model, left(work, "blend"));
    expectRefit(context);
    const size = sizeOf(work.model);
    report({ type: "facts", facts: { parts: work.model.parts.map(partFacts), ...size } });
    report({
      type: "progress",
      progress: 1,
      note: `${plural(size.members, "model")}${size.trees ? `, ${plural(size.trees, "tree")}` : ""}`,
    });
  },
};

/** Updates the plan with, and returns, the cost of training again on all training rows; skipped if time is short. */
export function expectTraining(context: Context, parts: { entry: Entry }[]): number {
  const again = parts.filter(({ entry }) => learnsOnce(context, entry) && entry.folds.length > 0);
  const folds = again.map(({ entry }) => longestMs(entry));
  const ms = folds.reduce((sum, fold) => sum + fold, 0) / (context.work.pool?.size ?? 1);
  const usualMs = Math.max(ms, ...folds);
  planOf(context).expect("Training", { usualMs, leastMs: 0 });
  return usualMs;
}

/** Of the folds, without the first if there are others: it included warm-up. */
function longestMs({ folds }: Entry): number {
  return Math.max(...folds.slice(folds.length > 1 ? 1 : 0).map(({ durationMs }) => durationMs));
}

async function membersOf(context: Context, entry: Entry, isInTime: boolean): Promise<Member[]> {
  const data = left(context.work, "data");
  const bag = entry.folds.slice(0, data.folds.length).map((fold) => fold.member);
  const again = isInTime && learnsOnce(context, entry) ? await learnOnce(context, entry) : null;
  return (again ? [again] : bag).map((member) => withScaling(data, entry, member));
}

/** Null if it would end too late: a stop means now, and all rows take about as long as the longest fold. */
async function learnOnce(context: Context, entry: Entry): Promise<Member | null> {
  const { work, report, elapsedMs, stop } = context;
  const endsAtMs = planOf(context).deadlineMs("Training");
  const longest = longestMs(entry);
  const maxRounds = middleRounds(entry);
  const isTooLate = () => stop.aborted || elapsedMs() + 1.3 * longest > endsAtMs;
  const done = await left(work, "pool").run({
    job: () =>
      isTooLate()
        ? null
        : {
            candidateConfig: entry.candidateConfig.name,
            fold: left(work, "data").whole,
            maxRounds,
            keepsTrail: false,
            hearsRounds: entry.candidateConfig.family === "boosting",
            endsAtMs,
          },
    onRound: ({ round, train }) => {
      const candidate = `${entry.candidateConfig.name}, all rows`;
      report({ type: "round", candidate, round, train, valid: train, metric: "loss", baseline: train });
    },
  });
  // Half a fit is worse than the folds' models.
  if (!done || stop.aborted || elapsedMs() >= endsAtMs) return null;
  keepSupervised(left(work, "data"), done);
  return done.member;
}

/** A bag of one is no bag, unless the cost is limited. */
const leastMembers = ({ options }: Context) => (options.maxMicroseconds === undefined ? 2 : 1);

/** Trees of all parts together, and what costs as much: a prediction then takes under half a millisecond. */
export const MOST_TREES = 8000;

/** Of all rows of the table, kept for the model after a refit. */
function hashesOf(work: Work, names: string[]): ReturnType<typeof rowHashes> {
  const known = work.hashes;
  if (known && known.names.join("\n") === names.join("\n")) return known.hashes;
  const hashes = rowHashes(left(work, "parts").table, names);
  work.hashes = { names, hashes };
  return hashes;
}

/** The model of these parts, which learned from `rows` of the table. */
export function assembleModel(
  { work, options, dataset }: Context,
  given: { data: TrainingData; encoder: Encoder; rows: Int32Array; parts: ModelPart[] },
): Model {
  const { data, encoder, rows, parts } = given;
  const used = new Set(encoder.columns.map((column) => column.column));
  const plans = dataset.plan.columns.filter((column) => used.has(column.name));
  const hashes = hashesOf(
    work,
    plans.map(({ name }) => name),
  );
  return {
    version: MODEL_VERSION,
    task: data.target.task,
    target: options.target,
    classes: data.target.classes,
    plans,
    ...(hashes && { learned: learnedRows(hashes, rows) }),
    ...(dataset.plan.rows && { reading: dataset.plan.rows }),
    encoder,
    design: data.design,
    supervised: usedEncoders(data, parts),
    parts,
    calibration: null,
    threshold: null,
  };
}

/** Those that a member reads; the others, fitted for candidates that lost, are left empty. */
function usedEncoders({ supervised }: TrainingData, parts: ModelPart[]): Model["supervised"] {
  const members = parts.flatMap((part) => part.members);
  const used = new Set(members.map((member) => ("supervised" in member ? member.supervised : -1)));
  return Array.from(
    { length: Math.max(...used) + 1 },
    (_, at) => (used.has(at) && supervised[at]) || { targets: [], texts: [] },
  );
}

function sizeOf(model: Model): { members: number; trees: number } {
  const members = model.parts.flatMap((part) => part.members);
  return { members: members.length, trees: members.reduce((sum, member) => sum + treesOf(member), 0) };
}

const treesOf = (member: Member) =>
  member.kind === "boosting" || member.kind === "forest" ? member.model.trees.roots.length : 0;

function partFacts(part: ModelPart): Record<string, unknown> {
  const trees = part.members.reduce((sum, member) => sum + treesOf(member), 0);
  return { name: part.name, family: part.family, weight: part.weight, models: part.members.length, trees };
}
