/**
 * Trains the served model: the tested model's members again, on the test rows too, with the same settings and number of
 * rounds. No metric is computed on it: the reported ones are the tested model's. The clock only decides whether it
 * happens, and with how many members; with a budget of rounds it decides nothing.
 */
import { duration } from "../../platform/figures.ts";
import type { Member } from "../../trainer/model/members.ts";
import type { Model, ModelPart } from "../../trainer/model/model.ts";
import { keepSupervised } from "../../trainer/race/fold-job.ts";
import { portfolioFor } from "../../trainer/race/portfolio.ts";
import { sizingOf, type TrainingData } from "../../trainer/race/training-data.ts";
import type { WorkerPool } from "../../trainer/race/worker-pool.ts";
import type { Refit } from "../../trainer/refit.ts";
import {
  affordableLearners,
  allLearned,
  type Fit,
  foldsWithTest,
  type Learner,
  leastMs,
} from "./refit-plan.ts";
import { plural } from "./stage.ts";
import { assembleModel } from "./train.ts";
import { allRows, datesOf, designOf, encodeRowsOf, targetOf } from "./work/encode.ts";
import { type Context, checkpointOf, left, planOf, StopRequested } from "./work/work.ts";

/** `model` null: the tested one is served, for the reason in `refit`. */
export interface Refitted {
  model: Model | null;
  refit: Refit;
}

const STOPPED = "You asked to finish now.";

/** Rejects with the checkpoint's error. */
export async function refitModel(context: Context): Promise<Refitted> {
  const { options, stop, elapsedMs } = context;
  if (options.refit === false) return kept("You turned it off (refit is false).");
  if (stop.aborted) return kept(STOPPED);
  const beganAt = elapsedMs();
  planOf(context).begin("refit");
  const endsAt = planOf(context).latestMs("refit");
  const learners = affordableLearners(context, endsAt - beganAt);
  if (!learners) {
    const expected = duration(leastMs(context));
    return kept(
      `Retraining on all rows would take about ${expected}, and the time limit leaves ${duration(Math.max(0, endsAt - beganAt))}.`,
    );
  }
  try {
    const model = await fitAgain(context, learners, endsAt);
    if (stop.aborted) return kept(STOPPED);
    if (!model)
      return kept(
        `Retraining on all rows took longer than the ${duration(endsAt - beganAt)} that the time limit left.`,
      );
    const seconds = Math.round((elapsedMs() - beganAt) / 10) / 100;
    return { model, refit: { rows: allLearned(context).length, seconds } };
  } catch (error) {
    if (error instanceof StopRequested) return kept(STOPPED);
    throw error;
  }
}

const kept = (reason: string): Refitted => ({ model: null, refit: { reason } });

async function fitAgain(context: Context, learners: Learner[], endsAt: number): Promise<Model | null> {
  const { work, stop, report } = context;
  const pause = checkpointOf(context);
  const checkpoint = () => {
    if (stop.aborted) throw new StopRequested();
    return pause();
  };
  const rows = allLearned(context);
  report({
    type: "progress",
    progress: 0.02,
    note: `Retraining on all ${plural(rows.length, "row")}`,
  });
  const raced = left(work, "data");
  const [folds, sizing] = [foldsWithTest(raced, rows), sizingOf(raced)];
  const { once, whole, seed, choice } = raced;
  // What the race read takes as much memory as what is created now.
  work.data = null;
  const { encoder, encoded } = await encodeRowsOf(left(work, "parts").table, rows, {
    checkpoint,
    dates: datesOf(context),
  });
  const data: TrainingData = {
    ...{
      encoded,
      design: designOf(context, encoded),
      target: targetOf(work, rows),
      rows: allRows(rows.length),
    },
    ...{ folds, once, whole, seed, choice, supervised: [], treeParts: new Map(), sizing },
  };
  const pool = left(work, "pool");
  pool.hold(data, portfolioFor(data));
  pool.spare();
  const parts = await fitLearners(context, { data, pool, learners, endsAt });
  if (!parts || stop.aborted || context.elapsedMs() >= endsAt) return null;
  const { calibration, threshold, bounds } = left(work, "model");
  const model = assembleModel(context, { data, encoder, rows, parts });
  return { ...model, calibration, threshold, ...(bounds && { bounds }) };
}

interface Given {
  data: TrainingData;
  pool: WorkerPool;
  learners: Learner[];
  endsAt: number;
}

/** The first members of all bags before the second ones: if time runs out, all have equally many. */
async function fitLearners(context: Context, given: Given): Promise<ModelPart[] | null> {
  const { learners } = given;
  const tasks = learners
    .flatMap((learner) => learner.fits.map((fit, level) => ({ learner, fit, level })))
    .sort((a, b) => a.level - b.level);
  const wholeMs = tasks.reduce((sum, { fit }) => sum + fit.expectedMs, 0);
  let [done, doneMs] = [0, 0];
  const members = new Map<Learner, Member[]>(learners.map((learner) => [learner, []]));
  const pending = tasks.map(async ({ learner, fit, level }) => {
    const member = await fitOne(context, given, { learner, fit });
    if (member) members.get(learner)![level] = member;
    doneMs += fit.expectedMs;
    planOf(context).advance(0.05 + (0.9 * doneMs) / Math.max(1, wholeMs));
    const note = `Trained ${++done} of ${tasks.length} members on all rows`;
    context.report({ type: "progress", progress: 0.05 + (0.85 * done) / tasks.length, note });
  });
  await Promise.all(pending);
  const tested = left(context.work, "model").parts;
  const parts = learners.map((learner, i) => {
    const { name, family } = learner.entry.candidateConfig;
    const { weight } = learner;
    const made = members.get(learner)!.filter(Boolean);
    return { name, family, weight, members: made.map((member) => scaledLike(tested[i].members[0], member)) };
  });
  return parts.every(({ members: made }, i) => made.length >= learners[i].least) ? parts : null;
}

/** A forest keeps the scaling that held-out rows chose. */
function scaledLike(tested: Member, member: Member): Member {
  const scaling = tested.kind === "forest" ? tested.scaling : undefined;
  return scaling && member.kind === "forest" ? { ...member, scaling } : member;
}

async function fitOne(
  { stop, elapsedMs }: Context,
  { data, pool, endsAt }: Given,
  { learner, fit }: { learner: Learner; fit: Fit },
): Promise<Member | null> {
  const done = await pool.run({
    job: () =>
      stop.aborted || elapsedMs() + fit.expectedMs > endsAt
        ? null
        : {
            candidateConfig: learner.entry.candidateConfig.name,
            fold: fit.fold,
            maxRounds: fit.maxRounds,
            keepsTrail: false,
            hearsRounds: false,
            endsAtMs: endsAt,
          },
    onRound: () => {},
  });
  // Half a fit is useless.
  if (!done || stop.aborted || elapsedMs() >= endsAt) return null;
  keepSupervised(data, done);
  return done.member;
}
