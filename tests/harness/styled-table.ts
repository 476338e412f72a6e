/**
 * Draws a table as people, spreadsheets and programs write one: marks, units, dates, words, padding, headers and line
 * ends at random, the same for the same seed. What its target is follows from its columns.
 */
import { seeded } from "./app.ts";

export interface StyledTable {
  text: string;
  rows: number;
  /** What was drawn, for the reader of a failure. */
  style: string;
}

type Random = () => number;
type Writer = (value: number, random: Random) => string;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

function grouped(value: number, mark: string): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, mark);
}

const NUMBERS: Record<string, Writer> = {
  plain: (value) => value.toFixed(1),
  whole: (value) => String(Math.round(value)),
  comma: (value) => value.toFixed(2).replace(".", ","),
  thousands: (value) => grouped(value * 97, ","),
  "thousands with points": (value) =>
    `${grouped(value * 97, ".")},${String(Math.round(value) % 90).padStart(2, "1")}`,
  blanks: (value) => grouped(value * 97, " "),
  apostrophes: (value) => grouped(value * 97, "'"),
  dollars: (value) => `$${value.toFixed(2)}`,
  francs: (value) => `CHF ${Math.round(value)}.-`,
  euros: (value) => `${value.toFixed(2).replace(".", ",")} €`,
  percent: (value) => `${value.toFixed(1)} %`,
  kilograms: (value) => `${value.toFixed(1)} kg`,
  millions: (value) => `$${(value / 10).toFixed(1)}M`,
  duration: (value) => `${Math.floor(value / 10)}h ${Math.round(value) % 60}m`,
  scientific: (value) => (value * 1000).toExponential(3),
  "per mille": (value, random) => (random() < 0.5 ? `${value.toFixed(1)} %` : `${value.toFixed(1)} ‰`),
  laps: (value) => `${Math.floor(value)}:${two(Math.round(value) % 60)}.5`,
  tenure: (value, random) =>
    random() < 0.5 ? `${Math.ceil(value)} months` : `${Math.ceil(value / 9)} years`,
  "another mark now and then": (value, random) => (random() < 0.02 ? "1.234.567,8" : value.toFixed(1)),
  "with gaps": (value, random) => (random() < 0.1 ? pick(random, ["", "NA", "n/a"]) : value.toFixed(1)),
  "with footnotes": (value, random) => (random() < 0.02 ? `${value.toFixed(1)}*` : value.toFixed(1)),
};

const day = (value: number) => new Date(Date.UTC(2019, 0, 1) + Math.round(value * 11) * 86_400_000);
const two = (value: number) => String(value).padStart(2, "0");
const parts = (value: number) => {
  const date = day(value);
  return { y: date.getUTCFullYear(), m: two(date.getUTCMonth() + 1), d: two(date.getUTCDate()), date };
};

const DATES: Record<string, Writer> = {
  iso: (value) => day(value).toISOString().slice(0, 10),
  "iso with time": (value) => day(value).toISOString(),
  german: (value) => `${parts(value).d}.${parts(value).m}.${parts(value).y}`,
  american: (value) => `${Number(parts(value).m)}/${Number(parts(value).d)}/${parts(value).y}`,
  british: (value) => `${parts(value).d}/${parts(value).m}/${parts(value).y}`,
  short: (value) => `${parts(value).d}/${parts(value).m}/${String(parts(value).y).slice(2)}`,
  named: (value) => day(value).toUTCString().slice(5, 16),
  log: (value) => `${day(value).toUTCString().slice(5, 16).replaceAll(" ", "/")}:10:20:30 +0100`,
  compact: (value) => `${parts(value).y}${parts(value).m}${parts(value).d}T101500Z`,
  epoch: (value) => String(day(value).getTime()),
  "another style now and then": (value, random) =>
    (random() < 0.02 ? DATES.german! : DATES.iso!)(value, random),
  "two styles": (value, random) => (random() < 0.5 ? DATES.iso! : DATES.german!)(value, random),
  "with zero dates": (value, random) => (random() < 0.02 ? "0000-00-00" : DATES.iso!(value, random)),
};

const LABELS: Record<string, readonly string[]> = {
  plans: ["basic", "family", "student"],
  accents: ["Zürich", "Genève", "Ñuñoa"],
  decomposed: ["Zu\u0308rich", "Gene\u0300ve", "Bern"],
  codes: ["A1", "B2", "C3"],
  names: ["__proto__", "constructor", "toString"],
  quoted: ['5" pipe', "a, b", "x"],
  regions: ["EMEA", "NA", "APAC"],
};

const ANSWERS: readonly (readonly [string, string])[] = [
  ["no", "yes"],
  ["FALSE", "TRUE"],
  ["nein", "ja"],
  ["0", "1"],
  ["lost", "found"],
];

const HEADERS = ["size", "when", "kind", "flag", "price index", "größe", "a;b", "kind "] as const;

/** Among decimal commas no column has a point, and the other way round. */
function numberStyles(isComma: boolean): string[] {
  const comma = ["comma", "thousands with points", "euros"];
  const names = Object.keys(NUMBERS);
  const neutral = ["whole", "blanks", "apostrophes", "duration", "francs"];
  return isComma
    ? names.filter((name) => comma.includes(name) || neutral.includes(name))
    : names.filter((name) => !comma.includes(name));
}

export function styledTable(seed: number, rows = 120): StyledTable {
  const random = seeded(seed * 7919 + 1);
  const delimiter = pick(random, [",", ",", ";", "\t", "|"]);
  const isComma = delimiter === ";" && random() < 0.7;
  const newline = pick(random, ["\n", "\r\n"]);
  const [numberStyle, otherStyle] = [
    pick(random, numberStyles(isComma)),
    pick(random, numberStyles(isComma)),
  ];
  const dateStyle = pick(random, Object.keys(DATES));
  const labelStyle = pick(random, Object.keys(LABELS));
  const answers = pick(random, ANSWERS);
  const [isPadded, isCased, hasEnd] = [random() < 0.3, random() < 0.2, random() < 0.2];
  const headerStyle = pick(random, ["plain", "plain", "duplicate", "blank", "row names", "none", "long"]);
  const lines: string[][] = [];
  for (let row = 0; row < rows; row++) {
    const [size, other, when] = [random() * 100, random() * 100, random() * 100];
    const label = Math.floor(random() * 3);
    const isYes = size + (label === 1 ? 40 : 0) + when / 4 + random() * 10 > 70;
    const shownLabel = LABELS[labelStyle]![label]!;
    const cased = isCased && random() < 0.3 ? shownLabel.toUpperCase() : shownLabel;
    lines.push([
      NUMBERS[numberStyle]!(size, random),
      NUMBERS[otherStyle]!(other, random),
      DATES[dateStyle]!(when, random),
      isPadded ? cased.padEnd(9 + Math.floor(random() * 2)) : cased,
      answers[isYes ? 1 : 0]!,
    ]);
  }
  const header = headerOf(headerStyle, random);
  const all = [
    ...(headerStyle === "none" ? [] : [header]),
    ...lines.map((line, row) => withName(line, row, headerStyle)),
  ];
  const end = hasEnd && headerStyle === "plain" ? delimiter : "";
  const text = all
    .map((line) => line.map((cell) => quoted(cell, delimiter)).join(delimiter) + end)
    .join(newline);
  const style = [
    delimiter,
    numberStyle,
    otherStyle,
    dateStyle,
    labelStyle,
    answers[1],
    headerStyle,
    isPadded && "padded",
    isCased && "case",
    end && "end",
  ];
  return { text: random() < 0.2 ? text : text + newline, rows, style: style.filter(Boolean).join(", ") };
}

function headerOf(style: string, random: Random): string[] {
  const names = ["size", "other", "when", "kind", "left"];
  if (style === "duplicate") names[1] = "size";
  if (style === "blank") names[0] = "";
  if (style === "long") names[0] = pick(random, HEADERS);
  return names;
}

function withName(line: string[], row: number, style: string): string[] {
  return style === "row names" ? [String(row + 1), ...line] : line;
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
