/** Checks that expert settings are read, settled and refused by one record, with the setting, the reason and the fix. */
import { describe, expect, test } from "bun:test";
import type { ColumnProfile, CsvProfile } from "../../../../core/csv/types.ts";
import { AppError } from "../../../../core/platform/errors.ts";
import { LEARNER_NAMES, LEARNERS, type LearnerRecord } from "../../../../core/trainer/learners/catalogue.ts";
import { EXPERT_NAMES, EXPERT_SETTINGS } from "../../../../core/training/options/expert.ts";
import {
  settleOptions,
  TRAIN_QUERY,
  TRAIN_REQUEST,
  type TrainRequest,
} from "../../../../core/training/options/run-options.ts";

const column = (name: string, type: ColumnProfile["type"], rest: Partial<ColumnProfile> = {}) =>
  ({ name, type, distinct: 50, distinctExact: true, min: 0, max: 9, top: [], ...rest }) as ColumnProfile;

const LABELS = [
  { value: "no", count: 60 },
  { value: "yes", count: 40 },
];

const PROFILE = {
  target: "y",
  task: "binary",
  taskReason: "",
  columns: [
    column("x", "number"),
    column("w", "number"),
    column("debt", "number", { min: -5 }),
    column("who", "category"),
    column("part", "category", { distinct: 2 }),
    column("when", "date"),
    column("y", "category", { distinct: 2, top: LABELS }),
    column("price", "number"),
    column("kind", "category", { distinct: 5, top: [..."abcde"].map((value) => ({ value, count: 20 })) }),
  ],
} as unknown as CsvProfile;

const settle = (asked: Partial<TrainRequest>) => settleOptions({ datasetId: "d", ...asked }, PROFILE, 60);

function refusal(asked: Partial<TrainRequest>): AppError {
  try {
    settle(asked);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(asked)} was taken`);
}

test("nothing is stored if nothing was set", () => {
  expect(Object.keys(settle({})).filter((name) => EXPERT_NAMES.some((expert) => expert === name))).toEqual(
    [],
  );
});

test("each setting has a sentence and a default, in the schema of JSON and of text alike", () => {
  for (const name of EXPERT_NAMES) {
    const { says, default: usual } = EXPERT_SETTINGS[name];
    expect(says).toEndWith(".");
    expect(usual).not.toBe("");
    for (const shape of [TRAIN_REQUEST().shape, TRAIN_QUERY().shape])
      expect(shape[name].description).toBe(`${says} Default: ${usual}.`);
  }
});

test("text says the same as JSON", () => {
  const text = {
    weights: "w",
    classWeights: "yes=5,no=1",
    monotone: "x=1,price=-1",
    folds: "4",
    learners: "boosting, linear",
    parameters: "learning_rate=0.05,boosting.num_leaves=8",
    deriveFeatures: "false",
    dates: "exclude",
    maxMicroseconds: "12.5",
  };
  expect(TRAIN_QUERY().parse(text)).toEqual({
    weights: "w",
    classWeights: { yes: 5, no: 1 },
    monotone: { x: 1, price: -1 },
    folds: 4,
    learners: ["boosting", "linear"],
    parameters: { learning_rate: 0.05, boosting: { num_leaves: 8 } },
    deriveFeatures: false,
    dates: "exclude",
    maxMicroseconds: 12.5,
  });
  expect(TRAIN_QUERY().parse({ classWeights: "balanced" })).toEqual({ classWeights: "balanced" });
  expect(TRAIN_QUERY().parse({ parameters: '{"linear":{"alpha":3}}' })).toEqual({
    parameters: { linear: { alpha: 3 } },
  });
  for (const wrong of [
    { folds: "many" },
    { monotone: "x" },
    { monotone: "x=2" },
    { learners: "magic" },
    { text: "?" },
  ])
    expect(TRAIN_QUERY().safeParse(wrong).success).toBe(false);
});

test("learners and parameters are completed to the names of the record", () => {
  expect(settle({ learners: ["lightgbm", "ridge"] }).learners).toEqual(["linear", "boosting"]);
  expect(settle({ learners: ["forest"] }).learners).toEqual(["random_forest", "extra_trees"]);
  expect(settle({ parameters: { max_leaf_nodes: 9 } }).parameters).toEqual({ boosting: { num_leaves: 9 } });
  expect(settle({ parameters: { max_features: 0.5 } }).parameters).toEqual({
    random_forest: { max_features: 0.5 },
    extra_trees: { max_features: 0.5 },
  });
  expect(settle({ learners: ["linear"], parameters: { C: 2 } }).parameters).toEqual({ linear: { C: 2 } });
});

test("groups are a split by group", () => {
  expect(settle({ groups: "who" })).toMatchObject({ split: "group", splitColumn: "who", groups: "who" });
  expect(settle({ groups: "who", split: "group" })).toMatchObject({ split: "group", splitColumn: "who" });
});

describe("contradictory settings are refused", () => {
  test.each([
    [{ weights: "who" }, 'weights: "who" holds no numbers'],
    [{ weights: "debt" }, "numbers below 0"],
    [{ weights: "y" }, "is the target"],
    [{ weights: "nowhere" }, "does not exist"],
    [{ weights: "w", features: ["x", "w"] }, "both a feature and weights"],
    [{ testColumn: "part", testDatasetId: "other" }, "both choose the test rows"],
    [{ testColumn: "w", weights: "w" }, "One column cannot be weights"],
    [{ classWeights: "balanced", target: "price" }, "is predicted as a number"],
    [{ classWeights: { maybe: 2 } }, 'has no class "maybe"'],
    [{ classWeights: { yes: 0, no: 0 } }, "All classes have the weight 0"],
    [{ monotone: { who: 1 } }, "holds no numbers, so nothing can rise"],
    [{ monotone: { x: 1 }, target: "kind" }, "several classes have none"],
    [{ monotone: { x: 1 }, learners: ["linear", "boosting"] }, "Only boosting keeps monotone constraints"],
    [{ monotone: { x: 1 }, exclude: ["x"] }, "not among the features"],
    [{ monotone: { y: 1 } }, "the target"],
    [{ groups: "who", split: "time", splitColumn: "when" }, "groups does not go with split=time"],
    [{ split: "time", splitColumn: "who" }, "“who” holds no dates"],
    [{ groups: "who", splitColumn: "part" }, "name two columns"],
    [{ stratify: "who", split: "time", splitColumn: "when" }, "stratify does not go with split=time"],
    [{ deriveFeatures: false, text: "words" }, "does not go with text=words"],
    [{ deriveFeatures: false, dates: "parts" }, "does not go with dates=parts"],
    [{ parameters: { depth: 3 } }, "has a parameter “depth”"],
    [{ parameters: { magic: { depth: 3 } } }, "“magic” is not a learner"],
    [{ parameters: { boosting: { alpha: 3 } } }, "has a parameter “alpha”"],
    [
      { parameters: { linear: { alpha: 3 } }, learners: ["boosting"] },
      "linear has parameters, and is not tried",
    ],
    [{ parameters: { linear: { alpha: 3, C: 1 } } }, "set the same"],
    [{ parameters: { learning_rate: 7 } }, "from 0.0001 to 1, not 7"],
    [{ parameters: { num_leaves: 2.5 } }, "a whole number"],
    [{ parameters: { alpha: 1 }, learners: ["kernel"] }, "has a parameter “alpha”"],
  ] as [Partial<TrainRequest>, string][])("%j", (asked, reason) => {
    const error = refusal(asked);
    expect(error.message).toContain(reason);
    expect(error.place.fix).not.toBe("");
    expect(["syntax", "invalid"]).toContain(error.code);
  });
});

test("every parameter has a sentence and bounds, and no two of a learner have one name", () => {
  for (const name of LEARNER_NAMES) {
    const { parameters }: LearnerRecord = LEARNERS[name];
    const words = Object.entries(parameters).flatMap(([own, { also }]) => [own, ...also]);
    expect(new Set(words).size).toBe(words.length);
    for (const { min, max, says } of Object.values(parameters)) {
      expect(min).toBeLessThan(max);
      expect(says).toEndWith(".");
    }
  }
});
