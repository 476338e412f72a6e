/**
 * Reads and profiles a whole file: guesses the types from its first rows, then reads it once, or again if the rest
 * differs.
 */
import { AppError } from "../platform/errors.ts";
import { inferColumn } from "./cells/infer-type.ts";
import { isHugeWhole } from "./cells/numbers/digit-names.ts";
import { decimalEvidence } from "./cells/numbers/number-format.ts";
import {
  checkChoices,
  checkReading,
  chosenMissing,
  chosenType,
  keptColumns,
  namedChoices,
} from "./dialect/choices.ts";
import { type Decision, decide, describeDialect } from "./dialect/decide.ts";
import { mergeHeader, withoutMark } from "./dialect/layout.ts";
import { nameColumns } from "./dialect/names.ts";
import { decideTable } from "./formats/table-dialect.ts";
import { type ColumnAccumulator, shown } from "./profile/accumulator.ts";
import { groupedIdFinding } from "./profile/advice/grouped-ids.ts";
import { describeLeak } from "./profile/advice/leaks.ts";
import { positiveOf } from "./profile/advice/positive-class.ts";
import { canCorrelate, correlate, type Side } from "./profile/correlation.ts";
import {
  describeBounds,
  describeBytes,
  describeColumn,
  describeOddRows,
  describeReading,
} from "./profile/findings.ts";
import { guessTarget, guessTask, TASK_CHOSEN, type TargetGuess, unsureTask } from "./profile/guess-target.ts";
import {
  type Pass,
  type ProfileOptions,
  profileTable,
  type Start,
  type TargetSample,
} from "./profile/passes.ts";
import { nearText } from "./rows/refuse.ts";
import { cellsOf, scanTable } from "./rows/scan.ts";
import { summaryFinding } from "./rows/total-rows.ts";
import type {
  ColumnPlan,
  ColumnProfile,
  CsvProfile,
  Dialect,
  Finding,
  ReadingChoices,
  ReadingPreview,
  RowReading,
} from "./types.ts";

const SAMPLE_ROWS = 2000;
const SAMPLE_CELLS = 200_000;
const PREVIEW_ROWS = 50;
/** Longer cells are cut off in the preview. */
const CELL_LENGTH = 1000;
const CHOICE_ROWS = 10;

/** Throws AppError `invalid` with place and fix if the file cannot be read as a table, or a choice does not fit. */
export async function profileCsv(
  path: string,
  asked: ReadingChoices,
  options: ProfileOptions,
): Promise<CsvProfile> {
  const { dialect, start, names, findings } = await readBeginning(path, asked, options);
  const choices = namedChoices(asked, names);
  checkChoices(choices, names);
  const samples = names.map((name, column) => ({
    name,
    cells: start.rows.map((row) => row[column] ?? ""),
    delimiter: dialect.delimiter,
    type: chosenType(choices, name),
    missing: chosenMissing(choices, name),
    stored: options.known?.kinds[column],
  }));
  const decimal = decimalOf(samples.map(({ cells }) => cells));
  const inferred = samples.map((sample) => inferColumn({ ...sample, decimal }));
  const plans = inferred.map(({ plan }) => plan);
  findings.push(...inferred.flatMap((column) => column.findings));
  const pass = await profileTable(path, { dialect, plans, start, choices, options, findings, decimal });
  const profile = assemble(pass, { dialect, choices, findings, start });
  const sample = options.advise && targetSample(profile, pass);
  return sample ? { ...profile, findings: [...profile.findings, ...options.advise!(sample)] } : profile;
}

/** Pairs and triples of more columns than this take longer than reading the file. */
const MOST_ADVISED = 100;

/** Null if the target is not a number, or there are too many other columns. */
function targetSample(
  { columns, target, task, plan, findings }: CsvProfile,
  { sample }: Pass,
): TargetSample | null {
  const at = columns.findIndex(({ name }) => name === target);
  if (task !== "regression" || columns[at]?.type !== "number") return null;
  const valuesOf = (k: number) => sample.column(plan.columns[k]!.index ?? k);
  const answers = valuesOf(at);
  const rows = Int32Array.from(answers.keys()).filter((row) => !Number.isNaN(answers[row]));
  const filled = (k: number) => {
    const values = valuesOf(k);
    return Float64Array.from(rows, (row) => values[row]!);
  };
  const beside = columns.flatMap(({ name, type }, k) =>
    k !== at && (type === "number" || type === "date") ? [{ name, type, values: filled(k) }] : [],
  );
  if (beside.length > MOST_ADVISED) return null;
  const isGivenAway = findings.some(({ code, severity }) => code === "target_leak" && severity === "error");
  return { columns: beside, truth: filled(at), targetName: columns[at].name, isGivenAway };
}

/** The decimal mark of the columns that are unambiguous; undefined if they disagree. */
function decimalOf(columns: readonly (readonly string[])[]): "." | "," | undefined {
  const marks = new Set(columns.map((cells) => decimalEvidence(cells)).filter((mark) => mark !== null));
  const [mark] = marks;
  return marks.size === 1 ? mark : undefined;
}

/** The first rows as they would be read with these choices; nothing is saved. Throws as `profileCsv` does. */
export async function previewReading(
  path: string,
  choices: ReadingChoices,
  options: Pick<ProfileOptions, "name" | "known">,
): Promise<ReadingPreview> {
  const { dialect, start, names } = await readBeginning(path, choices, options);
  const rows = start.rows.slice(0, CHOICE_ROWS).map((row) => names.map((_, k) => row[k] ?? ""));
  return { sentence: dialect.sentence, names, rows, choices };
}

/** What the first rows alone decide: how to split, and the names. */
async function readBeginning(path: string, choices: ReadingChoices, options: ProfileOptions) {
  checkReading(choices);
  const { known } = options;
  const decision = known ? await decideTable(path, choices, known) : await decide(path, choices);
  if (decision.isEmpty) throw emptyFile(options.name);
  const { dialect } = decision;
  const start = await readStart(path, decision, options.signal);
  const { names, findings } = nameColumns(
    start.header && withRowNames(start.header, start.rows, dialect.width),
    dialect.width,
    dialect.preambleRows + dialect.headerRows,
  );
  refuseNoTable(names, start.rows, dialect);
  return { dialect, start, names, findings: [...(known?.findings ?? []), ...findings] };
}

/** The header and the first data rows. */
async function readStart(
  path: string,
  { dialect }: Decision,
  signal: AbortSignal | undefined,
): Promise<Start> {
  const header: string[][] = [];
  const rows: string[][] = [];
  const odd: number[] = [];
  const enough = Math.max(PREVIEW_ROWS, Math.min(SAMPLE_ROWS, Math.floor(SAMPLE_CELLS / dialect.width)));
  await scanTable(path, dialect, {
    handlers: {
      header: (row) => header.push(row),
      data: (bytes, spans, cells) => {
        if (rows.length < enough) rows.push(cellsOf(bytes, spans, { cells }));
      },
      // An odd row is reported before it is handed on.
      odd: () => odd.push(rows.length),
    },
    options: { signal, isDone: () => rows.length >= enough },
  });
  return {
    header: header.length > 0 ? withoutMark(mergeHeader(header), dialect.comment, dialect.width) : null,
    rows,
    odd,
  };
}

/** This many names, all different, are no coincidence. */
const LEAST_UNIQUE = 10;

/**
 * R writes row names without a name above them: the header has one name fewer, and its first name belongs to the second
 * column.
 */
function withRowNames(header: string[], rows: readonly string[][], width: number): string[] {
  if (header.length !== width - 1 || rows.length < 2) return header;
  const first = rows.map((row) => row[0]);
  const isEnded = rows.every((row) => (row[width - 1] ?? "").trim() === "");
  const isUnique = new Set(first).size === first.length;
  const isCounted = first.every((cell, k) => cell === String(k + 1));
  const isNamed = isUnique && first.every((cell) => /^\D/.test(cell));
  const isLong = isUnique && first.length >= LEAST_UNIQUE;
  return !isEnded && (isCounted || isNamed || isLong) ? ["", ...header] : header;
}

function refuseNoTable(names: readonly string[], rows: readonly string[][], dialect: Dialect): void {
  if (rows.length === 0) {
    throw new AppError("invalid", "The file has a header but no rows", {
      row: dialect.preambleRows + dialect.headerRows,
      near: nearLine(names, dialect),
      fix: "Add rows of data below the header.",
    });
  }
  if (names.length < 2) {
    throw new AppError("invalid", `The file has only one column, ${names[0]}`, {
      row: dialect.preambleRows + 1,
      column: names[0],
      near: nearText(new TextEncoder().encode([names, ...rows.slice(0, 2)].flat().join(", "))),
      fix: `A model needs a column to predict and at least one to learn from. ${wayOut(dialect)}`,
      example: dialect.format === "xlsx" ? '{"sheet": "Data"}' : '{"delimiter": ";"}',
    });
  }
}

function wayOut({ format }: Dialect): string {
  if (format === "xlsx") return "If they are on another sheet, save that sheet as a workbook of its own.";
  return "If another character than commas, semicolons or tabs separates the cells, save the file with commas.";
}

function nearLine(names: readonly string[], { delimiter }: Dialect): string {
  return nearText(new TextEncoder().encode(names.join(delimiter)));
}

function emptyFile(name: string): AppError {
  return new AppError("invalid", `${name} is empty`, {
    row: 1,
    fix: "Upload a file with a header and rows.",
    example: "age,smoker,charges\\n19,yes,16884.9",
  });
}

function assemble(
  { bounds, accumulators, sample, odd, places, bytes }: Pass,
  known: {
    dialect: Dialect & { width: number };
    choices: ReadingChoices;
    findings: Finding[];
    start: Start;
  },
): CsvProfile {
  const { choices, findings, start } = known;
  const dialect = { ...known.dialect, footerRows: bounds.footerRows, tableRows: bounds.rows };
  const settled = accumulators.map((accumulator, position) => {
    const { name, type: read } = accumulator.plan;
    // The target is never treated as an ID.
    const isTarget = name === choices.target && read === "number";
    const type = chosenType(choices, name) ?? (isTarget ? read : accumulator.settle(position));
    const plan = withUnread(accumulator.refine(settlePlan(accumulator.plan, type)), accumulator);
    findings.push(...describeReading(accumulator, plan, (row) => places.rowOf(row)));
    const groups = type === "id" ? groupedIdFinding(name, accumulator.values()) : null;
    if (groups) findings.push(groups);
    const summaries = name === choices.target ? null : summaryFinding(name, accumulator.values());
    if (summaries) findings.push(summaries);
    return { plan, profile: accumulator.profile(type) };
  });
  const blank = namelessAndEmpty(start, settled);
  findings.push(...blank.findings);
  const plans = keptColumns(
    settled.map(({ plan }) => plan),
    [...(choices.drop ?? []), ...blank.names],
  );
  const kept = plans.map(({ index = 0 }) => settled[index].profile);
  const { isUnsure, ...guess } = targetOf(kept, choices);
  if (isUnsure && guess.target && guess.task) findings.push(unsureTask(guess.target, guess.task));
  const columns = withCorrelations(kept, guess, (k) => sample.column(plans[k].index ?? k));
  findings.push(
    ...describeBytes(dialect, bytes),
    ...describeBounds(bounds),
    ...describeOddRows(odd, dialect.width),
    ...columns.flatMap((column) => describeColumn(column, guess.target)),
    ...columns.flatMap((column) => (guess.target === null ? [] : describeLeak(column, guess.target))),
  );
  return {
    plan: {
      dialect: { ...dialect, sentence: describeDialect(dialect) },
      columns: plans,
      rows: rowReading(known.dialect, start, accumulators),
    },
    rows: bounds.rows,
    columns,
    findings,
    ...guess,
    ...positiveOf(columns, guess.target),
    preview: start.rows
      .slice(0, Math.min(PREVIEW_ROWS, bounds.rows))
      .map((row) => plans.map(({ index = 0 }) => shown(row[index] ?? "", CELL_LENGTH))),
    previewOdd: start.odd.filter((place) => place < PREVIEW_ROWS),
  };
}

/** Columns created by separators at row ends: no name and no values. */
function namelessAndEmpty(
  { header }: Start,
  settled: readonly { profile: ColumnProfile }[],
): { names: string[]; findings: Finding[] } {
  const isBlank = (k: number) => header !== null && (header[k] ?? "").trim() === "";
  const names = settled
    .filter(({ profile }, k) => isBlank(k) && profile.missing === profile.count)
    .map(({ profile }) => profile.name);
  if (names.length === 0 || names.length > settled.length - 2) return { names: [], findings: [] };
  const message = `${names.length === 1 ? "One column has" : `${names.length} columns have`} neither a name nor values, and ${names.length === 1 ? "was" : "were"} left out.`;
  return {
    names,
    findings: [{ code: "nameless_columns", severity: "info", column: null, message, fix: null }],
  };
}

function rowReading(
  dialect: Dialect & { width: number },
  { header }: Start,
  accumulators: readonly ColumnAccumulator[],
): RowReading {
  const { delimiter, quote, comment, headerRows, preambleRows, shape = "" } = dialect;
  return {
    names: accumulators.map(({ plan }) => plan.name),
    hasHeader: header !== null,
    hasRowNames: header !== null && header.length === accumulators.length - 1,
    ...{ delimiter, quote, comment, headerRows, preambleRows, shape },
  };
}

/** Each column with how strongly it is related to the target. */
function withCorrelations(
  columns: ColumnProfile[],
  { target, task }: TargetGuess,
  valuesOf: (position: number) => Float64Array,
): ColumnProfile[] {
  const at = columns.findIndex(({ name }) => name === target);
  if (at < 0) return columns;
  const side = (k: number, isClasses: boolean): Side => ({ values: valuesOf(k), isClasses });
  const isWord = ({ type }: ColumnProfile) => type !== "number" && type !== "date";
  const wanted = side(at, isWord(columns[at]) || task === "multiclass");
  return columns.map((column, k) => {
    const correlation = k !== at && canCorrelate(column) && correlate(side(k, isWord(column)), wanted);
    return correlation ? { ...column, correlation } : column;
  });
}

/** A longer value is not a number or date in any style. */
const LONGEST_UNREAD = 40;

function withUnread(plan: ColumnPlan, { strays }: ColumnAccumulator): ColumnPlan {
  if (plan.type !== "number" && plan.type !== "date") return plan;
  const unread = [...strays.keys()].filter((text) => text.length <= LONGEST_UNREAD && !isHugeWhole(text));
  return unread.length > 0 ? { ...plan, unread } : plan;
}

/** If a number turns out to be an ID, its original text is used. */
function settlePlan(plan: ColumnPlan, type: ColumnPlan["type"]): ColumnPlan {
  if (plan.type === type) return plan;
  const { number: _, dateFormat: __, ...rest } = plan;
  return { ...rest, type };
}

function targetOf(columns: ColumnProfile[], choices: ReadingChoices): TargetGuess & { isUnsure?: true } {
  const chosen = columns.find(({ name }) => name === choices.target);
  const guess = chosen
    ? { target: chosen.name, targetReason: `You chose ${chosen.name}.`, ...guessTask(chosen) }
    : guessTarget(columns);
  if (!choices.task) return guess;
  const { isUnsure: _, ...chosenGuess } = guess;
  return { ...chosenGuess, task: choices.task, taskReason: TASK_CHOSEN };
}
