/**
 * Which learners answer best for rows they have not seen, within the time there is?
 * All candidates meet the same folds. Rung by rung the worse half leaves (successive halving, Jamieson and Talwalkar
 * 2016), the best of each family stays. Each is told as soon as it is scored. It ends when all are scored, the time
 * is used, or it is stopped; it must never look at the test part.
 */
import { goodness, type MetricName } from "../metrics.ts";
import type { Checkpoint } from "../samples.ts";
import { type Entry, FoldRunner, newEntry, type ScoredFold } from "./entry.ts";
import type { Recipe } from "./recipes.ts";
import type { TrainingData } from "./training-data.ts";

export interface RaceOptions {
  metric: MetricName;
  recipes: Recipe[];
  /** On the clock of `elapsedMs`; without effect where rounds are budgeted. */
  deadlineMs: number;
  elapsedMs: () => number;
  /** Rounds and trees in all; with it the clock has no say. */
  budgetRounds: number | null;
  stop: AbortSignal;
  checkpoint: Checkpoint;
  onScored: (entry: Entry) => Promise<void>;
  onRound: (report: { entry: Entry; fold: number; round: number; train: number; valid: number }) => void;
  onProgress: (done: { folds: number; of: number; entry: Entry }) => void;
  /** Folds scored before an interruption, by the recipe's name. */
  saved: Map<string, ScoredFold[]>;
}

export interface RaceResult {
  /** Every entry with at least one fold, in the order of the recipes. */
  entries: Entry[];
  ended: "all scored" | "time" | "rounds" | "stopped";
}

/** Rejects with the checkpoint's error. At least the baseline is scored on every fold, whatever the time. */
export async function runRace(data: TrainingData, options: RaceOptions): Promise<RaceResult> {
  const runner = new FoldRunner(data, options);
  const entries = options.recipes.map((recipe) => newEntry(recipe, options.saved.get(recipe.name) ?? []));
  const folds = data.folds.length;
  const leaders = entries.filter(
    (entry, i) => i === entries.findIndex((e) => e.recipe.family === entry.recipe.family),
  );
  for (const entry of leaders) await finishEntry(entry, folds, { runner, options });
  let field = entries.filter((entry) => !leaders.includes(entry));
  for (const rung of rungs(folds)) {
    for (const entry of field) await finishEntry(entry, rung, { runner, options });
    field = survivors(field, leaders, { rung, options });
  }
  const scored = entries.filter((entry) => entry.folds.length > 0);
  return { entries: scored, ended: runner.ended ?? "all scored" };
}

async function finishEntry(
  entry: Entry,
  upTo: number,
  race: { runner: FoldRunner; options: RaceOptions },
): Promise<void> {
  const before = entry.folds.length;
  while (entry.folds.length < upTo) {
    const scored = await race.runner.run(entry);
    if (!scored) break;
  }
  const grown = entry.folds.length > before || (before > 0 && !entry.told);
  if (grown) {
    entry.told = true;
    await race.options.onScored(entry);
  }
}

/** Two folds for everyone, then half of them, then all. */
function rungs(folds: number): number[] {
  return [...new Set([Math.min(2, folds), Math.ceil(folds / 2), folds])].sort((a, b) => a - b);
}

/** The better half, and the best of each family; whoever is clearly behind the leaders on the same folds leaves. */
function survivors(field: Entry[], leaders: Entry[], at: { rung: number; options: RaceOptions }): Entry[] {
  const running = field.filter((entry) => entry.folds.length >= at.rung);
  const score = (entry: Entry) => meanGoodness(entry, at.rung, at.options.metric);
  const ranked = [...running].sort((a, b) => score(b) - score(a));
  const half = new Set(ranked.slice(0, Math.max(1, Math.ceil(ranked.length / 2))));
  for (const family of new Set(ranked.map((entry) => entry.recipe.family))) {
    const best = ranked.find((entry) => entry.recipe.family === family)!;
    const leader = leaders.find((entry) => entry.recipe.family === family);
    if (!leader || score(best) > score(leader)) half.add(best);
  }
  return field.filter((entry) => half.has(entry));
}

function meanGoodness(entry: Entry, folds: number, metric: MetricName): number {
  const scores = entry.folds.slice(0, folds).map((fold) => goodness(metric, fold.score));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
