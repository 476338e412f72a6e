/**
 * Finds the column to predict in each file of a folder. Its README's table says so, or the name of a well-known
 * set; else what our own reader proposes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { profileCsv } from "../../core/csv/read.ts";
import type { CsvProfile } from "../../core/csv/types.ts";
import type { Task } from "../../core/trainer/samples.ts";

/** A set of the AutoML benchmark (Gijsbers et al. 2024): mean of its ten folds. */
export interface Anchor {
  name: string;
  file: RegExp;
  /** Names that targets often have; otherwise the last column is used. */
  targets: RegExp;
  task: Task;
  metric: "roc_auc" | "log_loss" | "rmse";
  lightgbm: number;
  /** Five minutes on eight cores. */
  autogluon: number;
}

function anchor(
  name: string,
  file: RegExp,
  targets: RegExp,
  given: Omit<Anchor, "name" | "file" | "targets">,
) {
  return { name, file, targets, ...given };
}

const binary = { task: "binary", metric: "roc_auc" } as const;
const regression = { task: "regression", metric: "rmse" } as const;
const classes = { task: "multiclass", metric: "log_loss" } as const;

const ANCHORS: Anchor[] = [
  anchor("adult", /adult|census/i, /^(class|income|salary|target)$/i, {
    ...binary,
    lightgbm: 0.93,
    autogluon: 0.9313,
  }),
  anchor("credit-g", /credit[-_]?g|german/i, /^(class|credit[-_]?risk|risk|target)$/i, {
    ...binary,
    lightgbm: 0.741,
    autogluon: 0.803,
  }),
  anchor("phoneme", /phoneme/i, /^(class|target)$/i, { ...binary, lightgbm: 0.956, autogluon: 0.971 }),
  anchor("wine-white", /wine.*white|white.*wine/i, /^(quality|class|target)$/i, {
    ...classes,
    lightgbm: 0.891,
    autogluon: 0.701,
  }),
  anchor("abalone", /abalone/i, /rings|^target$/i, { ...regression, lightgbm: 2.153, autogluon: 2.05 }),
  anchor("boston", /boston|housing/i, /^(medv|price|target)$/i, {
    ...regression,
    lightgbm: 3.54,
    autogluon: 2.82,
  }),
  anchor("diamonds", /diamonds/i, /^price$/i, { ...regression, lightgbm: 533.5, autogluon: 509.7 }),
];

export interface AccuracyCase {
  path: string;
  profile: CsvProfile;
  target: string;
  task: Task;
  anchor: Anchor | null;
}

/** Every CSV of the folder, and `made`, whose name holds `only`; those without a target are left out. */
export async function readCases(folder: string, made: string[], only: string): Promise<AccuracyCase[]> {
  const files = readdirSync(folder, { recursive: true }).map(String);
  const paths = files.filter((name) => name.toLowerCase().endsWith(".csv")).sort();
  const told = readTable(folder);
  const cases: AccuracyCase[] = [];
  for (const path of [...paths.map((name) => join(folder, name)), ...made]) {
    if (!basename(path).includes(only)) continue;
    const profile = await profileCsv(path, {}, { name: path });
    const known = ANCHORS.find(({ file }) => file.test(basename(path))) ?? null;
    const given = told.get(basename(path));
    const target = given?.target ?? (known ? targetOf(profile, known) : profile.target);
    const task = given?.task ?? (target === profile.target ? profile.task : (known?.task ?? null));
    const isThere = profile.columns.some(({ name }) => name === target);
    if (target && task && isThere)
      cases.push({ path, profile, target, task, anchor: anchorFor(path, known) });
  }
  return cases;
}

/** Ames has another target than Boston. */
const anchorFor = (path: string, known: Anchor | null) => (/ames|california/i.test(path) ? null : known);

export function targetOf({ columns, target }: CsvProfile, { targets }: Anchor): string | null {
  return columns.find(({ name }) => targets.test(name))?.name ?? columns.at(-1)?.name ?? target;
}

/** Lines of a table in the folder's README.md: `| file.csv | … | target, task … | … |`. */
function readTable(folder: string): Map<string, { target: string; task: Task }> {
  const readme = readdirSync(folder).find((name) => /^readme/i.test(name));
  const told = new Map<string, { target: string; task: Task }>();
  for (const line of readme ? readFileSync(join(folder, readme), "utf8").split("\n") : []) {
    const cells = line.split("|").map((cell) => cell.trim().replaceAll("`", ""));
    const file = cells.find((cell) => /\.csv$/i.test(cell));
    const named = cells
      .map((cell) => /^([^,]+), (binary|regression|multiclass|\d+ classes)/.exec(cell))
      .find(Boolean);
    if (!file || !named) continue;
    const task = named[2].endsWith("classes") ? "multiclass" : (named[2] as Task);
    told.set(file, { target: named[1], task });
  }
  return told;
}

/** How far our figure is on the way from LightGBM's to AutoGluon's. */
export function shareOfWay(figure: number, { lightgbm, autogluon }: Anchor): number {
  return (figure - lightgbm) / (autogluon - lightgbm);
}
