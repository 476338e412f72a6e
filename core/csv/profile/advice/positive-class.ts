/**
 * Chooses the positive class of two: the one that recall, precision, curves, the threshold and contributions refer to.
 * Labels stay as they are in the file; a run puts the positive class second.
 */

import type { ColumnProfile, CsvProfile } from "../../types.ts";

/** Words for yes in the languages of common exports, and names of things that a model looks for. */
const AFFIRMATIVE = new Set(
  [
    "yes y true t ja j oui o si sí sì sim s tak da да evet kyllä igen ano áno jah jā taip ναι כן نعم 是 はい 예 네",
    "wahr richtig vrai verdadero verdadeiro vero waar prawda sant sann pravda doğru истина 真 참",
    "positive pos + fraud fraudulent scam spam phishing malware malicious attack intrusion anomaly anomalous outlier",
    "churn churned exited cancelled canceled default defaulted delinquent bankrupt",
    "sick ill disease diseased malignant infected abnormal pathological relapse relapsed died dead deceased",
    "fail failed failure fault faulty defect defective broken damaged leak error late delayed alarm",
    "converted conversion clicked bought purchased subscribed accepted won hired promoted survived present presence 1",
    "bad attrited terminated resigned charged-off written-off delinquency insolvent nok n.i.o. incident",
    "betrug betrügerisch krank defekt kaputt fehler ausfall gekündigt kündigung gekuendigt kuendigung insolvent zu-spät verspätet",
    "fraude frauduleux malade défaut défectueux panne résilié enfermo enferma defecto fallo fraudulento cancelado",
    "frode malato guasto difettoso doente defeituoso fraudulenta fraudeur ziek fout opgezegd oszustwo chory",
  ].flatMap((line) => line.split(" ")),
);

/** Words for no, and names of the normal case. */
const NEGATIVE = new Set(
  [
    "no n false f nein non não nao nie net нет ні hayır hayir ei nem ne nee nej nei nē όχι לא لا 否 不是 いいえ 아니요 아니오",
    "falsch faux falso onwaar fałsz falsk falskt nepravda yanlış ложь 假 거짓",
    "good negative neg - none normal ok okay legit legitimate genuine ham benign healthy clean valid intact",
    "stayed retained active kept current paid repaid absent absence existing alive solvent ontime 0 -1",
    "kein gesund aktiv intakt echt pünktlich sain actif légitime sano sana activo legítimo legitimo attivo saudável ativo",
    "gezond actief zdrowy i.o. io",
  ].flatMap((line) => line.split(" ")),
);

/** "no disease", "non-fraud"; but "no-show" is something that a model looks for. */
const NEGATION = /^(?:(?:no|not|nicht|kein|keine|without)[\s_]+|non[\s_-]+)/;

export interface PositiveClass {
  label: string;
  /** Why this one, to complete the sentence "because …". */
  reason: string;
}

/** The positive one of two labels: by its name, else the rarer; if they are equally rare, the second in order. */
export function positiveClass(
  labels: readonly [string, string],
  rows: readonly [number, number],
): PositiveClass {
  const named = namedPositive(labels);
  if (named !== null) return { label: labels[named], reason: "its name says so" };
  if (rows[0] === rows[1]) return { label: labels[1], reason: "both are equally frequent" };
  return { label: labels[rows[0] < rows[1] ? 0 : 1], reason: "it is the rarer one" };
}

/** Null if the names do not tell, or contradict each other. */
function namedPositive(labels: readonly [string, string]): 0 | 1 | null {
  const [first, second] = [meaningOf(labels[0], labels[1]), meaningOf(labels[1], labels[0])];
  if (first === second) return null;
  // A single letter is not enough: "f" is false beside "t", and female beside "m".
  if ((first === null && isLetter(labels[1])) || (second === null && isLetter(labels[0]))) return null;
  // "1" beside "2" numbers the classes; it means yes only beside 0 or -1.
  if (isNumber(labels[0]) && isNumber(labels[1]) && first !== "no" && second !== "no") return null;
  if (first === "yes" || second === "no") return 0;
  return 1;
}

/** Checks the whole label, then the words that the other one does not have: "Attrited Customer". */
function meaningOf(label: string, other: string): "yes" | "no" | null {
  const whole = normalLabel(label);
  // As a word among others, "charged off", it says nothing.
  if (whole === "on" || whole === "off") return whole === "on" ? "yes" : "no";
  if (NEGATIVE.has(whole) || NEGATION.test(whole)) return "no";
  if (AFFIRMATIVE.has(whole)) return "yes";
  const shared = new Set(wordsOf(other));
  const own = wordsOf(label).filter((word) => word.length > 1 && !shared.has(word));
  const [yes, no] = [own.some((word) => AFFIRMATIVE.has(word)), own.some((word) => NEGATIVE.has(word))];
  if (yes === no) return null;
  return yes ? "yes" : "no";
}

const wordsOf = (label: string) => normalLabel(label).split(/[\s_/,;:()]+/);

const isLetter = (label: string) => /^\p{L}$/u.test(label.trim());
const isNumber = (label: string) => label.trim() !== "" && Number.isFinite(Number(label));

/** The label that is meant: an exact match, else ignoring case, spaces and 1 versus 1.0; null if there is none. */
export function findLabel(labels: readonly string[], asked: string): string | null {
  if (labels.includes(asked)) return asked;
  return labels.find((label) => normalLabel(label) === normalLabel(asked)) ?? null;
}

function normalLabel(label: string): string {
  const plain = label.normalize("NFC").trim().toLowerCase();
  return isNumber(plain) ? String(Number(plain) + 0) : plain;
}

/** For the suggested target, if it has two values. */
export function positiveOf(
  columns: readonly ColumnProfile[],
  target: string | null,
): Pick<CsvProfile, "positiveClass"> {
  const column = columns.find(({ name }) => name === target);
  const [first, second] = column?.top ?? [];
  if (column?.distinct !== 2 || !first || !second) return {};
  return { positiveClass: positiveClass([first.value, second.value], [first.count, second.count]) };
}
