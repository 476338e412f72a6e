/**
 * Feature engineering: chooses the features for each column. Fitted on the training rows alone; what uses the target is
 * left to the folds of the race.
 */

import { AppError } from "../../platform/errors.ts";
import { count as grouped } from "../../platform/figures.ts";
import type { RunOptions } from "../../trainer/contract.ts";
import { type ColumnEncoding, NATIVE_LABELS } from "../../trainer/encoding/columns.ts";
import type { LearnerChoice, LearnerName } from "../../trainer/learners/catalogue.ts";
import { type Fold, stratifiedFolds, timeFolds } from "../../trainer/race/folds.ts";
import { randomFor, type TrainingData } from "../../trainer/race/training-data.ts";
import { spreadRows } from "../../trainer/random.ts";
import type { Target } from "../../trainer/samples.ts";
import { plural, type Stage } from "./stage.ts";
import { allRows, datesOf, designOf, type Encoded, encodeRowsOf, targetOf } from "./work/encode.ts";
import { duplicatesFinding, scoreDuplicates } from "./work/rows/duplicates.ts";
import { onlyLearnedGroups } from "./work/rows/groups.ts";
import { charactersOf } from "./work/rows/table.ts";
import {
  budgetMs,
  type Context,
  checkpointOf,
  left,
  type Parts,
  reportFinding,
  StopRequested,
  type Work,
} from "./work/work.ts";

export const engineerFeatures: Stage<Work> = {
  name: "Feature engineering",
  async run(context) {
    const { work, report, options, elapsedMs } = context;
    await fitTime(context);
    const beganAt = elapsedMs();
    const { encoder, encoded } = await encode(context);
    const parts = left(work, "parts");
    const { train, groups } = parts;
    const rows = allRows(train.length);
    const design = designOf(context, encoded);
    work.encodingMs = elapsedMs() - beganAt;
    const target = targetOf(work, train);
    const trainGroups = groups && Int32Array.from(train, (row) => groups[row]);
    const repeats =
      options.split === "time" || options.folds
        ? 1
        : repeatsOf(rows.length, encoded.texts.length, options.budgetRounds);
    const strata = parts.strata && Int32Array.from(train, (row) => parts.strata![row]);
    const folds = foldsOf(target, { rows, groups: trainGroups, strata, repeats }, context);
    work.encoder = encoder;
    work.data = {
      encoded,
      target,
      rows,
      folds,
      once: folds.length / repeats,
      whole: folds.length,
      design,
      seed: options.seed,
      ...choiceOf(context, target),
      ...(options.deriveFeatures === false && { isPlain: true }),
      supervised: [],
      treeParts: new Map(),
    };
    const features = encoded.samples.features.length;
    const duplicates =
      trainGroups && options.split === "random" && !context.stop.aborted
        ? await tellCopies(context, trainGroups)
        : null;
    report({
      type: "facts",
      facts: {
        features,
        linearColumns: design.columns,
        columns: encoder.columns.map(columnFacts),
        ...(duplicates && { duplicates }),
      },
    });
    report({
      type: "progress",
      progress: 1,
      note: `${plural(features, "input")} made of ${plural(encoder.columns.length, "column")}`,
    });
  },
};

/** How many rows are encoded after a stop, fewer if texts are long or columns many. */
const STOPPED_TRAIN_ROWS = 5000;
const STOPPED_CHARACTERS = 1_500_000;
const STOPPED_CELLS = 2_000_000;
const LEAST_STOPPED_ROWS = 500;

function stoppedRows({ table }: Parts): number {
  const byText = STOPPED_CHARACTERS / Math.max(1, charactersOf(table));
  const byColumns = STOPPED_CELLS / Math.max(1, table.columns.length);
  return Math.max(LEAST_STOPPED_ROWS, Math.floor(Math.min(STOPPED_TRAIN_ROWS, byText, byColumns)));
}

/** The training rows as features; after a stop, a part of them, which then are the training rows. */
async function encode(context: Context): Promise<Encoded> {
  const { work, report, stop } = context;
  const parts = left(work, "parts");
  const pause = checkpointOf(context);
  const most = stoppedRows(parts);
  const isTooMuch = () => stop.aborted && parts.train.length > most;
  const checkpoint = () => {
    if (isTooMuch()) throw new StopRequested();
    return pause();
  };
  // Evenly spread, because rows may be in order of time.
  if (isTooMuch()) parts.train = spreadRows(parts.train.length, most).map((i) => parts.train[i]);
  try {
    return await encodeRowsOf(parts.table, parts.train, {
      checkpoint,
      dates: datesOf(context),
      onFitted: ({ columns }) =>
        report({ type: "progress", progress: 0.4, note: `${plural(columns.length, "column")} understood` }),
    });
  } catch (error) {
    if (error instanceof StopRequested) return encode(context);
    throw error;
  }
}

/** How many rows are encoded to estimate the time for all; four times as many if the first took too long. */
const PROBED = [500, 2000];
/** Share of the time left: predictions and a refit encode rows again, and learning from them takes as long. */
const ENCODING_SHARE = 0.35;

/** Drops training rows that could not be encoded in their share of the time, by how long some of them took. */
async function fitTime(context: Context): Promise<void> {
  const { work, options, elapsedMs, stop } = context;
  const parts = left(work, "parts");
  const { table, train } = parts;
  if (options.budgetRounds !== null || stop.aborted) return;
  let [rows, ms] = [0, 0];
  let perRow = 0;
  for (const size of PROBED.filter((count) => 2 * count < train.length)) {
    const beganAt = elapsedMs();
    const probe = spreadRows(train.length, size).map((i) => train[i]);
    await encodeRowsOf(table, probe, { checkpoint: checkpointOf(context), dates: datesOf(context) });
    const tookMs = elapsedMs() - beganAt;
    // The first ones include the warm-up of the code.
    perRow = (tookMs - ms) / (size - rows);
    [rows, ms] = [size, tookMs];
    if (perRow * train.length <= encodingLimitMs(context)) return;
  }
  if (rows === 0 || perRow <= 0) return;
  const most = Math.max(LEAST_STOPPED_ROWS, Math.floor(encodingLimitMs(context) / perRow));
  if (most >= train.length) return;
  const message = `${grouped(most)} of ${grouped(train.length)} training rows are used: more could not be turned into features within ${options.budgetSeconds} seconds.`;
  reportFinding(context, { code: "rows_sampled", severity: "warning", column: null, message, fix: null });
  parts.train = spreadRows(train.length, most).map((i) => train[i]);
}

const encodingLimitMs = (context: Context) =>
  ENCODING_SHARE * Math.max(0, budgetMs(context) - context.elapsedMs());

/** What a random split would have shown, if copies are kept together. */
async function tellCopies(context: Context, groups: Int32Array) {
  const { work, options } = context;
  const { encoded, target } = left(work, "data");
  const { metric } = left(work, "loaded");
  const checkpoint = checkpointOf(context);
  const scores = await scoreDuplicates({ encoded, target, groups, metric, seed: options.seed, checkpoint });
  if (scores?.flatters) reportFinding(context, duplicatesFinding(scores));
  return scores;
}

const HOLD_OUT_ABOVE = 200_000;
const MOST_VALID_ROWS = 50_000;

/** A group with more of the rows than this would leave its fold too few to learn from. */
const MOST_OF_FOLD = 0.5;

/** Eight folds for few rows, repeated for fewer, five in the middle, one for plenty. */
function foldsOf(
  target: Target,
  given: { rows: Int32Array; groups: Parts["groups"]; strata: Parts["strata"]; repeats: number },
  { options }: Context,
): Fold[] {
  const { rows, groups, strata } = given;
  if (options.split === "time") return timeFolds(rows, options.folds ?? 4);
  const random = randomFor(options, "folds");
  const count = rows.length;
  if (count > HOLD_OUT_ABOVE && !options.folds) {
    const folds = Math.max(5, Math.ceil(count / MOST_VALID_ROWS));
    return stratifiedFolds(rows, target, { folds, random, groups, strata, first: 1 });
  }
  const large =
    options.split === "group" && groups ? onlyLearnedGroups(groups, MOST_OF_FOLD).isOnlyLearned : null;
  const isOnlyLearned = (row: number) => large !== null && groups !== null && large[groups[row]];
  const [learned, dealt] = [rows.filter(isOnlyLearned), rows.filter((row) => !isOnlyLearned(row))];
  const units = groups ? new Set(dealt.map((row) => groups[row])).size : dealt.length;
  const folds = Math.max(2, Math.min(options.folds ?? (count < 10_000 ? 8 : 5), units));
  return Array.from({ length: given.repeats }, () =>
    stratifiedFolds(dealt, target, { folds, random, groups, strata, learned }),
  ).flat();
}

/** The user's choices about the learners; empty if there are none. */
function choiceOf({ options }: Context, target: Target): Pick<TrainingData, "choice"> {
  const monotone = directionsOf(options.monotone);
  const isConstrained = Object.keys(monotone).length > 0;
  if (!options.learners && !options.parameters && !isConstrained) return {};
  if (isConstrained && target.task === "multiclass")
    throw new AppError("invalid", "Monotone constraints need one direction, and several classes have none.", {
      column: options.target,
      fix: "Leave monotone out, or choose a target that is a number or has two classes.",
    });
  const named = options.learners as LearnerName[] | undefined;
  return {
    choice: {
      learners: named ?? (isConstrained ? ["boosting"] : null),
      parameters: (options.parameters ?? {}) as LearnerChoice["parameters"],
      monotone,
    },
  };
}

function directionsOf(monotone: RunOptions["monotone"] = {}): LearnerChoice["monotone"] {
  const set = Object.entries(monotone).filter(([, direction]) => direction !== 0);
  return Object.fromEntries(set) as LearnerChoice["monotone"];
}

const LEAST_ROUNDS_FOR_REPEATS = 5000;

/** A few hundred rows give a better estimate when the folds are repeated. */
function repeatsOf(rows: number, texts: number, budgetRounds: number | null): number {
  if (texts > 0 || rows >= 5000) return 1;
  if (budgetRounds !== null && budgetRounds < LEAST_ROUNDS_FOR_REPEATS) return 1;
  return rows < 2000 ? 3 : 2;
}

/** Describes a column's encoding. */
function columnFacts(encoding: ColumnEncoding): { column: string; becomes: string } {
  const { column } = encoding;
  if (encoding.kind === "number") return { column, becomes: "a number" };
  if (encoding.kind === "date") return { column, becomes: `date parts: ${encoding.parts.join(", ")}` };
  if (encoding.kind === "text") {
    const words = encoding.words.length > 0 ? `; common words: ${encoding.words.slice(0, 8).join(", ")}` : "";
    return { column, becomes: `words and character n-grams by tf-idf${words}` };
  }
  const count = encoding.labels.length;
  const how = count > NATIVE_LABELS ? ", each replaced by its target mean within folds" : "";
  return { column, becomes: `a category of ${grouped(count)} values${how}` };
}
