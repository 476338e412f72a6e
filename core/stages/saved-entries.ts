/**
 * What of a race outlives a crash? Each scored candidate is a file of its own, listed in candidates.json; a list made
 * for other rows, folds or settings is not used.
 */

import { DamagedFileError, pack, unpack } from "../trainer/pack.ts";
import type { Entry, ScoredFold } from "../trainer/race/entry.ts";
import type { TrainingData } from "../trainer/race/training-data.ts";
import type { Context } from "./work.ts";

interface Saved {
  fingerprint: string;
  /** Recipe's name to the file that holds its folds. */
  files: Record<string, string>;
}

const INDEX = "candidates.json";

export async function saveEntry(context: Context, data: TrainingData, entry: Entry): Promise<void> {
  const saved = (await readIndex(context, data)) ?? { fingerprint: fingerprint(context, data), files: {} };
  const file = saved.files[entry.recipe.name] ?? `candidate-${Object.keys(saved.files).length}.bin`;
  const supervised = data.supervised.map((encoder) => encoder ?? null);
  await context.artifacts.save(file, pack({ folds: finite(entry.folds), supervised }));
  saved.files[entry.recipe.name] = file;
  await context.artifacts.save(INDEX, new TextEncoder().encode(JSON.stringify(saved)));
}

/** Folds by the recipe's name; empty where nothing was saved for precisely this race. */
export async function loadEntries(context: Context, data: TrainingData): Promise<Map<string, ScoredFold[]>> {
  const entries = new Map<string, ScoredFold[]>();
  const saved = await readIndex(context, data);
  for (const [name, file] of Object.entries(saved?.files ?? {})) {
    const bytes = await context.artifacts.load(file);
    if (!bytes) continue;
    const read = unpack(bytes) as {
      folds: ScoredFold[];
      supervised: (TrainingData["supervised"][number] | null)[];
    };
    read.supervised.forEach((encoder, fold) => {
      if (encoder) data.supervised[fold] ??= encoder;
    });
    entries.set(name, read.folds);
  }
  return entries;
}

async function readIndex(context: Context, data: TrainingData): Promise<Saved | null> {
  const bytes = await context.artifacts.load(INDEX);
  if (!bytes) return null;
  const saved = JSON.parse(new TextDecoder().decode(bytes)) as Saved;
  return saved.fingerprint === fingerprint(context, data) ? saved : null;
}

function fingerprint({ options, dataset }: Context, data: TrainingData): string {
  const { budgetSeconds: _, ...rest } = options;
  const folds = data.folds.map(({ train, valid }) => [train.length, valid.length]);
  return JSON.stringify([rest, dataset.name, dataset.sizeBytes, folds]);
}

/** A score that is not a number (one class in a fold) has no place in JSON. */
function finite(folds: ScoredFold[]): ScoredFold[] {
  if (folds.some((fold) => !Number.isFinite(fold.score))) throw new DamagedFileError("A fold has no score.");
  return folds;
}
