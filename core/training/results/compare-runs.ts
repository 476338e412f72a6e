/**
 * Compares two to five runs side by side: differing settings first, metrics with their intervals, curves, importance,
 * and, if the runs were tested on the same rows of one file, a paired test and the rows on which they disagree most.
 */
import { plural } from "../../platform/figures.ts";
import type { RunOptions, TestedRows } from "../../trainer/contract.ts";
import { quantile } from "../../trainer/metrics/bootstrap.ts";
import { goodness, isMetricName } from "../../trainer/metrics/index.ts";
import { seededRandom } from "../../trainer/random.ts";

/** What the comparison needs to know about a finished run. */
export interface ComparedRun {
  id: string;
  number: number;
  datasetId: string;
  datasetVersion: number;
  datasetName: string;
  modelName: string;
  version: number | null;
  task: string;
  metric: string;
  best: string;
  options: RunOptions;
  metrics: Record<string, number>;
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
  /** Of the version that it made; {} if that was deleted. */
  evaluation: Record<string, unknown>;
}

export interface RunComparison {
  runs: Omit<ComparedRun, "options" | "metrics" | "intervals" | "baseline" | "evaluation">[];
  /** Differing settings first; null: the setting was left to Signalbox. */
  settings: { name: string; values: (string | null)[]; differs: boolean }[];
  /** `best`: the leading run; null if the figure is missing in some, or equal in all. */
  metrics: { name: string; values: (MetricValue | null)[]; best: number | null }[];
  /** Permutation importance by column, the largest first. */
  importance: { column: string; values: (number | null)[] }[];
  curves: {
    kind: "roc" | "precisionRecall";
    lines: { run: number; class: string; points: [number, number][] }[];
  }[];
  /** Each other run against the first. */
  paired: PairedTest[];
  disagreements: Disagreement[];
}

export interface MetricValue {
  value: number;
  low: number | null;
  high: number | null;
  baseline: number | null;
}

export interface PairedTest {
  run: number;
  /** Test rows that both have; if there are none, 0 with the reason. */
  rows: number;
  reason: string | null;
  /**
   * Mean loss of this run minus that of the first: log loss for classes, squared error for numbers; below 0 this run is
   * better.
   */
  difference: number | null;
  /** 95 % bootstrap interval over the shared rows. */
  interval: [number, number] | null;
  verdict: "better" | "worse" | "level" | null;
}

export interface Disagreement {
  /** Data row of the file, from 1. */
  row: number;
  truth: string;
  answers: string[];
}

const LEAST_SHARED = 30;
const REPLICATES = 1000;
const MOST_COLUMNS = 20;
const MOST_DISAGREEMENTS = 20;
/** The smallest probability that counts: a single confident mistake must not decide the comparison. */
const LEAST_LIKELIHOOD = 1e-6;

/** `runs` are finished; the others are compared with the first. */
export function compareRuns(runs: readonly ComparedRun[]): RunComparison {
  const tested = runs.map(testedOf);
  return {
    runs: runs.map(
      ({ options: _, metrics: __, intervals: ___, baseline: ____, evaluation: _____, ...run }) => run,
    ),
    settings: comparedSettings(runs),
    metrics: comparedMetrics(runs),
    importance: comparedImportance(runs),
    curves: comparedCurves(runs),
    paired: runs.slice(1).map((_, index) => pairedTest(runs, tested, index + 1)),
    disagreements: disagreements(runs, tested),
  };
}

function comparedSettings(runs: readonly ComparedRun[]): RunComparison["settings"] {
  const named = runs.map(({ options, best, datasetName, datasetVersion }) => ({
    dataset: `${datasetName} (version ${datasetVersion})`,
    ...options,
    winner: best,
  }));
  const names = [...new Set(named.flatMap((settings) => Object.keys(settings)))];
  const rows = names.map((name) => {
    const values = named.map((settings) => settingText((settings as Record<string, unknown>)[name]));
    return { name, values, differs: new Set(values).size > 1 };
  });
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)];
}

function settingText(value: unknown): string | null {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return null;
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function comparedMetrics(runs: readonly ComparedRun[]): RunComparison["metrics"] {
  const names = [...new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))];
  return names.map((name) => {
    const values = runs.map(({ metrics, intervals, baseline }): MetricValue | null => {
      const value = metrics[name];
      if (value === undefined) return null;
      const [low, high] = intervals[name] ?? [null, null];
      return { value, low, high, baseline: baseline[name] ?? null };
    });
    return { name, values, best: leader(name, values) };
  });
}

function leader(name: string, values: readonly (MetricValue | null)[]): number | null {
  if (!isMetricName(name) || values.some((value) => value === null)) return null;
  const scores = values.map((value) => goodness(name, value!.value));
  const most = Math.max(...scores);
  return scores.filter((score) => score === most).length === 1 ? scores.indexOf(most) : null;
}

function comparedImportance(runs: readonly ComparedRun[]): RunComparison["importance"] {
  const byRun = runs.map(({ evaluation }) => {
    const entries = (evaluation.importance ?? []) as { column: string; importance: number }[];
    return new Map(entries.map(({ column, importance }) => [column, importance]));
  });
  const columns = [...new Set(byRun.flatMap((entries) => [...entries.keys()]))];
  const rows = columns.map((column) => ({
    column,
    values: byRun.map((entries) => entries.get(column) ?? null),
  }));
  const largest = ({ values }: { values: (number | null)[] }) =>
    Math.max(...values.map((value) => value ?? 0));
  return rows.sort((a, b) => largest(b) - largest(a)).slice(0, MOST_COLUMNS);
}

function comparedCurves(runs: readonly ComparedRun[]): RunComparison["curves"] {
  return (["roc", "precisionRecall"] as const).flatMap((kind) => {
    const lines = runs.flatMap(({ evaluation, task }, run) => {
      const curves = (evaluation[kind] ?? []) as { class: string; points: [number, number][] }[];
      return task === "binary" ? curves.slice(0, 1).map((curve) => ({ run, ...curve })) : [];
    });
    return lines.length > 1 ? [{ kind, lines }] : [];
  });
}

interface Tested extends TestedRows {
  classes: string[];
  place: Map<number, number>;
}

function testedOf({ evaluation }: ComparedRun): Tested | null {
  const tested = evaluation.tested as TestedRows | undefined;
  if (!tested) return null;
  const place = new Map(tested.rows.map((row, at) => [row, at]));
  return { ...tested, classes: (evaluation.classes ?? []) as string[], place };
}

function pairedTest(
  runs: readonly ComparedRun[],
  tested: readonly (Tested | null)[],
  run: number,
): PairedTest {
  const none = (reason: string) => ({
    run,
    rows: 0,
    reason,
    difference: null,
    interval: null,
    verdict: null,
  });
  const [first, other] = [runs[0]!, runs[run]!];
  if (first.datasetId !== other.datasetId || first.datasetVersion !== other.datasetVersion)
    return none("The two runs used different data.");
  if (!areTestedAlike(first, other)) return none("The two runs were tested on different files.");
  if (first.options.target !== other.options.target || first.task !== other.task)
    return none("The two runs predict different things.");
  const [a, b] = [tested[0], tested[run]];
  if (!a || !b) return none("One of the two models was deleted, or is from an earlier version of Signalbox.");
  const shared = a.rows.filter((row) => b.place.has(row));
  if (shared.length < LEAST_SHARED)
    return none(
      `They cannot be compared: only ${plural(shared.length, "row")} ${shared.length === 1 ? "was" : "were"} in both test sets and unknown to both models; at least ${LEAST_SHARED} are needed.`,
    );
  const differences = shared.map((row) => lossAt(b, b.place.get(row)!) - lossAt(a, a.place.get(row)!));
  const [difference, interval] = [mean(differences), bootstrapMean(differences)];
  const verdict = interval[1] < 0 ? "better" : interval[0] > 0 ? "worse" : "level";
  return { run, rows: shared.length, reason: null, difference, interval, verdict };
}

/** Rows of a test dataset have numbers behind those of the dataset. */
function areTestedAlike({ options: a }: ComparedRun, { options: b }: ComparedRun): boolean {
  return a.testDatasetId === b.testDatasetId && a.testDatasetVersion === b.testDatasetVersion;
}

/** Log loss of one row, or its squared error. */
function lossAt({ likelihoods, truth, answers }: TestedRows, at: number): number {
  if (likelihoods) return -Math.log(Math.max(LEAST_LIKELIHOOD, likelihoods[at]!));
  return (answers[at]! - truth[at]!) ** 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Percentile bootstrap of the mean (Efron 1979), seeded: the same runs give the same interval. */
function bootstrapMean(values: readonly number[]): [number, number] {
  const random = seededRandom(1);
  const drawn = Float64Array.from({ length: REPLICATES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)]!;
    return sum / values.length;
  }).sort();
  return [quantile(drawn, 0.025), quantile(drawn, 0.975)];
}

/** Rows that all of them were tested on, where their predictions differ most. */
function disagreements(runs: readonly ComparedRun[], tested: readonly (Tested | null)[]): Disagreement[] {
  const [first] = tested;
  const isOneQuestion = runs.every(
    (run) =>
      run.datasetId === runs[0]!.datasetId &&
      run.datasetVersion === runs[0]!.datasetVersion &&
      areTestedAlike(run, runs[0]!) &&
      run.options.target === runs[0]!.options.target &&
      run.task === runs[0]!.task,
  );
  if (!first || !isOneQuestion || tested.some((entry) => entry === null)) return [];
  const all = tested as readonly Tested[];
  const shared = first.rows.filter((row) => all.every(({ place }) => place.has(row)));
  return shared
    .map((row) => ({ row, spread: spreadAt(all, row) }))
    .filter(({ spread }) => spread > 0)
    .sort((a, b) => b.spread - a.spread || a.row - b.row)
    .slice(0, MOST_DISAGREEMENTS)
    .map(({ row }) => ({
      row: row + 1,
      truth: textOf(first, first.truth[first.place.get(row)!]!),
      answers: all.map((entry) => textOf(entry, entry.answers[entry.place.get(row)!]!)),
    }));
}

/** How much the predictions differ: the range of the numbers, or of the true class's probabilities. */
function spreadAt(all: readonly Tested[], row: number): number {
  const at = all.map(({ place, likelihoods, answers }) => (likelihoods ?? answers)[place.get(row)!]!);
  return Math.max(...at) - Math.min(...at);
}

function textOf({ classes, likelihoods }: Tested, value: number): string {
  return likelihoods ? (classes[value] ?? String(value)) : String(value);
}
