/** What a refused form shows again: the typed values, and the error at its field. */
import type { Problem } from "../../core/http/problem.ts";
import { sentence } from "../parts/format.ts";

export interface FormValues {
  typed: Record<string, string>;
  refusal: Problem | null;
}

export const EMPTY_FORM: FormValues = { typed: {}, refusal: null };

/** The error of a field, by its name in the API. */
export function errorAt({ refusal }: FormValues, name: string): string | null {
  if (!refusal || refusal.column?.split(".").at(-1) !== name) return null;
  return [refusal.detail, refusal.fix]
    .filter((text) => text !== undefined)
    .map(sentence)
    .join(" ");
}

/** Attributes of a refused field: it gets the focus, and a screen reader finds the error. */
export function errorAttributes(form: FormValues, id: string, name: string) {
  if (errorAt(form, name) === null) return {};
  return { "aria-invalid": "true" as const, "aria-errormessage": `${id}-error`, autofocus: true };
}

/** Attributes of an input: the typed value, and `errorAttributes`. */
export function inputValue(form: FormValues, id: string, name: string) {
  const value = form.typed[name];
  return { ...(value !== undefined && { value }), ...errorAttributes(form, id, name) };
}
