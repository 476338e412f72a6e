/**
 * Recognises a column that gives the target away, as far as the file shows it: by how strongly the two are related, and
 * by names of things that are only known afterwards (how it ended, when, why, how long it took).
 */
import { score as scoreText } from "../../../platform/figures.ts";
import type { ColumnProfile, Finding } from "../../types.ts";

const AFTERWARDS =
  /(?:^|[^\p{L}])(?:duration|elapsed|time_?(?:to|taken|spent)|resolution|resolved|closed|closing|ended|end_?(?:date|time)|finished|completed|outcome|result|verdict|decision|disposition|reason|cause|consequence|settled|settlement|recover(?:y|ed|ies)|collected|refund(?:ed)?|charge_?back|penalty|fine|discharged?|death|deceased|cancel(?:led|lation)?|terminated?|termination|exit|exited|churned|left|final|actual|repaid|paid_?off|total_?(?:paid|rec|payment)|last_?(?:payment|contact|login|seen))(?:$|[^\p{L}])/iu;
/** Known beforehand: an earlier outcome is a legitimate column. */
const BEFORE =
  /(?:^|[^\p{L}])(?:prev(?:ious)?|prior|past|earlier|planned|expected|scheduled|estimated|requested)(?:$|[^\p{L}])/iu;
/** "closedAt", "callDuration": camel case. */
const CAPITALS = /([\p{Ll}])(\p{Lu})/gu;

/** Whether the name is of something that is usually known only after the answer. */
export function isNamedAfterwards(name: string): boolean {
  const words = name.replace(CAPITALS, "$1_$2");
  return AFTERWARDS.test(words) && !BEFORE.test(words);
}

/** Correlation from which the column is as good as the answer. */
const CERTAIN = 0.995;
const SUSPECT = 0.975;
/** A column may determine the class fully and still share values between classes: legs and species. */
const DETERMINES = 0.95;
/** The limit if the name suggests something known only afterwards. */
const NAMED_SUSPECT = 0.3;
const NAMED_CERTAIN = 0.4;

/**
 * Returns at most one finding for copies of the target, near copies, and columns that seem to be known only afterwards.
 */
export function describeLeak({ name, correlation }: ColumnProfile, target: string): Finding[] {
  if (!correlation) return [];
  const strength = Math.abs(correlation.value);
  const fix = { exclude: [name] };
  const shown = scoreText(strength);
  if (strength >= SUSPECT && (correlation.determines ?? 1) >= DETERMINES) {
    const severity = strength >= CERTAIN ? "error" : "warning";
    const message = `“${name}” alone almost gives “${target}” away (correlation ${shown}). If it is only known afterwards, exclude it: the model would be useless in practice.`;
    return [{ code: "target_leak", severity, column: name, message, fix }];
  }
  if (strength < NAMED_SUSPECT || !isNamedAfterwards(name)) return [];
  const message = `“${name}” sounds like something that is only known after “${target}”, and is strongly related to it (correlation ${shown}). Exclude it unless you know it when you predict.`;
  const severity = strength >= NAMED_CERTAIN ? "error" : "warning";
  return [{ code: "after_the_fact", severity, column: name, message, fix }];
}
