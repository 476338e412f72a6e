/**
 * Saves a race so that it survives a crash. Each scored candidate is a file of its own, listed in candidates.json; a
 * list made for other rows, folds or settings is not used.
 */

import type { SupervisedEncoder } from "../../../trainer/encoding/supervised.ts";
import { pack, unpack } from "../../../trainer/model/pack.ts";
import type { Entry, ScoredFold } from "../../../trainer/race/entry.ts";
import type { TrainingData } from "../../../trainer/race/training-data.ts";
import type { Context } from "./work.ts";

interface Saved {
  fingerprint: string;
  /** Maps a candidate's name to the file that holds its folds. */
  files: Record<string, string>;
}

const INDEX = "candidates.json";

export async function saveEntry(context: Context, data: TrainingData, entry: Entry): Promise<void> {
  const saved = (await readIndex(context, data)) ?? { fingerprint: fingerprint(context, data), files: {} };
  const file = saved.files[entry.candidateConfig.name] ?? `candidate-${Object.keys(saved.files).length}.bin`;
  await saveSupervised(context, data);
  await context.artifacts.save(file, pack({ folds: entry.folds }));
  saved.files[entry.candidateConfig.name] = file;
  await context.artifacts.save(INDEX, new TextEncoder().encode(JSON.stringify(saved)));
}

/** Folds by the candidate's name; empty if nothing was saved for exactly this race. */
export async function loadEntries(context: Context, data: TrainingData): Promise<Map<string, ScoredFold[]>> {
  const entries = new Map<string, ScoredFold[]>();
  const saved = await readIndex(context, data);
  for (const [name, file] of Object.entries(saved?.files ?? {})) {
    const bytes = await context.artifacts.load(file);
    if (bytes) entries.set(name, (unpack(bytes) as { folds: ScoredFold[] }).folds);
  }
  if (entries.size > 0) await loadSupervised(context, data);
  return entries;
}

const SUPERVISED = "candidates-encoders.bin";
const savedEncoders = new WeakMap<TrainingData, number>();

/** The encoders of all folds are in one file, written only when there is a new one. */
async function saveSupervised(context: Context, data: TrainingData): Promise<void> {
  const encoders = Array.from(data.supervised, (encoder) => encoder ?? null);
  const count = encoders.filter(Boolean).length;
  if (count === (savedEncoders.get(data) ?? 0)) return;
  savedEncoders.set(data, count);
  await context.artifacts.save(SUPERVISED, pack({ encoders }));
}

async function loadSupervised(context: Context, data: TrainingData): Promise<void> {
  const bytes = await context.artifacts.load(SUPERVISED);
  if (!bytes) return;
  const { encoders } = unpack(bytes) as { encoders: (SupervisedEncoder | null)[] };
  encoders.forEach((encoder, fold) => {
    if (encoder) data.supervised[fold] = encoder;
  });
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
