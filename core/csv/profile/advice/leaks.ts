/**
 * Recognises a column that gives the target away, as far as the file shows it: by how strongly the two are related, and
 * by names of things that are only known afterwards (how it ended, when, why, how long it took).
 */
import { score as scoreText } from "../../../platform/figures.ts";
import type { ColumnProfile, CsvProfile, Finding } from "../../types.ts";

const AFTERWARDS =
  /(?:^|[^\p{L}])(?:duration|elapsed|time_?(?:to|taken|spent)|resolution|resolved|closed|closing|ended|end_?(?:date|time)|finished|completed|outcome|result|verdict|decision|disposition|reason|cause|consequence|settled|settlement|recover(?:y|ed|ies)|collected|refund(?:ed)?|charge_?back|penalty|fine|discharged?|death|deceased|cancel(?:led|lation)?|terminated?|termination|exit|exited|churned|left|final|actual|repaid|paid_?off|total_?(?:paid|rec|payment)|last_?(?:payment|contact|login|seen))(?:$|[^\p{L}])/iu;
/** The same in the languages of common exports; German joins words, so that only their ends tell. */
const AFTERWARDS_ELSEWHERE =
  /(?:dauer|(?:kündigungs|kuendigungs|storno|austritts|schließungs|ablehnungs|abgangs|todes)\p{L}*|(?:ab|aus)gang(?:s?datum)?|ergebnis|entscheidung|erledigt(?:_?am)?|abgeschlossen(?:_?am)?|beendet(?:_?am)?|schadenhöhe|schadenshöhe|erstattung)(?:$|[^\p{L}])|(?:^|[^\p{L}])(?:grund|durée|duree|motif|résultat|resultat|issue|clôture|cloture|résiliation|resiliation|sortie|décès|deces|décision|remboursement|duración|duracion|motivo|resultado|desenlace|cierre|baja|cancelación|cancelacion|reembolso|fallecimiento|durata|esito|risultato|chiusura|uscita|recesso|rimborso|duração|duracao|encerramento|saída|saida|desfecho|duur|reden|uitkomst|resultaat|einddatum|opzegging|opgezegd)(?:$|[^\p{L}])/iu;
/** What was known before: an earlier outcome is a fair column. */
const BEFORE =
  /(?:^|[^\p{L}])(?:prev(?:ious)?|prior|past|earlier|planned|expected|scheduled|estimated|requested|vorherige[rns]?|früher\p{L}*|geplante?[rns]?|erwartete?[rns]?|voraussichtliche?[rns]?|précédente?|prévue?|estimée?|anterior|previ[ao]|previst[ao]|estimad[ao]|precedente|vorige|eerdere|geplande|verwachte)(?:$|[^\p{L}])/iu;
/** "closedAt", "callDuration": camel case. */
const CAPITALS = /([\p{Ll}])(\p{Lu})/gu;

/** Whether the name is of something that is usually known only after the answer. */
export function isNamedAfterwards(name: string): boolean {
  const words = name.normalize("NFC").replace(CAPITALS, "$1_$2");
  return (AFTERWARDS.test(words) || AFTERWARDS_ELSEWHERE.test(words)) && !BEFORE.test(words);
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

/** File errors about columns that give the target away. */
export interface FileLeaks {
  target: string;
  findings: Finding[];
}

const LEAKS: ReadonlySet<string> = new Set(["target_leak", "after_the_fact", "target_sum"]);

export function fileLeaks({ target, findings }: Pick<CsvProfile, "target" | "findings">): {
  leaks?: FileLeaks;
} {
  const errors = findings.filter(({ code, severity }) => severity === "error" && LEAKS.has(code));
  return target === null || errors.length === 0 ? {} : { leaks: { target, findings: errors } };
}
