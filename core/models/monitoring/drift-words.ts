/** What happened to a column, in one sentence that a person understands without the index? */
import { type ColumnReference, type NumberReference, quantileOf } from "../../trainer/model/reference.ts";
import type { ColumnDrift } from "./drift.ts";

export function driftSentence(drift: Omit<ColumnDrift, "sentence">, reference: ColumnReference): string {
  const said = [moved(drift, reference), unseen(drift), missing(drift)].filter((part) => part !== null);
  return said.length ? said.join(" ") : "As in training.";
}

function moved({ verdict, bins }: Omit<ColumnDrift, "sentence">, reference: ColumnReference): string | null {
  if (verdict === "none") return null;
  const word = verdict === "major" ? "Very different from training" : "Different from training";
  if (reference.kind !== "category") {
    const of =
      reference.kind === "length" ? "half of the texts are longer than" : "half of the values are above";
    const [was, is] = [middle(reference, "training"), middle(reference, "live")];
    const [then, now] = [was(bins), is(bins)];
    if (then !== now) return `${word}: ${of} ${now} now, ${then} in training.`;
    return `${word}: spread otherwise around the same middle.`;
  }
  const most = bins.reduce((a, b) => (Math.abs(b.live - b.training) > Math.abs(a.live - a.training) ? b : a));
  return `${word}: ${quoted(most.label)} makes up ${percent(most.live)} now, ${percent(most.training)} in training.`;
}

function middle(reference: NumberReference, side: "training" | "live") {
  const { kind, isWhole } = reference;
  return (bins: ColumnDrift["bins"]): string => {
    const value = quantileOf({ ...reference, counts: bins.map((bin) => bin[side]) }, 0.5);
    if (kind === "date") return new Date(value).toISOString().slice(0, 10);
    return String(isWhole ? Math.round(value) : Number(value.toPrecision(3)));
  };
}

function unseen({ unseen: { rows, examples, isMore } }: Omit<ColumnDrift, "sentence">): string | null {
  if (!isMore) return null;
  const named = examples.length ? `, such as ${examples.slice(0, 3).map(quoted).join(", ")}` : "";
  return `${rows.toLocaleString("en")} rows have a value that training never saw${named}.`;
}

function missing({ missing: { training, live, isMore } }: Omit<ColumnDrift, "sentence">): string | null {
  return isMore ? `Missing in ${percent(live)} of the rows, in training in ${percent(training)}.` : null;
}

const quoted = (label: string) => `“${label}”`;

function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? value.toPrecision(1) : Math.round(value)} %`;
}
