/** Names the columns. Names are unique and never blank; every change is reported. */
import type { Finding } from "../types.ts";

export interface NamedColumns {
  names: string[];
  findings: Finding[];
}

/** `header`: null if there is none; `width`: how many columns the rows have; `row`: where the header ends. */
export function nameColumns(header: readonly string[] | null, width: number, row: number): NamedColumns {
  const findings: Finding[] = [];
  const given = (header ?? []).map((name) => clip(name.trim()));
  while (given.length > width && given[given.length - 1] === "") given.pop();
  const count = Math.max(width, given.length);
  const taken = new Set<string>();
  const names: string[] = [];
  for (let k = 0; k < count; k++) {
    const name = uniqueName(given[k] || `column_${k + 1}`, taken);
    if (given[k] && name !== given[k]) findings.push(duplicate(given[k], name));
    taken.add(name.normalize("NFC"));
    names.push(name);
  }
  if (header === null) findings.push(noHeader());
  else if (given.length !== width) findings.push(unlikeWidth(given.length, width, row));
  else if (given.includes("")) findings.push(blankNames(names, given));
  return { names, findings };
}

/** A name longer than this is a quote that was never closed. */
const MAX_NAME = 256;

function clip(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

function uniqueName(name: string, taken: ReadonlySet<string>): string {
  // Composed and decomposed accents look the same, and requests may use either.
  const isTaken = (candidate: string) => taken.has(candidate.normalize("NFC"));
  if (!isTaken(name)) return name;
  let suffix = 2;
  while (isTaken(`${name}_${suffix}`)) suffix++;
  return `${name}_${suffix}`;
}

function duplicate(given: string, name: string): Finding {
  const message = `More than one column is called ${given}; this one is called ${name} here.`;
  return { code: "duplicate_name", severity: "warning", column: name, message, fix: null };
}

function noHeader(): Finding {
  const message =
    "The first row holds data, not names, so the columns are called column_1, column_2 and so on.";
  return { code: "no_header", severity: "warning", column: null, message, fix: { header: true } };
}

function unlikeWidth(named: number, width: number, row: number): Finding {
  const message = `The header names ${named} columns, but most rows have ${width} cells.`;
  return { code: "header_width", severity: "warning", column: null, message, fix: null, row };
}

function blankNames(names: readonly string[], given: readonly string[]): Finding {
  const blank = names.filter((_, k) => !given[k]);
  const message = `${blank.length === 1 ? "One column has" : `${blank.length} columns have`} no name in the header, so the names are: ${blank.slice(0, 5).join(", ")}.`;
  return {
    code: "blank_name",
    severity: "info",
    column: blank.length === 1 ? blank[0] : null,
    message,
    fix: null,
  };
}
