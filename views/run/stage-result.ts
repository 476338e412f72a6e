/** Summarises a stage's result in a few words. Empty if the stage's own note says it better. */
import type { RunStage, RunView } from "../../core/training/run-view.ts";
import { bytes, count, plural, score, scorePercent } from "../parts/format.ts";
import { metricLabel } from "../parts/words.ts";

type Facts = Record<string, unknown>;

const number = (facts: Facts, name: string) => (typeof facts[name] === "number" ? facts[name] : null);

const RESULTS: Record<string, (facts: Facts, run: RunView) => string> = {
  "Data validation": (facts) => {
    const [rows, columns] = [number(facts, "rows"), number(facts, "columns")];
    return rows === null || columns === null ? "" : `${plural(rows, "row")}, ${plural(columns, "column")}`;
  },
  "Data preprocessing": (facts) => {
    const [train, test] = [number(facts, "rowsTrain"), number(facts, "rowsTest")];
    return train === null || test === null ? "" : `${count(train)} training rows, ${count(test)} test rows`;
  },
  "Feature engineering": (facts) => {
    const features = number(facts, "features");
    return features === null ? "" : `${plural(features, "feature")} for the learners`;
  },
  "Model selection": (_, { best, candidates }) => {
    const first = best ?? candidates[0]?.name;
    return first === undefined ? "" : `${plural(candidates.length, "candidate")}; best: ${first}`;
  },
  "Model validation": (facts) =>
    facts.calibration ? "Probabilities calibrated; saved model verified" : "Saved model verified",
  "Performance evaluation": (facts, { metric, metrics }) => {
    const measured = (metrics ?? facts.metrics) as Record<string, number> | undefined;
    const value = metric === null ? undefined : measured?.[metric];
    if (value === undefined) return "";
    const isShare = metric === "accuracy" || metric === "balanced_accuracy";
    return `${metricLabel(metric!)} ${isShare ? scorePercent(value) : score(value)} on the test set`;
  },
  Finalizing: (facts) => {
    const size = number(facts, "sizeBytes");
    return size === null ? "Model saved" : `Model saved, ${bytes(size)}`;
  },
};

export function stageResult({ name, facts }: RunStage, run: RunView): string {
  return Object.hasOwn(RESULTS, name) ? RESULTS[name]!(facts, run) : "";
}
