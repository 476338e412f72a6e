/**
 * Collects the data of the model page's charts: curves, confusion matrix, residuals, importance, dependence, slices:
 * small lists of numbers, made from the test rows. How many rows the expensive ones use is limited by the model's size,
 * not by the clock; the clock only ends them when their share of the time is used up.
 */
import type { Table } from "../../../csv/types.ts";
import { type DataCurve, dataCurve, SHARES_COST } from "../../../trainer/checks/data-curve.ts";
import type { TestedRows } from "../../../trainer/contract.ts";
import { accumulatedEffects } from "../../../trainer/explain/accumulated.ts";
import { type ContributionRows, contributionRows } from "../../../trainer/explain/contribution-rows.ts";
import {
  calibrationCurve,
  precisionRecallCurve,
  residualSummary,
  rocCurve,
} from "../../../trainer/explain/curves.ts";
import { partialDependence } from "../../../trainer/explain/dependence.ts";
import { permutationImportance } from "../../../trainer/explain/importance.ts";
import { errorSlices } from "../../../trainer/explain/slices.ts";
import { thresholdCounts } from "../../../trainer/explain/thresholds.ts";
import { mostDrawnRows } from "../../../trainer/metrics/bootstrap.ts";
import type { MetricName } from "../../../trainer/metrics/index.ts";
import { confusionMatrix, type Outcome } from "../../../trainer/metrics/outcome.ts";
import { learnedTest } from "../../../trainer/model/learned-rows.ts";
import { costOf } from "../../../trainer/model/members.ts";
import type { Model } from "../../../trainer/model/model.ts";
import { referenceRows } from "../../../trainer/model/reference.ts";
import { canMeasure, type Entry, isRival } from "../../../trainer/race/entry.ts";
import { randomFor } from "../../../trainer/race/training-data.ts";
import { shuffledPlaces, spreadRows } from "../../../trainer/random.ts";
import { plural } from "../stage.ts";
import { charactersOf, selectRows } from "./rows/table.ts";
import type { Piece } from "./time-plan.ts";
import { type Context, checkpointOf, left, planOf, reportFinding, type Work } from "./work.ts";

/** Trees walked for the importances of all columns, and for all points of the dependences: about a second each. */
const TREE_WALKS = 1.5e7;
/** Trees walked, or cells made, between two checks of the clock, and how long that may take on a slower machine. */
const BLOCK_WALKS = 3e6;
const BLOCK_MS = 200;
const DEPENDENCES = 6;
/** Maximum per column. */
const POINTS = 12;
/** Test rows kept for comparisons with other runs. */
const TESTED_ROWS = 2000;

export async function drawEvaluation(
  context: Context,
  given: { outcome: Outcome; tested: Table },
): Promise<Record<string, unknown>> {
  const { tested } = given;
  // Curves, mistakes and segments count rows, whatever a row weighs in the metrics.
  const outcome = { ...given.outcome, weights: null };
  const drawn =
    outcome.task === "regression" ? { residuals: residualSummary(outcome) } : curves(context, outcome);
  const slices = errorSlices(tested, outcome);
  const beganAt = context.elapsedMs();
  const importance = await importances(context, given);
  const ms = context.elapsedMs() - beganAt;
  const columns = importance.filter((entry) => entry.importance > 0).map(({ column }) => column);
  const drawable = drawableColumns(tested, columns).slice(0, DEPENDENCES);
  expectEffects(context, { tested, columns: importance.length, drawn: drawable.length, ms });
  const dependence = await dependences(context, tested, drawable);
  tellLeftOut(context, {
    importance: knownColumns(context, tested) - importance.length,
    dependence: drawable.length - dependence.length,
  });
  const kept = testedRows(left(context.work, "model"), tested, outcome);
  const ranked = drawableColumns(
    tested,
    importance.map(({ column }) => column),
  );
  const further = await furtherExplanations(context, tested, ranked.slice(0, DEPENDENCES));
  return { ...drawn, importance, dependence, slices, tested: kept, ...further };
}

/** At most such a part of the run for the score by the number of rows. */
const MOST_CURVED = 0.05;
const DATA_CURVE_FOLDS = 3;

/** What an expert looks at beyond the page's charts; SHAP comes last, in the time that is left. */
async function furtherExplanations(context: Context, tested: Table, columns: string[]) {
  if (context.stop.aborted) return {};
  const most = someRows(context, tested, 2 * Math.max(1, columns.length));
  const table = selectRows(tested, spreadRows(tested.rows, most));
  const accumulated = await accumulatedEffects(
    left(context.work, "model"),
    { table, columns },
    pace(context, "effects"),
  );
  return { accumulated, dataCurve: await scoreByRows(context) };
}

/** Null if there is not enough time. With a budget of rounds the clock has no say: one fold is measured. */
async function scoreByRows(context: Context): Promise<DataCurve | null> {
  const { work, options, stop, elapsedMs } = context;
  const plan = planOf(context);
  const entry = heaviestEntry(work);
  const isTimed = options.budgetRounds === null;
  const roomMs = Math.min(MOST_CURVED * plan.wholeMs, plan.roomMs("dataCurve"));
  const folds = isTimed ? foldsCurved(context, entry, roomMs) : Number(canCurve(context, entry));
  plan.expect("dataCurve", { usualMs: folds * curveMsOf(entry), leastMs: 0 });
  plan.begin("dataCurve");
  if (folds === 0) return null;
  const endsAtMs = isTimed ? elapsedMs() + 2 * roomMs : Number.POSITIVE_INFINITY;
  const { metric } = left(work, "loaded");
  const controls = { elapsedMs, stop, checkpoint: checkpointOf(context) };
  return dataCurve(left(work, "data"), entry, { metric, folds, endsAtMs, ...controls });
}

const canCurve = ({ options }: Context, entry: Entry) => isRival(entry) && options.split !== "time";

function foldsCurved(context: Context, entry: Entry, roomMs: number): number {
  if (!canCurve(context, entry)) return 0;
  return Math.max(0, Math.min(DATA_CURVE_FOLDS, entry.folds.length, Math.floor(roomMs / curveMsOf(entry))));
}

/** Rows of a SHAP summary: what usually suffices, and what is used where there is time. */
const SHAP_ROWS = { usual: 200, most: 400 };
/** A row takes about so long for each tree. */
const SHAP_MS_A_TREE = 0.004;
/** However few trees the model has: this code has not run before. */
const SHAP_MS_A_ROW = 0.3;
/** Where no clock ends it, its rows are as many as this takes. */
const SHAP_MS = 2500;
const LEAST_SHAP_ROWS = 12;
const SHAP_COLUMNS = 12;
/** Of the whole run. */
const MOST_EXPLAINED = 0.07;

function explanationsMsOf(context: Context, { trees, tested }: { trees: number; tested: number }): number {
  const ms = (SHAP_MS_A_ROW + SHAP_MS_A_TREE * trees) * Math.min(tested, SHAP_ROWS.usual);
  return Math.min(MOST_EXPLAINED * planOf(context).wholeMs, ms);
}

/** Explains as many test rows by SHAP as the plan has time for; null after a stop. It comes last: it fills what others left. */
export async function explainRows(context: Context, model: Model): Promise<ContributionRows | null> {
  const { work, stop, options, elapsedMs } = context;
  if (stop.aborted) return null;
  const plan = planOf(context);
  plan.begin("explanations");
  const endsAtMs = plan.fillUntilMs();
  const bought = Math.max(LEAST_SHAP_ROWS, SHAP_MS / (SHAP_MS_A_TREE * Math.max(1, treesOfModel(model))));
  const most = options.budgetRounds === null ? SHAP_ROWS.most : Math.min(SHAP_ROWS.usual, Math.floor(bought));
  const { table, tested } = left(work, "parts");
  const spread = spreadRows(tested.length, most);
  // The clock may end it after any row: those before are spread, too.
  const order = shuffledPlaces(spread.length, randomFor(options, "explanations"));
  const rows = order.map((place) => tested[spread[place]]);
  // The first rows are explained in any case that leaves the run in time: without one there is no summary at all.
  const limits = [Math.max(endsAtMs, plan.latestMs("explanations"))];
  const isOver = () => elapsedMs() >= (limits.pop() ?? endsAtMs);
  const pacing = { checkpoint: checkpointOf(context), isOver };
  const given = { table: selectRows(table, rows), most: SHAP_COLUMNS, take: selectRows };
  return contributionRows(model, given, pacing);
}

function heaviestEntry(work: Work): Entry {
  return left(work, "blend").parts.reduce((most, part) => (part.weight > most.weight ? part : most)).entry;
}

/** Of one fold; like the first one, it runs where this code has not run before. */
const curveMsOf = ({ folds }: Entry) => SHARES_COST * Math.max(1, folds[0].durationMs);

/**
 * The model's predictions for some test rows, so that it can be compared with others on rows that both were tested on.
 * Excludes copies of rows that it learned from.
 */
function testedRows(model: Model, table: Table, outcome: Outcome): TestedRows {
  const isLearned = learnedTest(model, table);
  const unseen = Int32Array.from(outcome.truth.keys()).filter((row) => !isLearned?.(row));
  const rows = spreadRows(unseen.length, TESTED_ROWS).map((i) => unseen[i]);
  const { truth, values, probabilities, classes } = outcome;
  return {
    rows: Array.from(rows, (row) => table.numbers?.[row] ?? row),
    truth: Array.from(rows, (row) => truth[row]),
    answers: Array.from(rows, (row) => values[row]),
    likelihoods:
      probabilities &&
      Array.from(rows, (row) => Number(probabilities[row * classes + truth[row]].toPrecision(5))),
  };
}

/** Free text has no curve. */
function drawableColumns({ columns }: Table, names: string[]): string[] {
  const texts = new Set(columns.filter(({ type }) => type === "text").map(({ name }) => name));
  return names.filter((name) => !texts.has(name));
}

function knownColumns({ work }: Context, { columns }: Table): number {
  const known = new Set(left(work, "model").encoder.columns.map(({ column }) => column));
  return columns.filter(({ name }) => known.has(name)).length;
}

/** What there was no time for is reported, and never looks like a result of zero. */
function tellLeftOut(context: Context, missing: { importance: number; dependence: number }): void {
  const parts = [
    missing.importance > 0 && `the importance of ${plural(missing.importance, "column")}`,
    missing.dependence > 0 && `the dependence on ${plural(missing.dependence, "column")}`,
  ].filter(Boolean);
  if (parts.length === 0) return;
  const message = `Not computed: ${parts.join(" and ")}. The time limit was reached; a longer one computes all.`;
  reportFinding(context, { code: "evaluation_cut", severity: "info", column: null, message, fix: null });
}

function curves({ work }: Context, outcome: Outcome): Record<string, unknown> {
  const { classes, threshold } = left(work, "model");
  const drawn = outcome.classes === 2 ? [1] : outcome.classes <= 12 ? classes.map((_, k) => k) : [];
  return {
    classes,
    threshold,
    confusion: rowsOf(confusionMatrix(outcome), outcome.classes),
    ...(outcome.classes === 2 && { thresholds: thresholdCounts(outcome, threshold ?? 0.5) }),
    roc: drawn.map((k) => ({ class: classes[k], points: rocCurve(outcome, k) })),
    precisionRecall: drawn.map((k) => ({ class: classes[k], points: precisionRecallCurve(outcome, k) })),
    calibration: drawn.map((k) => ({ class: classes[k], bins: calibrationCurve(outcome, k) })),
  };
}

async function importances(context: Context, { outcome, tested }: { outcome: Outcome; tested: Table }) {
  const model = left(context.work, "model");
  const rows = spreadRows(tested.rows, rowsOfImportance(context, tested));
  const truth = Float64Array.from(rows, (row) => outcome.truth[row]);
  const weights = outcome.weights && Float64Array.from(rows, (row) => outcome.weights![row]);
  const metric = importanceMetric(context, truth);
  const importance = await permutationImportance(
    model,
    { table: selectRows(tested, rows), truth, metric, weights },
    {
      ...pace(context, "importance", { from: 0.5, to: 0.8, note: "Measuring feature importance" }),
      random: randomFor(context.options, "importance"),
      blockRows: Math.floor(blockWalks(context) / rowCost(model, tested)),
    },
  );
  return importance;
}

const blockWalks = (context: Context) => Math.min(BLOCK_WALKS, BLOCK_MS * planOf(context).walksPerMs);

/** The run's metric, unless these rows lack a class that it needs. */
function importanceMetric({ work }: Context, truth: Float64Array): MetricName {
  const { metric, target } = left(work, "loaded");
  const rows = Int32Array.from(truth.keys());
  if (canMeasure(metric, { ...target, values: truth }, rows)) return metric;
  return target.task === "regression" ? "mae" : "log_loss";
}

async function dependences(context: Context, tested: Table, columns: string[]) {
  const rows = spreadRows(tested.rows, rowsOfEffects(context, tested, columns.length));
  const table = selectRows(tested, rows);
  const told = { from: 0.8, to: 1, note: "Measuring the effect of the most important columns" };
  context.report({ type: "progress", progress: told.from, note: told.note });
  return partialDependence(left(context.work, "model"), { table, columns }, pace(context, "effects", told));
}

const rowsOfImportance = (context: Context, tested: Table) =>
  someRows(context, tested, tested.columns.length);

const rowsOfEffects = (context: Context, tested: Table, columns: number) =>
  someRows(context, tested, POINTS * Math.max(1, columns));

/** As many test rows as this many predictions of them may cost; after a stop a fifth of them. */
function someRows({ work, stop }: Context, tested: Table, predictions: number): number {
  const cost = predictions * rowCost(left(work, "model"), tested);
  return Math.min(tested.rows, rowsFor(stop.aborted ? TREE_WALKS / 5 : TREE_WALKS, cost));
}

const rowsFor = (walks: number, cost: number) => Math.min(2000, Math.max(100, Math.floor(walks / cost)));

/** A character of text costs as much as this many trees: it is hashed in several n-grams. */
const TREES_PER_CHARACTER = 4;

/** A row's cost in trees: its model, or its cells if they cost more. */
export function rowCost(model: Model, table: Table): number {
  return rowCostBy(treesOfModel(model), table);
}

/** Reading a row costs as much as fifty trees. */
const rowCostBy = (trees: number, table: Table) =>
  Math.max(50 + trees, table.columns.length) + TREES_PER_CHARACTER * charactersOf(table);

/** Cost of a prediction in trees. */
export function treesOfModel({ parts }: Model): number {
  return parts.reduce(
    (sum, { members }) => sum + members.reduce((all, member) => all + costOf(member), 0),
    0,
  );
}

/** Shuffled columns take different paths in each row; if only one value changes, most paths are the same. */
const SHUFFLED_PACE = 1;
const SAME_PACE = 2;
/** A weighted metric of one row, measured twice. */
const MS_A_DRAWN_ROW = 4.7e-4;
/** Curves, segments, a verdict: a few lists. */
const DRAWN_MS = 15;
const LEAST_REPLICATES_SHARE = 0.1;

/** Updates the plan with the evaluation's cost for a model with this many trees per prediction. */
export function expectEvaluation(context: Context, trees: number): void {
  const plan = planOf(context);
  const { walksPerMs } = plan;
  const { table, test } = left(context.work, "parts");
  const { classes } = left(context.work, "loaded").target;
  const cost = rowCostBy(trees, table);
  const columns = table.columns.length;
  const points = POINTS * Math.min(DEPENDENCES, columns);
  const rows = { shuffled: rowsFor(TREE_WALKS, cost * columns), same: rowsFor(TREE_WALKS, cost * points) };
  const tested = Math.min(test.length, MOST_WALKS / cost);
  const answersMs = DRAWN_MS + (tested * cost) / walksPerMs;
  const leastAnswersMs = answersMs * Math.min(1, LEAST_TESTED / tested);
  plan.expect("answers", { usualMs: answersMs, leastMs: leastAnswersMs });
  const drawn = Math.min(tested, mostDrawnRows(classes.length));
  const intervalsMs =
    DRAWN_MS + MS_A_DRAWN_ROW * drawn * Math.max(1, classes.length / 3) * replicatesFor(tested);
  plan.expect("intervals", { usualMs: intervalsMs, leastMs: LEAST_REPLICATES_SHARE * intervalsMs });
  const walks = (rowsOf: number, times: number) => (Math.min(tested, rowsOf) * times * cost) / walksPerMs;
  const importanceMs = walks(rows.shuffled, columns) / SHUFFLED_PACE;
  plan.expect("importance", {
    usualMs: importanceMs,
    leastMs: Math.min(importanceMs, BLOCK_WALKS / walksPerMs / SHUFFLED_PACE),
  });
  const effectsMs = walks(rows.same, points) / SAME_PACE;
  plan.expect("effects", {
    usualMs: effectsMs,
    leastMs: effectsMs / Math.min(DEPENDENCES, columns),
  });
  plan.expect("explanations", { usualMs: explanationsMsOf(context, { trees, tested }), leastMs: 0 });
  const summaryMs = summaryMsOf(context, tested);
  plan.expect("summary", { usualMs: summaryMs, leastMs: summaryMs });
}

/** Cost of binning one cell of the training rows, and of reading a test row's bounds from some hundred trees. */
const MS_A_BINNED_CELL = 1.2e-4;
const MS_A_BOUNDED_ROW = 0.012;

function summaryMsOf({ work }: Context, tested: number): number {
  const { table, train } = left(work, "parts");
  const isNumber = left(work, "loaded").target.task === "regression";
  const cells = table.columns.length * referenceRows(table, train.length);
  return MS_A_BINNED_CELL * cells + (isNumber ? MS_A_BOUNDED_ROW * tested : 0);
}

/** Corrects the expected cost of effects by how long the importances took: the same model predicts as many rows. */
function expectEffects(
  context: Context,
  given: { tested: Table; columns: number; drawn: number; ms: number },
) {
  const { tested, columns, drawn, ms } = given;
  const [shuffled, same] = [rowsOfImportance(context, tested), rowsOfEffects(context, tested, drawn)];
  const perRow = (ms / Math.max(1, shuffled * columns)) * (SHUFFLED_PACE / SAME_PACE);
  // The first of them is always drawn.
  planOf(context).expect("effects", { usualMs: perRow * same * POINTS * drawn, leastMs: 0 });
}

/** Rows times replicates of the bootstrap stay below this: a few seconds for any file. */
const BOOTSTRAP_WORK = 1_000_000;
/** Trees walked for the predictions. */
export const MOST_WALKS = 1.2e8;
export const LEAST_TESTED = 1000;

export const replicatesFor = (rows: number) =>
  Math.max(100, Math.min(400, Math.floor(BOOTSTRAP_WORK / Math.max(1, rows))));

/** What a piece of the evaluation reports as it advances: its share of the stage. */
interface Told {
  from: number;
  to: number;
  note: string;
}

/** Starts a piece of the plan: its checkpoints, when it must end, and its progress. */
export function pace(context: Context, piece: Piece, told?: Told) {
  const plan = planOf(context);
  plan.begin(piece);
  return {
    checkpoint: checkpointOf(context),
    isOver: () => context.elapsedMs() >= plan.deadlineMs(piece),
    onProgress: (done: number) => {
      plan.advance(done);
      if (!told) return;
      const { from, to, note } = told;
      context.report({ type: "progress", progress: from + (to - from) * done, note });
    },
  };
}

function rowsOf(matrix: Float64Array, width: number): number[][] {
  return Array.from({ length: width }, (_, row) =>
    Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
}
