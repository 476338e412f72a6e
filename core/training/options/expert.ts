/**
 * Lists what an expert may set for a run, each once: its sentence, its default, what it takes. The API's schema, OpenAPI,
 * the form on a dataset's page, `signalbox train --help` and the docs are made of this record.
 */
import type { ExpertChoices } from "../../trainer/contract.ts";
import { LEARNER_NAMES } from "../../trainer/learners/catalogue.ts";

export type ExpertName = keyof ExpertChoices;

/** What a setting takes, and so which field a form has for it. */
export type Takes =
  | { kind: "column"; type?: "number" }
  | { kind: "choice"; values: readonly { value: string; label: string }[] }
  | { kind: "number"; min: number; max: number; isWhole: boolean }
  | { kind: "switch" }
  | { kind: "dataset" }
  | { kind: "learners" }
  /** NAME=VALUE pairs, or JSON. */
  | { kind: "pairs"; of: "classWeights" | "monotone" | "parameters"; example: string };

export interface ExpertSetting {
  /** As a form names it. */
  label: string;
  /** What it does, in a sentence. */
  says: string;
  /** What happens if it is left out, as a phrase. */
  default: string;
  takes: Takes;
}

export const EXPERT_SETTINGS: Readonly<Record<ExpertName, ExpertSetting>> = {
  weights: {
    label: "Row weights",
    says: "Column that says how much each row counts in training, cross-validation and metrics; only the ratios matter, and rows with 0 are left out.",
    default: "every row counts once",
    takes: { kind: "column", type: "number" },
  },
  classWeights: {
    label: "Class weights",
    says: "How much rows of each class count in training: balanced makes all classes count the same together; metrics still count each row as it is.",
    default: "every class counts as it is",
    takes: { kind: "pairs", of: "classWeights", example: "balanced, or yes=5,no=1" },
  },
  monotone: {
    label: "Monotone constraints",
    says: "Columns of numbers with which predictions may only rise (1) or only fall (-1); with two classes, the probability of the positive one.",
    default: "no constraints",
    takes: { kind: "pairs", of: "monotone", example: "income=1,age=-1" },
  },
  testColumn: {
    label: "Test column",
    says: "Column that marks the test rows by test, holdout, true, yes or 1; every other row is learned from.",
    default: "test rows are chosen by split",
    takes: { kind: "column" },
  },
  testDatasetId: {
    label: "Test dataset",
    says: "ID of another dataset whose rows are the test set.",
    default: "test rows are part of the dataset",
    takes: { kind: "dataset" },
  },
  groups: {
    label: "Groups",
    says: "Column whose equal values stay on one side of every split, with the shares of the classes kept; the same as split=group.",
    default: "each row is its own group",
    takes: { kind: "column" },
  },
  stratify: {
    label: "Stratify by",
    says: "Column whose values are spread evenly over test set and folds, beside the target.",
    default: "the target alone is spread evenly",
    takes: { kind: "column" },
  },
  folds: {
    label: "Number of folds",
    says: "How many parts cross-validation divides the training rows into.",
    default: "5 or 8, repeated where rows are few; one held-out part above 200,000 rows",
    takes: { kind: "number", min: 2, max: 20, isWhole: true },
  },
  learners: {
    label: "Learners to try",
    says: `The only kinds of model that are tried: ${LEARNER_NAMES.join(", ")}. The baseline is always scored beside them.`,
    default: "all that fit the data",
    takes: { kind: "learners" },
  },
  parameters: {
    label: "Parameters",
    says: "Parameters by the names of scikit-learn and LightGBM, for all learners that have them or by learner; a learner with parameters is tried once, with these.",
    default: "several good settings of each learner are tried",
    takes: { kind: "pairs", of: "parameters", example: "learning_rate=0.05,num_leaves=31" },
  },
  deriveFeatures: {
    label: "Derive features",
    says: "Whether features are derived: calendar parts of dates, words of free text, and sums, differences, products, ratios and pairs of columns. Without, a date is one number and free text is left out.",
    default: "true",
    takes: { kind: "switch" },
  },
  text: {
    label: "Free text",
    says: "How columns of free text are used: words and letter groups by tf-idf (words), each different text a category (category), or nothing (exclude).",
    default: "words",
    takes: {
      kind: "choice",
      values: [
        { value: "words", label: "Words and letter groups by tf-idf" },
        { value: "category", label: "Each different text is a category" },
        { value: "exclude", label: "Left out" },
      ],
    },
  },
  dates: {
    label: "Dates",
    says: "How columns of dates are used: calendar parts and the days since the first (parts), the days alone (elapsed), or nothing (exclude).",
    default: "parts",
    takes: {
      kind: "choice",
      values: [
        { value: "parts", label: "Calendar parts and days since the first" },
        { value: "elapsed", label: "Days since the first only" },
        { value: "exclude", label: "Left out" },
      ],
    },
  },
  maxMicroseconds: {
    label: "Cost limit of a prediction (µs)",
    says: "Most microseconds of one processor that the prediction of a row may take; the best model within it is chosen.",
    default: "no limit",
    takes: { kind: "number", min: 1, max: 1_000_000, isWhole: false },
  },
};

export const EXPERT_NAMES = Object.keys(EXPERT_SETTINGS) as ExpertName[];

/** The sentence with its default, as docs and help print it. */
export function expertHelp(name: ExpertName): string {
  const { says, default: usual } = EXPERT_SETTINGS[name];
  return `${says} Default: ${usual}.`;
}
