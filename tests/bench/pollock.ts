/**
 * Measures how well messy files are read without any settings. Scores our reader as Pollock does (Vitagliano et
 * al., "Pollock: a data loading benchmark", VLDB 2023), on its sample, on the pollutions of that sample made anew,
 * and on three small corpora. The corpora are not part of this project: BENCH_CORPUS names their folder.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { profileCsv } from "../../core/csv/read.ts";
import { readRows } from "../../core/csv/read-rows.ts";
import { Tokenizer } from "../../core/csv/rows/tokenizer.ts";
import { polluted } from "./pollock-pollution.ts";

const CORPUS = resolve(process.env.BENCH_CORPUS ?? "../shared/csv-corpus");

export async function run(args: string[]): Promise<void> {
  await benchSample(args.includes("--all"));
  await benchPollutions(args.includes("--all"));
  await benchSpectrum();
  await benchTestData();
  await benchPapaParse();
}

interface Score {
  name: string;
  /** success, then precision, recall and F1 of header, records and cells. */
  parts: number[];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const total = (score: Score) => sum(score.parts);

async function benchSample(isVerbose: boolean): Promise<void> {
  const folder = join(CORPUS, "pollock-sample");
  const weights = JSON.parse(await readFile(join(folder, "pollock_weights.json"), "utf8")) as Record<
    string,
    number
  >;
  const scores: Score[] = [];
  const withInvented: Score[] = [];
  for (const name of (await readdir(join(folder, "csv"))).sort()) {
    const path = join(folder, "csv", name);
    const wanted = parseClean(await readFile(join(folder, "clean", name), "utf8"));
    const rows = await rowsOf(path);
    scores.push({ name, parts: scoreOf(rows, wanted) });
    withInvented.push({ name, parts: scoreOf(rows, await withoutInvented(path, wanted, rows)) });
  }
  report("Pollock sample", scores, { isVerbose, weights });
  report("Pollock sample, invented names count as right", withInvented, { isVerbose, weights });
}

async function benchPollutions(isVerbose: boolean): Promise<void> {
  const folder = join(CORPUS, "pollock-sample");
  const raw = await readFile(join(folder, "csv", "source.csv"), "utf8");
  const clean = parseClean(await readFile(join(folder, "clean", "source.csv"), "utf8"));
  const weights = JSON.parse(await readFile(join(folder, "pollock_weights.json"), "utf8")) as Record<
    string,
    number
  >;
  const scratch = await mkdtemp(join(tmpdir(), "pollution-"));
  const scores: Score[] = [];
  for (const { name, text, rows } of polluted(raw, clean)) {
    const path = join(scratch, name);
    await writeFile(path, text);
    scores.push({ name, parts: scoreOf(await rowsOf(path), rows) });
    await rm(path);
  }
  await rm(scratch, { recursive: true });
  report("Pollutions made anew", scores, { isVerbose, weights });
}

function report(
  title: string,
  scores: readonly Score[],
  how: { isVerbose: boolean; weights: Record<string, number> },
): void {
  const simple = sum(scores.map(total)) / scores.length;
  const weightOf = ({ name }: Score) => how.weights[name] ?? 0;
  const weight = sum(scores.map(weightOf));
  const weighted = sum(scores.map((score) => weightOf(score) * total(score))) / weight;
  console.log(
    `${title}: ${scores.length} files, simple ${simple.toFixed(3)}, weighted ${weighted.toFixed(3)} of 10`,
  );
  const worst = [...scores].sort((a, b) => total(a) - total(b)).filter((score) => total(score) < 9.999);
  for (const score of worst.slice(0, how.isVerbose ? undefined : 6)) {
    console.log(
      `  ${total(score).toFixed(3)} ${score.name} ${score.parts.map((part) => part.toFixed(2)).join(" ")}`,
    );
  }
}

async function rowsOf(path: string): Promise<string[][] | null> {
  try {
    const rows: string[][] = [];
    for await (const batch of readRows(path)) rows.push(...batch);
    return rows;
  } catch {
    // A refusal is a score: not read.
    return null;
  }
}

/**
 * A file without a header has none in the reference either, but names that its makers invented: no reader can know
 * them. They are left out if our reader also finds no header.
 */
async function withoutInvented(
  path: string,
  wanted: string[][],
  rows: string[][] | null,
): Promise<string[][]> {
  const [header = []] = wanted;
  const bytes = await readFile(path, "latin1");
  const isInvented = (name: string) => name !== "" && !bytes.includes(Buffer.from(name).toString("latin1"));
  const areInvented = header.length > 0 && header.every((name) => name === "" || isInvented(name));
  if (rows === null || !areInvented || !header.some(isInvented)) return wanted;
  const { plan } = await profileCsv(path, {}, { name: path });
  // The reader's first row is then a data row, not a header.
  return plan.dialect.headerRows === 0 ? wanted.slice(1) : wanted;
}

function scoreOf(rows: string[][] | null, wanted: string[][]): number[] {
  if (rows === null) return new Array<number>(10).fill(0);
  const key = (row: readonly string[]) => row.join("\u241f");
  return [
    1,
    ...compare(rows[0] ?? [], wanted[0] ?? []),
    ...compare(rows.slice(1).map(key), wanted.slice(1).map(key)),
    ...compare(rows.slice(1).flat(), wanted.slice(1).flat()),
  ];
}

/** Precision, recall and F1 of two multisets. */
function compare(found: readonly string[], wanted: readonly string[]): number[] {
  const left = new Map<string, number>();
  for (const item of wanted) left.set(item, (left.get(item) ?? 0) + 1);
  let shared = 0;
  for (const item of found) {
    const count = left.get(item) ?? 0;
    if (count === 0) continue;
    left.set(item, count - 1);
    shared++;
  }
  const precision = found.length === 0 ? Number(wanted.length === 0) : shared / found.length;
  const recall = wanted.length === 0 ? Number(found.length === 0) : shared / wanted.length;
  return [
    precision,
    recall,
    shared === 0 ? Number(precision === 1) : (2 * precision * recall) / (precision + recall),
  ];
}

/** The clean files quote every cell, by RFC 4180. */
function parseClean(text: string): string[][] {
  return cut(text, ",");
}

function cut(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  const newline = /\r(?!\n)/.test(text) && !text.includes("\n") ? "\r" : "\n";
  const decoder = new TextDecoder();
  const tokenizer = new Tokenizer(
    { delimiter, quote: '"', escape: '"', newline },
    0,
    (bytes, spans, cells) => {
      rows.push(
        Array.from({ length: cells }, (_, k) =>
          decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1])),
        ),
      );
    },
  );
  tokenizer.push(new TextEncoder().encode(text));
  tokenizer.end();
  return rows;
}

async function benchSpectrum(): Promise<void> {
  const folder = join(CORPUS, "csv-spectrum");
  const wrong: string[] = [];
  let files = 0;
  for (const file of (await readdir(join(folder, "csvs"))).sort()) {
    const name = file.replace(/\.csv$/, "");
    // Its json disagrees with its csv.
    if (name === "location_coordinates") continue;
    files++;
    const [header = [], ...rows] = (await rowsOf(join(folder, "csvs", file))) ?? [];
    const found = rows.map((row) => Object.fromEntries(header.map((column, k) => [column, row[k]])));
    const wanted = JSON.parse(await readFile(join(folder, "json", `${name}.json`), "utf8")) as unknown;
    if (!Bun.deepEquals(found, wanted)) wrong.push(name);
  }
  console.log(`csv-spectrum: ${files - wrong.length} of ${files}`, ...wrong);
}

async function benchTestData(): Promise<void> {
  const folder = join(CORPUS, "csv-test-data");
  const wrong: string[] = [];
  const silent: string[] = [];
  let valid = 0;
  let bad = 0;
  for (const file of (await readdir(join(folder, "csv"))).sort()) {
    const path = join(folder, "csv", file);
    if (file.startsWith("bad-")) {
      bad++;
      if (!(await isReported(path))) silent.push(file);
      continue;
    }
    valid++;
    const found = (await rowsOf(path)) ?? [];
    const wanted = JSON.parse(
      await readFile(join(folder, "json", file.replace(".csv", ".json")), "utf8"),
    ) as unknown[];
    if (!Bun.deepEquals(found, wanted) && !Bun.deepEquals(asObjects(found), wanted)) wrong.push(file);
  }
  console.log(`csv-test-data: ${valid - wrong.length} of ${valid}`, ...wrong);
  console.log(`csv-test-data, bad ones reported: ${bad - silent.length} of ${bad}`, ...silent);
}

function asObjects([header = [], ...rows]: string[][]): unknown[] {
  return rows.map((row) => Object.fromEntries(header.map((column, k) => [column, row[k]])));
}

/** An error, or a finding that names a row. */
async function isReported(path: string): Promise<boolean> {
  try {
    const { findings } = await profileCsv(path, {}, { name: path });
    return findings.some(({ row }) => row !== undefined);
  } catch {
    return true;
  }
}

interface PapaCase {
  description: string;
  input: string;
  config?: Record<string, unknown>;
  expected: { data?: string[][]; errors?: unknown[] };
}

async function benchPapaParse(): Promise<void> {
  const tables = JSON.parse(await readFile(join(CORPUS, "papaparse-cases", "cases.json"), "utf8")) as Record<
    string,
    PapaCase[]
  >;
  const cases = Object.values(tables)
    .flat()
    .filter(
      ({ config, expected }) =>
        Object.keys(config ?? {}).every((key) => key === "delimiter") && isPlain(expected),
    );
  const scratch = await mkdtemp(join(tmpdir(), "papaparse-"));
  const wrong: string[] = [];
  for (const { description, input, config, expected } of cases) {
    const wanted = withoutBlank(expected.data ?? []);
    const path = join(scratch, "case.csv");
    await writeFile(path, input);
    const told = withoutBlank((await toldRows(path, config?.delimiter as string | undefined)) ?? []);
    if (!Bun.deepEquals(told, wanted))
      wrong.push(`\n  ${description}: ${JSON.stringify(input)} gave ${JSON.stringify(told)}`);
  }
  await rm(scratch, { recursive: true });
  console.log(`PapaParse: ${cases.length - wrong.length} of ${cases.length}`, ...wrong);
}

function isPlain({ data, errors }: PapaCase["expected"]): boolean {
  return Array.isArray(data) && (errors ?? []).length === 0;
}

/** PapaParse keeps blank lines as rows of one blank cell; whether they are rows is a matter of taste. */
function withoutBlank(rows: string[][]): string[][] {
  return rows.filter((row) => row.length > 1 || row[0].trim() !== "");
}

/** A newline is not a delimiter: it counts as none. */
async function toldRows(path: string, given: string | undefined): Promise<string[][]> {
  const delimiter = given === "\n" ? undefined : given;
  const rows: string[][] = [];
  for await (const batch of readRows(path, { choices: { delimiter, header: false } })) rows.push(...batch);
  return rows;
}
