/** Puts a run into the queue, with its owner, the privacy that it inherits, and a name for its model. */
import type { Recording } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import { slug } from "../../platform/ids.ts";
import type { StoredDataset } from "../../store/datasets.ts";
import { findModel } from "../../store/models.ts";
import { currentOwner, type Maker, markPrivate, privateTo } from "../../store/ownership.ts";
import { findRun, insertRun, type StoredRun } from "../../store/runs.ts";
import { type RunOptions, STAGE_NAMES } from "../../trainer/contract.ts";
import { runOf } from "../run-recorder.ts";

interface Enqueued {
  id: string;
  options: RunOptions;
  dataset: StoredDataset;
  /** The model's name, as requested. */
  name: string | undefined;
  queuedAt: number;
}

/** Throws AppError `conflict` if the model's name is taken, or the model would reveal private data. */
export async function enqueueRun(
  tx: Recording,
  { id, options, dataset, name, queuedAt }: Enqueued,
): Promise<void> {
  // Nobody asks where a schedule does: then it is the dataset's owner.
  const maker = currentOwner() ?? { ...dataset, visibility: null };
  const { owner, ownerName, visibility } = maker;
  const sources = [dataset.id, ...(options.testDatasetId === undefined ? [] : [options.testDatasetId])];
  let inherits = false;
  for (const source of sources) inherits ||= (await privateTo(tx, "dataset", source)) !== null;
  const isPrivate = visibility === null ? inherits : visibility === "private";
  const modelName = await modelNameFor(tx, { asked: name, plain: slug(dataset.name), maker, isPrivate });
  const about = { datasetId: dataset.id, datasetVersion: dataset.version, datasetName: dataset.name };
  const run = { ...about, id, options, modelName, queuedAt, owner, ownerName, visibility };
  await insertRun(tx, run, STAGE_NAMES);
  const queued = runOf((await findRun(tx, id))!);
  if (isPrivate) {
    await markPrivate(tx, { kind: "run", subject: id }, owner);
    const label = `Run ${queued.runNumber}`;
    await tx.append("visibility.changed", { label, visibility: "private", isAsked: false, runId: id });
  }
  await tx.append("run.queued", { ...queued, target: options.target });
}

const MOST_TRIED = 1000;

/** Whose run it is, and whether it is private. */
interface Claim {
  maker: Pick<Maker, "owner" | "isAdmin">;
  isPrivate: boolean;
}

async function modelNameFor(
  tx: Recording,
  { asked, plain, ...claim }: Claim & { asked: string | undefined; plain: string },
): Promise<string> {
  if (asked === undefined) return freeName(tx, plain, claim);
  const refusal = await refusalFor(tx, asked, claim);
  if (refusal) throw refusal;
  return asked;
}

/** Nobody chose the name: another one does as well. Throws AppError `conflict` where none is free. */
async function freeName(tx: Recording, plain: string, claim: Claim): Promise<string> {
  for (let number = 1; number < MOST_TRIED; number++) {
    const name = number === 1 ? plain : `${plain.slice(0, 70)}-${number}`;
    if (!(await refusalFor(tx, name, claim))) return name;
  }
  throw new AppError("conflict", `No name like ${plain} is free`, { fix: "Choose a name for the model." });
}

/**
 * The name of a finished run's model: the run's own, unless others would see a private result under it by now. Where a
 * model is private to the dataset's owner, whoever could train on that may add to it.
 */
export async function finishedName(tx: Recording, run: StoredRun): Promise<string> {
  const { id, modelName, owner, datasetId } = run;
  if ((await privateTo(tx, "run", id)) === null) return modelName;
  const alone = await privateTo(tx, "model", modelName);
  if (alone !== null && alone === (await privateTo(tx, "dataset", datasetId))) return modelName;
  return freeName(tx, modelName, { maker: { owner }, isPrivate: true });
}

/** Null: a version of this run may have the name. */
async function refusalFor(
  tx: Recording,
  name: string,
  { maker, isPrivate }: Claim,
): Promise<AppError | null> {
  const model = await findModel(tx, name);
  if (!model) return null;
  const alone = await privateTo(tx, "model", name);
  const column = "name";
  if (alone !== null)
    return alone === maker.owner || maker.isAdmin
      ? null
      : new AppError("conflict", `The name ${name} is taken`, { column, fix: "Choose another name." });
  if (!isPrivate || (model.visibility === "team" && model.owner === maker.owner)) return null;
  return new AppError("conflict", `The team sees the model ${name}, and this run is private`, {
    column,
    fix: "Choose another name, make the model private, or share the dataset with the team.",
  });
}
