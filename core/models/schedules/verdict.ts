/**
 * Decides whether a retrained version is better than the live one: on the test rows that neither learned from, as the
 * training compared them, and on rows whose outcomes were reported since and that neither learned from.
 */
import { count } from "../../platform/figures.ts";
import type { Store } from "../../store/database.ts";
import type { StoredVersion } from "../../store/models.ts";
import { type KnownOutcome, knownOutcomes } from "../../store/outcomes.ts";
import { versionKey } from "../../store/predictions.ts";
import { errorsAmong } from "../../trainer/checks/severity.ts";
import { goodness, isMetricName } from "../../trainer/metrics/index.ts";
import type { Model } from "../../trainer/model/model.ts";
import { type ComparedFigure, comparedFigures, overall } from "../monitoring/comparison.ts";
import { LEAST_OUTCOMES } from "../monitoring/live-metrics.ts";

export type Verdict = "better" | "worse" | "level" | "unknown";

export interface Judgement {
  /** On the test rows of the new training. */
  test: Verdict;
  /** On reported outcomes; "unknown" with fewer than LEAST_OUTCOMES. */
  outcomes: Verdict;
  outcomeRows: number;
  /** Errors among the new version's findings. */
  errors: string[];
  /** Better by more than noise, nowhere worse, and no finding is an error. */
  isBetter: boolean;
  sentence: string;
}

const MOST_OUTCOMES = 2000;

/** On test rows that neither version learned from, and on reported outcomes. */
export async function judge(
  { live, fresh }: { live: StoredVersion; fresh: StoredVersion },
  { store, load }: { store: Store; load: (version: StoredVersion) => Promise<Model> },
): Promise<Judgement> {
  const test = testVerdict(live, fresh);
  const known = await outcomesOf(live, fresh, { store, load });
  const figures = comparedFigures({ live: live.result, challenger: fresh.result }, known);
  const outcomes = outcomesVerdict(figures, fresh.result.metric);
  const errors = errorsAmong(fresh.result.findings).map(({ message }) => message);
  const isBetter =
    [test, outcomes].includes("better") && ![test, outcomes].includes("worse") && !errors.length;
  const sentence = [
    `Version ${fresh.version} is ${WORDS[test]} version ${live.version} on test rows that neither learned from`,
    known.length >= LEAST_OUTCOMES &&
      `, and ${WORDS[outcomes]} it on ${count(known.length)} reported outcomes`,
    errors.length > 0 && `. ${errors[0]}`,
  ]
    .filter(Boolean)
    .join("")
    .replace(/\.?$/, ".");
  return { test, outcomes, outcomeRows: known.length, errors, isBetter, sentence };
}

const WORDS: Record<Verdict, string> = {
  better: "better than",
  worse: "worse than",
  level: "as good as",
  unknown: "not comparable with",
};

/** By the metric that the run optimised. */
function testVerdict(live: StoredVersion, { result }: StoredVersion): Verdict {
  const { comparison, metric } = result;
  const compared = comparison?.version === live.version ? comparison.metrics[metric] : undefined;
  if (!compared || !isMetricName(metric)) return "unknown";
  const [low, high] = compared.interval;
  if (low <= 0 && high >= 0) return "level";
  return goodness(metric, compared.after) > goodness(metric, compared.before) ? "better" : "worse";
}

function outcomesVerdict(figures: readonly ComparedFigure[], metric: string): Verdict {
  if (!figures.length) return "unknown";
  const verdict = overall(figures, metric);
  return verdict === "unclear" ? "level" : verdict;
}

async function outcomesOf(
  live: StoredVersion,
  fresh: StoredVersion,
  { store, load }: { store: Store; load: (version: StoredVersion) => Promise<Model> },
) {
  const id = await versionKey(store, live.name, live.version);
  const known = id === null ? [] : await knownOutcomes(store, id, MOST_OUTCOMES);
  if (known.length < LEAST_OUTCOMES) return [];
  const { answerRows, learnedFrom } = await import("../predict-rows.ts");
  const models = [await load(live), await load(fresh)];
  const rows = known.map(({ cells }) => new Map(Object.entries(cells)));
  const { answers } = answerRows(models[1]!, rows, { explain: false });
  const learned = models.map((model) => learnedFrom(model, rows));
  return known.flatMap(({ answer, actual }: KnownOutcome, row) =>
    learned.some((flags) => flags[row])
      ? []
      : [{ live: { answer, actual }, challenger: { answer: answers[row]!, actual } }],
  );
}
