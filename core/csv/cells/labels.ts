/**
 * Decides which spellings of a label are the same. Surrounding spaces and the Unicode form of accents never make a
 * difference.
 */
import type { ColumnPlan } from "../types.ts";
import { parseNumber } from "./numbers/numbers.ts";

/** A label as stored: without surrounding spaces, accents composed (NFC). */
export function plainLabel(text: string): string {
  const trimmed = text.trim();
  return isAscii(trimmed) ? trimmed : trimmed.normalize("NFC");
}

/** Labels with the same key are one label: 1 and 1.0 in a column of codes, Yes and YES if case carries no meaning. */
export function labelKey(plan: Pick<ColumnPlan, "type" | "labels" | "number">, text: string): string {
  const label = plainLabel(text);
  if (plan.number) {
    const value = parseNumber(label, plan.number);
    if (!Number.isNaN(value)) return String(value + 0);
  }
  return plan.type === "boolean" || plan.labels === "case" ? label.toLowerCase() : label;
}

/** Whether this plan merges spellings beyond spaces and accents; if not, every label is its own key. */
export function hasVariants(plan: Pick<ColumnPlan, "type" | "labels" | "number">): boolean {
  return plan.number !== undefined || plan.type === "boolean" || plan.labels === "case";
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Single letters may differ by case on purpose (a gene's A and a), unless they are y and n. */
export function foldsCase(labels: Iterable<string>): boolean {
  const spellings = new Map<string, string>();
  let isFolded = false;
  for (const label of labels) {
    const plain = plainLabel(label);
    const lower = plain.toLowerCase();
    const other = spellings.get(lower);
    if (other === undefined) spellings.set(lower, plain);
    else if (other !== plain) isFolded = true;
  }
  if (!isFolded) return false;
  const lowers = [...spellings.keys()];
  return lowers.some((label) => label.length > 1) || lowers.every((label) => /^[yntfjx]$/.test(label));
}
