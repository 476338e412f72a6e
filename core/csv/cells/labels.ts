/**
 * Decides which spellings of a label are the same. Blanks around them and the form of their accents never tell two
 * apart.
 */
import type { ColumnPlan } from "../types.ts";
import { parseNumber } from "./numbers/numbers.ts";

/** A label as it is kept: without blanks around it, accents composed. */
export function plainLabel(text: string): string {
  const trimmed = text.trim();
  return isAscii(trimmed) ? trimmed : trimmed.normalize("NFC");
}

/** Labels with the same key are one: in a column of codes 1 and 1.0, where case tells nothing Yes and YES. */
export function labelKey(plan: Pick<ColumnPlan, "type" | "labels" | "number">, text: string): string {
  const label = plainLabel(text);
  if (plan.number) {
    const value = parseNumber(label, plan.number);
    if (!Number.isNaN(value)) return String(value + 0);
  }
  return plan.type === "boolean" || plan.labels === "case" ? label.toLowerCase() : label;
}

/** Spellings beyond blanks and accents may be one label by this plan: without this every key is the label itself. */
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
