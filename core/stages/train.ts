/**
 * Training: what becomes of the race's winner? Boosting keeps the bag of its folds' models, which answers better than
 * one; linear models and forests learn once more from all training rows; where rows are ordered by time, everything
 * does, since the latest rows matter most.
 */
import type { Member } from "../trainer/members.ts";
import { MODEL_VERSION, type Model, type ModelPart } from "../trainer/model.ts";
import type { Entry } from "../trainer/race/entry.ts";
import type { TrainingData } from "../trainer/race/training-data.ts";
import type { Stage } from "./stage.ts";
import { budgetMs, type Context, checkpointOf, left, type Work } from "./work.ts";

/** Share of the budget by which refits must be done; later the folds' models serve instead. */
const TRAIN_SHARE = 0.85;

export const trainModel: Stage<Work> = {
  name: "Training",
  async run(context) {
    const { work, report } = context;
    const data = left(work, "data");
    const { parts } = left(work, "blend");
    const made: ModelPart[] = [];
    for (const [i, { entry, weight }] of parts.entries()) {
      const note = `${entry.recipe.name}, part ${i + 1} of ${parts.length}`;
      report({ type: "progress", progress: i / parts.length, note });
      const members = await membersOf(context, entry, (share) =>
        report({ type: "progress", progress: (i + share) / parts.length, note }),
      );
      made.push({ name: entry.recipe.name, family: entry.recipe.family, weight, members });
    }
    thinBags(made);
    work.model = assemble(context, data, made);
    const size = sizeOf(work.model);
    report({ type: "facts", facts: { parts: made.map(partFacts), ...size } });
    report({ type: "progress", progress: 1, note: `${size.members} models, ${size.trees} trees` });
  },
};

async function membersOf(
  context: Context,
  entry: Entry,
  onShare: (share: number) => void,
): Promise<Member[]> {
  const bag = entry.folds.slice(0, left(context.work, "data").folds.length).map((fold) => fold.member);
  const refits = context.options.split === "time" || entry.recipe.family !== "boosting";
  if (!refits || !mayRefit(context, entry)) return bag;
  return [await refit(context, entry, onShare)];
}

/** A stop means now; and a refit costs about as much as the longest fold. */
function mayRefit({ stop, options, elapsedMs, ...rest }: Context, entry: Entry): boolean {
  if (stop.aborted) return false;
  if (options.budgetRounds !== null) return true;
  const longest = Math.max(...entry.folds.map((fold) => fold.durationMs));
  return elapsedMs() + 1.3 * longest < TRAIN_SHARE * budgetMs({ stop, options, elapsedMs, ...rest });
}

async function refit(context: Context, entry: Entry, onShare: (share: number) => void): Promise<Member> {
  const { work, report } = context;
  const data = left(work, "data");
  const maxRounds = roundsOf(entry);
  return entry.recipe.fit(data, {
    fold: data.whole,
    checkpoint: checkpointOf(context),
    stop: context.stop,
    maxRounds,
    onRound: ({ round, train }) => {
      onShare(Math.min(1, round / maxRounds));
      if (entry.recipe.family !== "boosting") return;
      const candidate = `${entry.recipe.name}, all rows`;
      report({ type: "round", candidate, round, train, valid: train, metric: "loss", baseline: train });
    },
  });
}

/** As many rounds as the folds kept in the middle. */
function roundsOf(entry: Entry): number {
  const kept = entry.folds.map(({ member, rounds }) =>
    member.kind === "boosting" ? member.model.rounds : rounds,
  );
  kept.sort((a, b) => a - b);
  return Math.max(1, kept[kept.length >> 1]);
}

/** Trees of all parts together: an answer then costs under a millisecond, the file some megabytes. */
const MOST_TREES = 8000;

/** Takes members out of the largest bags, at least two stay. */
function thinBags(parts: ModelPart[]): void {
  const count = () =>
    parts.reduce((sum, part) => sum + part.members.reduce((trees, m) => trees + treesOf(m), 0), 0);
  while (count() > MOST_TREES) {
    const largest = parts.reduce((a, b) => (b.members.length > a.members.length ? b : a));
    if (largest.members.length <= 2) return;
    largest.members.pop();
  }
}

function assemble({ work, options, dataset }: Context, data: TrainingData, parts: ModelPart[]): Model {
  const encoder = left(work, "encoder");
  const used = new Set(encoder.columns.map((column) => column.column));
  return {
    version: MODEL_VERSION,
    task: data.target.task,
    target: options.target,
    classes: data.target.classes,
    plans: dataset.plan.columns.filter((column) => used.has(column.name)),
    encoder,
    design: data.design,
    supervised: Array.from(data.supervised, (encoding) => encoding ?? { targets: [], texts: [] }),
    parts,
    calibration: null,
    threshold: null,
  };
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
