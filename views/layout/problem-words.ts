/** Words an error for a page: programs get the names of fields and routes, people the labels of the form. */
import type { Problem } from "../../core/http/problem.ts";
import { EXPERT_SETTINGS } from "../../core/training/options/expert.ts";
import { capital, unbroken } from "../parts/format.ts";
import { SETTING_WORDS } from "../settings/setting-words.ts";

/** By the names that the API uses. */
const LABELS: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries({ ...EXPERT_SETTINGS, ...SETTING_WORDS }).map(([name, { label }]) => [name, label]),
  ),
  budgetSeconds: "Time limit",
  positiveClass: "Positive class",
  split: "Test set",
  splitColumn: "Date or group column",
};

/** Fields whose name in a form is another one than in the API. */
const FORM_NAMES: Record<string, string> = {
  addTags: "tags",
  removeTags: "tags",
  "costs.falseNegative": "costFalseNegative",
  "costs.falsePositive": "costFalsePositive",
  "digest.every": "digest",
  expiresAt: "days",
  expiresInSeconds: "days",
  "quiet.to": "until",
};

const FOR_PROGRAMS = /^It sets this|\/docs\b|\b(?:GET|POST|PUT|PATCH|DELETE) \/|`/;
const CODE_NAME = /\b(\w+)=(\w+)|\b[a-z]+(?:[A-Z][a-z]+)+\b|\b[A-Z]+(?:_[A-Z]+)+\b/g;

export interface PageProblem {
  /** The field of the form, by its name; "" if there is none. */
  field: string;
  detail: string;
  fix: string | undefined;
}

/** The name of the field, where the sentence begins with it, is left to the place at which the error is shown. */
export function forPeople(problem: Pick<Problem, "column" | "detail" | "fix" | "example">): PageProblem {
  const { column, detail, example } = problem;
  const fix = problem.fix ?? (example && !/[{\n]/.test(example) ? `For example: ${example}` : undefined);
  const [, prefix = "", rest = ""] = /^([\w.]+): (.+)$/s.exec(detail) ?? [];
  const isNamed = prefix !== "" && (prefix === column || Object.hasOwn(LABELS, prefix));
  return {
    field: formName(isNamed ? prefix : (column ?? "")),
    detail: unbroken(labelled(isNamed ? capital(rest) : detail)),
    fix: fix === undefined || FOR_PROGRAMS.test(fix) ? undefined : unbroken(labelled(fix)),
  };
}

/** "to.url" -> "url", "kinds.0" -> "kinds". */
function formName(path: string): string {
  const parts = path.split(".").filter((part) => !/^\d+$/.test(part));
  const name = parts.at(-1) ?? "";
  return FORM_NAMES[parts.join(".")] ?? (/^\w+$/.test(name) ? name : "");
}

/** "split=time" -> "“Test set: time”"; names that are no setting stay. */
function labelled(text: string): string {
  return text.replace(CODE_NAME, (whole: string, name?: string, value?: string) => {
    const label = LABELS[name ?? whole];
    if (label === undefined) return whole;
    return value === undefined ? `“${label}”` : `“${label}: ${value}”`;
  });
}
