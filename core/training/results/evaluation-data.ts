/**
 * Reads which charts a stored evaluation holds. Any version of Signalbox may have written it, so every part is checked
 * here and what does not fit is left out: an old model's page must open.
 */

import type { DataCurve } from "../../trainer/checks/data-curve.ts";
import type { AccumulatedEffect } from "../../trainer/explain/accumulated.ts";
import type { ContributionRows } from "../../trainer/explain/contribution-rows.ts";
import type { Dependence } from "../../trainer/explain/dependence.ts";
import type { Importance } from "../../trainer/explain/importance.ts";
import type { Slice } from "../../trainer/explain/slices.ts";
import type { ThresholdCounts } from "../../trainer/explain/thresholds.ts";

import type { BoundsCoverage } from "../stages/work/coverage.ts";

export type { BoundsCoverage, ThresholdCounts };

export type Point = readonly [number, number];

export interface Curve {
  class: string;
  points: readonly Point[];
}

export interface CalibrationCurve {
  class: string;
  bins: readonly { predicted: number; observed: number; rows: number }[];
}

export interface Residuals {
  low: number;
  high: number;
  counts: readonly number[];
  quantiles: Record<string, number>;
  /** [truth, prediction] of some rows. */
  pairs: readonly Point[];
}

export interface EvaluationData {
  classes: readonly string[];
  /** Rows: the truth; columns: the prediction. */
  confusion: readonly (readonly number[])[];
  /** Two classes only. */
  thresholds: readonly ThresholdCounts[];
  /** The model's threshold, if it is not 0.5. */
  threshold: number | null;
  roc: readonly Curve[];
  precisionRecall: readonly Curve[];
  calibration: readonly CalibrationCurve[];
  residuals: Residuals | null;
  importance: readonly Importance[];
  dependence: readonly Dependence[];
  slices: readonly Slice[];
  /** How often bounds contained the truth on the test set, by level. */
  bounds: readonly BoundsCoverage[];
  accumulated: readonly AccumulatedEffect[];
  contributions: ContributionRows | null;
  dataCurve: DataCurve | null;
}

export function readEvaluation(raw: Record<string, unknown>): EvaluationData {
  return {
    classes: list(raw.classes, isText),
    bounds: list(raw.bounds, isCoverage),
    confusion: list(raw.confusion, (row): row is number[] => Array.isArray(row) && row.every(isNumber)),
    thresholds: list(raw.thresholds, isThreshold),
    threshold: isNumber(raw.threshold) ? raw.threshold : null,
    roc: list(raw.roc, isCurve),
    precisionRecall: list(raw.precisionRecall, isCurve),
    calibration: list(raw.calibration, isCalibration),
    residuals: isResiduals(raw.residuals) ? raw.residuals : null,
    importance: list(raw.importance, isImportance),
    dependence: list(raw.dependence, isDependence),
    slices: list(raw.slices, isSlice),
    accumulated: list(raw.accumulated, isAccumulated),
    contributions: isContributions(raw.contributions) ? raw.contributions : null,
    dataCurve: isDataCurve(raw.dataCurve) ? raw.dataCurve : null,
  };
}

function list<T>(value: unknown, fits: (entry: unknown) => entry is T): T[] {
  return Array.isArray(value) ? value.filter(fits) : [];
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isPoint = (value: unknown): value is Point =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber);

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}

function isCurve(value: unknown): value is Curve {
  const own = record(value);
  return own !== null && isText(own.class) && Array.isArray(own.points) && own.points.every(isPoint);
}

function isThreshold(value: unknown): value is ThresholdCounts {
  const own = record(value);
  return own !== null && [own.threshold, own.tp, own.fp, own.tn, own.fn].every(isNumber);
}

function isCalibration(value: unknown): value is CalibrationCurve {
  const own = record(value);
  return own !== null && isText(own.class) && Array.isArray(own.bins) && own.bins.every(isBin);
}

function isBin(value: unknown): boolean {
  const own = record(value);
  return own !== null && isNumber(own.predicted) && isNumber(own.observed) && isNumber(own.rows);
}

function isResiduals(value: unknown): value is Residuals {
  const own = record(value);
  if (own === null || !isNumber(own.low) || !isNumber(own.high) || record(own.quantiles) === null)
    return false;
  return list(own.counts, isNumber).length > 0 && Array.isArray(own.pairs) && own.pairs.every(isPoint);
}

function isImportance(value: unknown): value is Importance {
  const own = record(value);
  return own !== null && isText(own.column) && isNumber(own.importance);
}

function isDependence(value: unknown): value is Dependence {
  const own = record(value);
  if (own === null || !isText(own.column) || !Array.isArray(own.at) || !Array.isArray(own.answers))
    return false;
  return own.at.length > 0 && own.at.length === own.answers.length && own.answers.every(isAnswer);
}

const isAnswer = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isNumber);

function isSlice(value: unknown): value is Slice {
  const own = record(value);
  if (own === null || !isText(own.column) || !isText(own.where)) return false;
  return isNumber(own.rows) && isNumber(own.error) && isNumber(own.elsewhere);
}

function isCoverage(value: unknown): value is BoundsCoverage {
  const { level, coverage, width, rows } = (value ?? {}) as Partial<BoundsCoverage>;
  return [level, coverage, width, rows].every(isNumber);
}

function isAccumulated(value: unknown): value is AccumulatedEffect {
  const own = record(value);
  if (own === null || !isText(own.column) || !Array.isArray(own.at) || !Array.isArray(own.effects))
    return false;
  return own.at.length > 1 && own.at.length === own.effects.length && own.effects.every(isAnswer);
}

function isContributions(value: unknown): value is ContributionRows {
  const own = record(value);
  return (
    own !== null && isNumber(own.rows) && Array.isArray(own.columns) && own.columns.every(isContribution)
  );
}

function isContribution(value: unknown): boolean {
  const own = record(value);
  if (own === null || !isText(own.column) || !isNumber(own.mean)) return false;
  const { contributions, values } = own;
  if (!Array.isArray(contributions) || !Array.isArray(values)) return false;
  return contributions.every(isNumber) && contributions.length === values.length;
}

function isDataCurve(value: unknown): value is DataCurve {
  const own = record(value);
  if (own === null || !isText(own.metric) || !isText(own.sentence) || !Array.isArray(own.points))
    return false;
  return own.points.length > 1 && own.points.every(isDataPoint);
}

function isDataPoint(value: unknown): boolean {
  const own = record(value);
  return own !== null && isNumber(own.rows) && isAnswer(own.scores);
}
