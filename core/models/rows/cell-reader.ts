/**
 * Reads a client's cell as the model's column would, by the plan that training used. A value that only another style
 * explains is read by that style, with a warning. A value that two styles explain differently is never guessed.
 */
import { isMissing, missingValues } from "../../csv/cells/cells.ts";
import { DATE_FORMATS, parseDate, stylesOf } from "../../csv/cells/dates/dates.ts";
import { labelKey, plainLabel } from "../../csv/cells/labels.ts";
import { NUMBER_FORMATS } from "../../csv/cells/numbers/number-format.ts";
import { type NumberFormat, PLAIN_NUMBER, parseNumber } from "../../csv/cells/numbers/numbers.ts";
import { truthOf } from "../../csv/cells/words.ts";
import type { ColumnPlan } from "../../csv/types.ts";
import { quoted, type Warn } from "./warnings.ts";

export type Cell = string | number | boolean | null;
export type Value = string | number | null;

/** How one request writes a column, as far as that is known. */
export interface ColumnStyle {
  /** Other styles that explain an earlier value, as far as later ones allow them. */
  foreign: readonly Style[];
  /** A value could only be explained by the model's own style. */
  hasOwn: boolean;
  /** Enough values were seen: a contradicting one is missing. */
  isSettled: boolean;
}

interface Style {
  name: string;
  /** For numbers. */
  decimal?: "." | ",";
  /** NaN if it does not explain the text. */
  parse: (text: string) => number;
}

export const newStyle = (): ColumnStyle => ({ foreign: [], hasOwn: false, isSettled: false });

/** For one column of one model. */
export class CellReader {
  private readonly own: Style | null;
  private readonly others: Style[];
  /** Those that may read a text as another value. */
  private readonly rivals: Style[];
  /** By key, the model's label; null if it reads texts. */
  private readonly labels: Map<string, string> | null;
  private readonly byCase: Map<string, string>;
  /** The words for missing that are numbers: -999 means the same as a number and as text. */
  private readonly missingNumbers: ReadonlySet<number>;
  private readonly unread: ReadonlySet<string>;

  constructor(
    readonly plan: ColumnPlan,
    labels: readonly string[] | null,
  ) {
    this.own = ownStyle(plan);
    this.others = otherStyles(plan);
    this.rivals = this.others.filter(({ decimal }) => decimal === undefined || decimal !== this.own?.decimal);
    this.labels = labels && new Map(labels.map((label) => [labelKey(plan, label), label]));
    this.byCase = soleBy(labels ?? [], (label) => label.toLowerCase());
    this.unread = new Set(plan.unread);
    const digits = plan.missingWords.filter((word) => word !== "").map(Number);
    this.missingNumbers = missingValues(plan) ?? new Set(digits);
  }

  /** A number that this column accepts as it is. */
  isPlainNumber(cell: number): boolean {
    return this.plan.type === "number" && Number.isFinite(cell) && !this.missingNumbers.has(cell);
  }

  read(cell: Cell, style: ColumnStyle, warn: Warn): Value {
    if (cell === null || cell === "") return null;
    if (typeof cell === "boolean" && !isMissing(this.plan, String(cell))) return this.readTruth(cell, warn);
    if (typeof cell === "number") {
      if (!Number.isFinite(cell))
        return unreadable(warn, "is too large for a number and was read as missing");
      if (this.missingNumbers.has(cell)) return null;
      if (this.plan.type === "number") return cell;
      if (this.plan.type !== "date" && Number.isInteger(cell) && !Number.isSafeInteger(cell)) {
        warn("inexact_number", `${cell} may have lost digits and was read as missing; send it as text`);
        return null;
      }
    }
    const text = String(cell).trim();
    if (text === "" || isMissing(this.plan, text)) return null;
    return this.own ? this.readValue(text, this.own, { style, warn }) : this.readLabel(text, warn);
  }

  private readTruth(truth: boolean, warn: Warn): Value {
    if (this.plan.type === "number") return Number(truth);
    const { booleanWords } = this.plan;
    if (booleanWords) return this.known(booleanWords[truth ? 1 : 0]);
    const fitting = [...(this.labels?.values() ?? [])].filter((label) => truthOf(label) === truth);
    return fitting.length === 1 ? fitting[0]! : this.readLabel(String(truth), warn);
  }

  private readValue(text: string, own: Style, { style, warn }: { style: ColumnStyle; warn: Warn }): Value {
    const value = own.parse(text);
    if (Number.isNaN(value)) return this.readForeign(text, { style, warn });
    if (this.missingNumbers.has(value)) return null;
    const read = parsedBy(style.foreign, text);
    if (read.length > 0) return read.every((other) => other === value) ? value : ambiguous(text, warn);
    style.hasOwn ||= this.rivals.every((other) => Number.isNaN(other.parse(text)));
    if (style.foreign.length === 0 || !style.isSettled || style.hasOwn) return value;
    return contradicting(text, warn);
  }

  private readForeign(text: string, { style, warn }: { style: ColumnStyle; warn: Warn }): Value {
    const { type } = this.plan;
    if (this.unread.has(text))
      return unreadable(
        warn,
        `${quoted(text)} could not be read as a ${type} in the training data either, and was read as missing`,
      );
    const known = explaining(style.foreign, text);
    if (known.length === 0 && type === "number" && truthOf(text) !== null && !/^\d/.test(text)) {
      warn("other_style", `${quoted(text)} was read as ${Number(truthOf(text))}`);
      return Number(truthOf(text));
    }
    const fitting = known.length > 0 ? known : explaining(this.others, text);
    const values = new Set(parsedBy(fitting, text));
    if (values.size > 1) return ambiguous(text, warn);
    if (values.size === 0)
      return unreadable(warn, `${quoted(text)} is not a ${type} and was read as missing`);
    if (known.length === 0 && style.isSettled) return contradicting(text, warn);
    style.foreign = known.length > 0 ? known : [...style.foreign, ...fitting];
    return foreignValue(text, { value: [...values][0]!, style: fitting[0]!, type, warn });
  }

  private readLabel(text: string, warn: Warn): Value {
    const { labels, plan } = this;
    if (!labels) return plainLabel(text);
    const found = labels.get(labelKey(plan, text));
    if (found !== undefined) return found;
    if (plan.booleanWords) {
      const truth = truthOf(text);
      if (truth !== null) return this.known(plan.booleanWords[truth ? 1 : 0]);
    }
    const near = this.byCase.get(plainLabel(text).toLowerCase()) ?? this.sameNumber(text);
    if (near !== undefined) {
      warn("other_spelling", `${quoted(text)} was read as ${quoted(near)}`);
      return near;
    }
    const kind = plan.type === "boolean" ? "is neither" : "was not in the training data and was read as";
    warn(
      "unseen_category",
      plan.booleanWords
        ? `${quoted(text)} ${kind} ${plan.booleanWords.join(" nor ")} and was read as missing`
        : `${quoted(text)} ${kind} missing`,
    );
    return plainLabel(text);
  }

  /** 1 for a label 1.0, if no other label is as large. */
  private sameNumber(text: string): string | undefined {
    const value = parseNumber(text, PLAIN_NUMBER);
    if (Number.isNaN(value)) return undefined;
    const same = [...this.labels!.values()].filter((label) => parseNumber(label, PLAIN_NUMBER) === value);
    return same.length === 1 ? same[0] : undefined;
  }

  /** In the model's spelling of the word. */
  private known(word: string): string {
    return this.labels?.get(labelKey(this.plan, word)) ?? word;
  }
}

function explaining(styles: readonly Style[], text: string): Style[] {
  return styles.filter((style) => !Number.isNaN(style.parse(text)));
}

function parsedBy(styles: readonly Style[], text: string): number[] {
  return styles.map((style) => style.parse(text)).filter((value) => !Number.isNaN(value));
}

function contradicting(text: string, warn: Warn): null {
  return unreadable(
    warn,
    `${quoted(text)} has a different format than the rows before and was read as missing`,
  );
}

function unreadable(warn: Warn, message: string): null {
  warn("unreadable", message);
  return null;
}

function ambiguous(text: string, warn: Warn): null {
  warn("ambiguous_style", `${quoted(text)} is ambiguous and was read as missing`);
  return null;
}

function foreignValue(
  text: string,
  read: { value: number; style: Style; type: ColumnPlan["type"]; warn: Warn },
): number {
  const { value, style, type, warn } = read;
  const shown = type === "date" ? new Date(value).toISOString().replace("T00:00:00.000Z", "") : String(value);
  if (shown !== text) warn("other_style", `${quoted(text)} was read as ${shown} (${style.name})`);
  return value;
}

function ownStyle(plan: ColumnPlan): Style | null {
  if (plan.type === "number") return numberStyle(plan.number ?? PLAIN_NUMBER);
  if (plan.type === "date") return dateStyle(plan.dateFormat ?? "yyyy-M-d", plan.yearFrom);
  return null;
}

/** Styles that a date's cell may have besides the model's: all that name a day. */
const DAY_FORMATS = DATE_FORMATS.filter((format) => !/^(?:epoch|H)/.test(format) && format.includes("yy"));

function otherStyles(plan: ColumnPlan): Style[] {
  if (plan.type === "number") {
    const own = plan.number ?? PLAIN_NUMBER;
    return NUMBER_FORMATS.filter((format) => !isSameStyle(format, own)).map((format) =>
      strictNumberStyle({ ...own, decimal: format.decimal, thousands: format.thousands }),
    );
  }
  if (plan.type !== "date") return [];
  const own = stylesOf(plan.dateFormat ?? "yyyy-M-d");
  return DAY_FORMATS.filter((format) => !own.includes(format)).map((format) =>
    dateStyle(format, plan.yearFrom),
  );
}

function isSameStyle(one: NumberFormat, other: NumberFormat): boolean {
  return one.decimal === other.decimal && one.thousands === other.thousands;
}

function numberStyle(format: NumberFormat): Style {
  const name = format.decimal === "," ? "decimal comma" : "decimal point";
  return { name, decimal: format.decimal, parse: (text) => parseNumber(text, format) };
}

/** A column with a decimal comma may contain full stops, but they are not explained as another column's style. */
function strictNumberStyle(format: NumberFormat): Style {
  const style = numberStyle(format);
  if (format.decimal === "." || format.thousands === ".") return style;
  return { ...style, parse: (text) => (text.includes(".") ? Number.NaN : style.parse(text)) };
}

function dateStyle(format: string, yearFrom: number | undefined): Style {
  return { name: format, parse: (text) => parseDate(text, format, yearFrom) };
}

/** By key, labels that are alone with that key. */
function soleBy(labels: readonly string[], keyOf: (label: string) => string): Map<string, string> {
  const found = new Map<string, string | null>();
  for (const label of labels) found.set(keyOf(label), found.has(keyOf(label)) ? null : label);
  return new Map([...found].filter((entry): entry is [string, string] => entry[1] !== null));
}
