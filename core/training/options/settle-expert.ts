/**
 * Settles expert settings against the dataset and against each other. What does not go together is refused with the
 * setting, the reason and the fix, before anything is trained.
 */
import type { ColumnProfile, CsvProfile } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import type { ExpertChoices, RunOptions } from "../../trainer/contract.ts";
import {
  LEARNER_NAMES,
  LEARNERS,
  type LearnerName,
  type LearnerRecord,
  learnersCalled,
  parameterCalled,
} from "../../trainer/learners/catalogue.ts";
import type { Task } from "../../trainer/samples.ts";
import { EXPERT_NAMES, EXPERT_SETTINGS, type ExpertName } from "./expert.ts";

/** Other settings of the run. */
export interface OtherSettings {
  target: string;
  /** As requested or guessed. */
  task: Task;
  features: string[] | null;
  exclude: string[];
  split: RunOptions["split"] | undefined;
  splitColumn: string | undefined;
}

/** The settings that were made, by the names of the records; nothing for those that were not. Throws AppError. */
export function settleExpert(
  asked: ExpertChoices,
  profile: CsvProfile,
  beside: OtherSettings,
): ExpertChoices & Partial<Pick<RunOptions, "split" | "splitColumn">> {
  for (const name of EXPERT_NAMES) {
    const { takes } = EXPERT_SETTINGS[name];
    const column = asked[name];
    if (takes.kind === "column" && typeof column === "string")
      refuseColumn(name, columnOf(profile, name, column), { beside, isNumber: takes.type === "number" });
  }
  refuseTests(asked);
  refuseHandling(asked);
  refuseClassWeights(asked, profile, beside);
  const learners = settleLearners(asked.learners);
  const { monotone } = asked;
  if (monotone) refuseMonotone(monotone, profile, { ...beside, learners });
  const parameters = asked.parameters && settleParameters(asked.parameters, learners, monotone !== undefined);
  const set = Object.fromEntries(
    EXPERT_NAMES.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])),
  );
  return {
    ...set,
    ...(learners && { learners }),
    ...(parameters && { parameters }),
    ...settleGroups(asked, beside),
  };
}

const syntax = (name: ExpertName, message: string, fix: string) =>
  new AppError("syntax", message, { column: name, fix });

function columnOf({ columns }: CsvProfile, setting: ExpertName, name: string): ColumnProfile {
  const column = columns.find((candidate) => candidate.name === name);
  if (column) return column;
  const names = columns.map((candidate) => candidate.name);
  throw new AppError("invalid", `${setting}: the column ${JSON.stringify(name)} does not exist`, {
    column: name,
    fix: `The columns are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`,
  });
}

function refuseColumn(
  setting: ExpertName,
  column: ColumnProfile,
  { beside, isNumber }: { beside: OtherSettings; isNumber: boolean },
): void {
  const { name } = column;
  if (name === beside.target && setting !== "stratify") {
    throw new AppError("invalid", `${setting}: ${JSON.stringify(name)} is the target`, {
      column: name,
      fix: "Choose another column.",
    });
  }
  if (setting !== "stratify" && beside.features?.includes(name)) {
    throw syntax(
      setting,
      `${JSON.stringify(name)} is both a feature and ${setting}: nothing is learned from such a column`,
      "Leave it out of features.",
    );
  }
  if (!isNumber) return;
  if (column.type !== "number") {
    throw new AppError("invalid", `${setting}: ${JSON.stringify(name)} holds no numbers`, {
      column: name,
      fix: "Choose a column of numbers.",
    });
  }
  if (column.min !== null && column.min < 0) {
    throw new AppError("invalid", `${setting}: ${JSON.stringify(name)} holds numbers below 0`, {
      column: name,
      fix: "Choose a column whose values are 0 or more.",
    });
  }
}

function refuseTests({ testColumn, testDatasetId, weights }: ExpertChoices): void {
  if (testColumn !== undefined && testDatasetId !== undefined) {
    throw syntax(
      "testColumn",
      "testColumn and testDatasetId both choose the test rows",
      "Choose one of the two.",
    );
  }
  if (testColumn !== undefined && testColumn === weights)
    throw syntax("testColumn", "One column cannot be weights and mark the test rows", "Choose two columns.");
}

function refuseHandling({ deriveFeatures, text, dates }: ExpertChoices): void {
  if (deriveFeatures !== false) return;
  const derived = text === "words" ? "text=words" : dates === "parts" ? "dates=parts" : null;
  if (derived === null) return;
  throw syntax(
    "deriveFeatures",
    `deriveFeatures=false does not go with ${derived}, which derives features`,
    "Leave one of the two out.",
  );
}

function refuseClassWeights(
  { classWeights }: ExpertChoices,
  { columns }: CsvProfile,
  beside: OtherSettings,
): void {
  if (classWeights === undefined) return;
  const { target, task } = beside;
  if (task === "regression") {
    throw syntax(
      "classWeights",
      `classWeights needs classes, and ${JSON.stringify(target)} is predicted as a number`,
      "Leave classWeights out, or choose a classification task.",
    );
  }
  if (classWeights === "balanced") return;
  const weights = Object.values(classWeights);
  if (!weights.some((weight) => weight > 0))
    throw syntax(
      "classWeights",
      "All classes have the weight 0",
      "Give at least two classes a weight above 0.",
    );
  const column = columns.find(({ name }) => name === target);
  const labels = column?.top.map(({ value }) => value) ?? [];
  if (!column?.distinctExact || column.distinct !== labels.length) return;
  const unknown = Object.keys(classWeights).find((label) => !labels.includes(label));
  if (unknown === undefined) return;
  throw new AppError(
    "invalid",
    `classWeights: ${JSON.stringify(target)} has no class ${JSON.stringify(unknown)}`,
    {
      column: target,
      fix: `The classes are: ${labels.join(", ")}.`,
    },
  );
}

/** By the record's names, each once, in its order. */
function settleLearners(words: string[] | undefined): LearnerName[] | undefined {
  if (!words) return undefined;
  const named = new Set(words.flatMap(learnersCalled));
  return LEARNER_NAMES.filter((name) => named.has(name));
}

function refuseMonotone(
  monotone: NonNullable<ExpertChoices["monotone"]>,
  profile: CsvProfile,
  { target, task, features, exclude, learners }: OtherSettings & { learners: LearnerName[] | undefined },
): void {
  if (task === "multiclass") {
    throw syntax(
      "monotone",
      "Monotone constraints need one direction, and several classes have none",
      "Leave monotone out, or choose a target that is a number or has two classes.",
    );
  }
  const other = learners?.find((name) => name !== "boosting");
  if (other) {
    throw syntax(
      "monotone",
      `Only boosting keeps monotone constraints; ${other} cannot`,
      "Leave learners out, or send only boosting.",
    );
  }
  for (const name of Object.keys(monotone)) {
    const column = columnOf(profile, "monotone", name);
    if (name === target || exclude.includes(name) || (features && !features.includes(name))) {
      throw syntax(
        "monotone",
        `${JSON.stringify(name)} is ${name === target ? "the target" : "not among the features"}, so it can have no constraint`,
        "Leave it out of monotone.",
      );
    }
    if (column.type === "number") continue;
    throw new AppError(
      "invalid",
      `monotone: ${JSON.stringify(name)} holds no numbers, so nothing can rise with it`,
      {
        column: name,
        fix: "Constrain columns of numbers only.",
      },
    );
  }
}

type Parameters = Partial<Record<LearnerName, Record<string, number>>>;

/** By learner and by the record's names. */
function settleParameters(
  asked: NonNullable<ExpertChoices["parameters"]>,
  learners: LearnerName[] | undefined,
  isMonotone: boolean,
): Record<string, Record<string, number>> {
  const tried = learners ?? (isMonotone ? (["boosting"] as const) : LEARNER_NAMES);
  const settled: Parameters = {};
  for (const [word, value] of Object.entries(asked)) {
    if (typeof value === "number") {
      // Both kinds of tree ensembles have some of the same names.
      const known = tried.filter((name) => parameterCalled(name, word) !== null);
      if (known.length === 0) throw unknownParameter(word, tried);
      for (const name of known) setParameter(settled, name, { word, value });
      continue;
    }
    const named = learnersCalled(word);
    if (named.length === 0) {
      throw syntax(
        "parameters",
        `“${word}” is not a learner`,
        `The learners are: ${LEARNER_NAMES.join(", ")}.`,
      );
    }
    const absent = named.find((name) => !tried.includes(name));
    if (absent)
      throw syntax("parameters", `${absent} has parameters, and is not tried`, `Add ${absent} to learners.`);
    for (const name of named)
      for (const [parameter, number] of Object.entries(value))
        setParameter(settled, name, { word: parameter, value: number });
  }
  return settled;
}

function unknownParameter(word: string, tried: readonly LearnerName[]): AppError {
  const names = new Set(tried.flatMap((name) => Object.keys(LEARNERS[name].parameters)));
  return syntax(
    "parameters",
    `No learner that is tried has a parameter “${word}”`,
    names.size > 0
      ? `Known are: ${[...names].join(", ")}.`
      : "Leave parameters out: this learner sets its own.",
  );
}

function setParameter(
  settled: Parameters,
  learner: LearnerName,
  { word, value }: { word: string; value: number },
): void {
  const name = parameterCalled(learner, word);
  if (name === null) throw unknownParameter(word, [learner]);
  const { parameters }: LearnerRecord = LEARNERS[learner];
  const { min, max, isWhole, to } = parameters[name]!;
  if (!(value >= min && value <= max) || (isWhole && !Number.isInteger(value))) {
    throw syntax(
      "parameters",
      `${learner}: ${name} must be ${isWhole ? "a whole number " : ""}from ${min} to ${max}, not ${value}`,
      "Correct the value.",
    );
  }
  const before = settled[learner] ?? {};
  const twice = Object.keys(before).find((other) => parameters[other]!.to === to);
  if (twice !== undefined) {
    throw syntax("parameters", `${learner}: ${word} and ${twice} set the same`, "Choose one of the two.");
  }
  settled[learner] = { ...before, [name]: value };
}

/** Groups are a split by group; rows in order of time are split by it alone. */
function settleGroups(
  { groups, stratify }: ExpertChoices,
  { split, splitColumn }: OtherSettings,
): Partial<Pick<RunOptions, "split" | "splitColumn">> {
  if (stratify !== undefined && split === "time") {
    throw syntax(
      "stratify",
      "stratify does not go with split=time: the latest rows are tested, whatever they hold",
      "Leave one of the two out.",
    );
  }
  if (groups === undefined) return {};
  if (split === "time" || (splitColumn !== undefined && splitColumn !== groups)) {
    throw syntax(
      "groups",
      split === "time"
        ? "groups does not go with split=time: rows are split by their dates alone"
        : `groups and splitColumn name two columns, ${JSON.stringify(groups)} and ${JSON.stringify(splitColumn)}`,
      "Leave one of the two out.",
    );
  }
  return { split: "group", splitColumn: groups };
}
