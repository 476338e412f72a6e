/**
 * Recognises a column that gives the target away, as far as the file shows it. By how closely the two go together, and
 * by names of what is known only once the answer is: how it ended, when, why, how long it took.
 */
import { score as scoreText } from "../../../platform/figures.ts";
import type { ColumnProfile, Finding } from "../../types.ts";

const AFTERWARDS =
  /(?:^|[^\p{L}])(?:duration|elapsed|time_?(?:to|taken|spent)|resolution|resolved|closed|closing|ended|end_?(?:date|time)|finished|completed|outcome|result|verdict|decision|disposition|reason|cause|consequence|settled|settlement|recover(?:y|ed|ies)|collected|refund(?:ed)?|charge_?back|penalty|fine|discharged?|death|deceased|cancel(?:led|lation)?|terminated?|termination|exit|exited|churned|left|final|actual|repaid|paid_?off|total_?(?:paid|rec|payment)|last_?(?:payment|contact|login|seen))(?:$|[^\p{L}])/iu;
/** What was known before: an earlier outcome is a fair column. */
const BEFORE =
  /(?:^|[^\p{L}])(?:prev(?:ious)?|prior|past|earlier|planned|expected|scheduled|estimated|requested)(?:$|[^\p{L}])/iu;
/** "closedAt", "callDuration": capitals instead of a mark. */
const CAPITALS = /([\p{Ll}])(\p{Lu})/gu;

/** Whether the name is one of what is usually known only after the answer. */
export function isNamedAfterwards(name: string): boolean {
  const words = name.replace(CAPITALS, "$1_$2");
  return AFTERWARDS.test(words) && !BEFORE.test(words);
}

/** Correlation from which the column is as good as the answer. */
const CERTAIN = 0.995;
const SUSPECT = 0.975;
/** A column may go with the classes all the way and yet be the same for many of them: legs and species. */
const DETERMINES = 0.95;
/** With a name of what comes afterwards. */
const NAMED_SUSPECT = 0.3;
const NAMED_CERTAIN = 0.4;

/** At most one finding: copies of the target, what nearly is one, what seems to be known only afterwards. */
export function describeLeak({ name, correlation }: ColumnProfile, target: string): Finding[] {
  if (!correlation) return [];
  const strength = Math.abs(correlation.value);
  const fix = { exclude: [name] };
  const shown = scoreText(strength);
  if (strength >= SUSPECT && (correlation.determines ?? 1) >= DETERMINES) {
    const severity = strength >= CERTAIN ? "error" : "warning";
    const message = `“${name}” alone almost gives “${target}” away (correlation ${shown}). If it is only known afterwards, leave it out: the model would be useless in practice.`;
    return [{ code: "target_leak", severity, column: name, message, fix }];
  }
  if (strength < NAMED_SUSPECT || !isNamedAfterwards(name)) return [];
  const message = `“${name}” sounds like something that is known only after “${target}”, and goes with it (correlation ${shown}). Leave it out unless you know it when you predict.`;
  const severity = strength >= NAMED_CERTAIN ? "error" : "warning";
  return [{ code: "after_the_fact", severity, column: name, message, fix }];
}
