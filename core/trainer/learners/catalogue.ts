/**
 * Lists the learners that a person may choose, and what may be set of each by the names that scikit-learn and LightGBM
 * use. Requests, forms and docs read this record; the race takes its candidates by it.
 */

/** The kinds of candidates. */
export type CandidateFamily =
  | "baseline"
  | "linear"
  | "smooth"
  | "network"
  | "boosting"
  | "forest"
  | "ensemble";

/** One parameter: what it is called elsewhere, its bounds, and the name it has in the trainer. */
export interface Parameter {
  /** Other names of the same. */
  also: readonly string[];
  min: number;
  max: number;
  isWhole?: true;
  /** The setting of the trainer that it becomes; `inverse`: one over the value. */
  to: string;
  inverse?: true;
  says: string;
}

export interface LearnerRecord {
  label: string;
  /** The family of its candidates. */
  family: Exclude<CandidateFamily, "baseline" | "ensemble">;
  also: readonly string[];
  says: string;
  parameters: Readonly<Record<string, Parameter>>;
}

const TREES = {
  n_estimators: {
    ...{ also: [], min: 1, max: 1000, isWhole: true, to: "trees" },
    says: "Number of trees.",
  },
  max_features: {
    ...{ also: [], min: 0.001, max: 1, to: "maxFeatures" },
    says: "Share of the features looked at for each split.",
  },
  min_samples_leaf: {
    ...{ also: ["min_child_samples"], min: 1, max: 1_000_000, isWhole: true, to: "minSamplesLeaf" },
    says: "Fewest rows in a leaf.",
  },
} as const satisfies Record<string, Parameter>;

export const LEARNERS = {
  linear: {
    label: "Linear model",
    family: "linear",
    also: ["ridge", "logistic", "logistic_regression"],
    says: "ridge regression for numbers, logistic regression for classes",
    parameters: {
      alpha: {
        ...{ also: [], min: 1e-6, max: 1e9, to: "l2" },
        says: "Strength of the L2 penalty, as in scikit-learn's Ridge.",
      },
      C: {
        ...{ also: [], min: 1e-9, max: 1e6, to: "l2", inverse: true },
        says: "One over the strength of the L2 penalty, as in scikit-learn's LogisticRegression.",
      },
    },
  },
  boosting: {
    label: "Gradient boosting",
    family: "boosting",
    also: ["gradient_boosting", "lightgbm", "lgbm"],
    says: "trees that each correct the ones before",
    parameters: {
      learning_rate: {
        ...{ also: ["eta"], min: 0.0001, max: 1, to: "learningRate" },
        says: "Share of each tree's output that is added.",
      },
      n_estimators: {
        ...{ also: ["max_iter", "num_iterations"], min: 1, max: 4000, isWhole: true, to: "maxRounds" },
        says: "Most rounds of boosting.",
      },
      num_leaves: {
        ...{ also: ["max_leaf_nodes"], min: 2, max: 4096, isWhole: true, to: "maxLeafNodes" },
        says: "Most leaves of a tree.",
      },
      min_child_samples: {
        also: ["min_data_in_leaf", "min_samples_leaf"],
        ...{ min: 1, max: 1_000_000, isWhole: true, to: "minSamplesLeaf" },
        says: "Fewest rows in a leaf.",
      },
      reg_lambda: {
        ...{ also: ["lambda_l2", "l2_regularization"], min: 0, max: 1e9, to: "l2Regularization" },
        says: "L2 penalty on the leaves.",
      },
      subsample: {
        ...{ also: ["bagging_fraction"], min: 0.01, max: 1, to: "rowFraction" },
        says: "Share of the rows drawn for each round.",
      },
      colsample_bytree: {
        ...{ also: ["feature_fraction"], min: 0.01, max: 1, to: "columnFraction" },
        says: "Share of the features drawn for each tree.",
      },
      early_stopping_rounds: {
        ...{ also: ["n_iter_no_change"], min: 0, max: 4000, isWhole: true, to: "patience" },
        says: "Rounds without improvement before it stops; 0: never.",
      },
    },
  },
  random_forest: {
    label: "Random forest",
    family: "forest",
    also: [],
    says: "many deep trees, each on rows drawn at random",
    parameters: TREES,
  },
  extra_trees: {
    label: "Extra trees",
    family: "forest",
    also: ["extra_tree"],
    says: "many deep trees with thresholds drawn at random",
    parameters: TREES,
  },
  network: {
    label: "Neural network",
    family: "network",
    also: ["neural_network", "mlp"],
    says: "two hidden layers; columns without free text only",
    parameters: {
      weight_decay: {
        ...{ also: [], min: 0, max: 10, to: "decay" },
        says: "How strongly weights shrink at each step.",
      },
      max_iter: {
        ...{ also: ["epochs"], min: 1, max: 1000, isWhole: true, to: "epochs" },
        says: "Passes over the rows.",
      },
    },
  },
  kernel: {
    label: "Gaussian kernel",
    family: "smooth",
    also: ["smooth", "kernel_ridge"],
    says: "ridge or logistic regression on distances between rows; chooses its own width and penalty",
    parameters: {},
  },
} as const satisfies Record<string, LearnerRecord>;

export type LearnerName = keyof typeof LEARNERS;
export const LEARNER_NAMES = Object.keys(LEARNERS) as LearnerName[];

/** As the trainer takes it, by its own names. */
export type LearnerSettings = Record<string, number>;

/** The user's choices about the learners; absent if there are none. */
export interface LearnerChoice {
  /** The only ones that are tried; null: all that fit the data. */
  learners: readonly LearnerName[] | null;
  /** By learner, the parameters by the names of the record. A learner with some is tried once, with these. */
  parameters: Readonly<Partial<Record<LearnerName, Readonly<Record<string, number>>>>>;
  /** By column: 1 predictions may only rise with it, -1 only fall. */
  monotone: Readonly<Record<string, 1 | -1>>;
}

/** Both kinds of forest by one name, as candidates' `family` has it. */
const GROUPS: Readonly<Record<string, readonly LearnerName[]>> = { forest: ["random_forest", "extra_trees"] };

/** Every name by which learners can be requested. */
export const LEARNER_WORDS: readonly string[] = [
  ...LEARNER_NAMES,
  ...Object.keys(GROUPS),
  ...LEARNER_NAMES.flatMap((name) => [...LEARNERS[name].also]),
];

/** The learners that a name means; empty if it is unknown. */
export function learnersCalled(word: string): readonly LearnerName[] {
  if (Object.hasOwn(GROUPS, word)) return GROUPS[word];
  return LEARNER_NAMES.filter(
    (name) => name === word || (LEARNERS[name].also as readonly string[]).includes(word),
  );
}

/** The record's name of a learner's parameter; null if it has none with this name. */
export function parameterCalled(learner: LearnerName, word: string): string | null {
  const { parameters }: LearnerRecord = LEARNERS[learner];
  if (Object.hasOwn(parameters, word)) return word;
  return Object.keys(parameters).find((name) => parameters[name].also.includes(word)) ?? null;
}

/** Parameters by the names of the record as the trainer takes them. */
export function trainerSettings(
  learner: LearnerName,
  given: Readonly<Record<string, number>>,
): LearnerSettings {
  const { parameters }: LearnerRecord = LEARNERS[learner];
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const { to, inverse } = parameters[name];
      return [to, inverse ? 1 / value : value];
    }),
  );
}
