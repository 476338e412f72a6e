/**
 * Which drawings does a stored evaluation hold? It was written by whatever version trained the model, so every part is
 * checked here and what does not fit is left out: an old model's page must open.
 */

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
  /** [truth, answer] of some rows. */
  pairs: readonly Point[];
}

/** How much worse the metric gets when the column is shuffled. */
export interface Importance {
  feature: string;
  drop: number;
  std: number;
}

export interface Effect {
  feature: string;
  points: readonly { x: number | string; y: number }[];
}

export interface Slice {
  words: string;
  rows: number;
  score: number;
}

export interface EvaluationData {
  classes: readonly string[];
  /** Rows: the truth; columns: the answer. */
  confusion: readonly (readonly number[])[];
  roc: readonly Curve[];
  precisionRecall: readonly Curve[];
  calibration: readonly CalibrationCurve[];
  residuals: Residuals | null;
  importance: readonly Importance[];
  effects: readonly Effect[];
  slices: readonly Slice[];
}

export function readEvaluation(raw: Record<string, unknown>): EvaluationData {
  return {
    classes: list(raw.classes, isText),
    confusion: list(raw.confusion, (row): row is number[] => Array.isArray(row) && row.every(isNumber)),
    roc: list(raw.roc, isCurve),
    precisionRecall: list(raw.precisionRecall, isCurve),
    calibration: list(raw.calibration, isCalibration),
    residuals: isResiduals(raw.residuals) ? raw.residuals : null,
    importance: list(raw.importance, isImportance),
    effects: list(raw.effects, isEffect),
    slices: list(raw.slices, isSlice),
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
  return own !== null && isText(own.feature) && isNumber(own.drop) && isNumber(own.std);
}

function isEffect(value: unknown): value is Effect {
  const own = record(value);
  return own !== null && isText(own.feature) && Array.isArray(own.points) && own.points.length > 0;
}

function isSlice(value: unknown): value is Slice {
  const own = record(value);
  return own !== null && isText(own.words) && isNumber(own.rows) && isNumber(own.score);
}
