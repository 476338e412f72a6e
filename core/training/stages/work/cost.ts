/**
 * Keeps predictions as cheap as was asked for. What a row costs is estimated from trees and columns while candidates
 * are compared, and measured on the model that was made of them.
 */
import type { Table } from "../../../csv/types.ts";
import { AppError } from "../../../platform/errors.ts";
import { figure } from "../../../platform/figures.ts";
import { costOf } from "../../../trainer/model/members.ts";
import { type Model, type ModelPart, predict } from "../../../trainer/model/model.ts";
import { openRowModel, type RowValues } from "../../../trainer/model/row-model.ts";
import type { Blend } from "../../../trainer/race/ensemble.ts";
import { type Entry, isRival } from "../../../trainer/race/entry.ts";
import { spreadRows } from "../../../trainer/random.ts";
import { selectRows } from "./rows/table.ts";
import { type Context, left } from "./work.ts";

/** Of a row alone, through one thread of a machine of 2026. */
const MICROSECONDS = { row: 1, column: 0.2, tree: 0.09 };

const estimated = (trees: number, columns: number) =>
  MICROSECONDS.row + MICROSECONDS.column * columns + MICROSECONDS.tree * trees;

const columnsOf = (context: Context) => left(context.work, "parts").table.columns.length;

/** Trees that an answer may walk; Infinity where no limit was set. */
export function mostTreesFor(context: Context): number {
  const { maxMicroseconds } = context.options;
  if (maxMicroseconds === undefined) return Number.POSITIVE_INFINITY;
  const columns = columnsOf(context);
  return Math.max(1, (maxMicroseconds - estimated(0, columns)) / MICROSECONDS.tree);
}

const treesOf = ({ folds }: Entry) =>
  folds.reduce((sum, { member }) => sum + costOf(member), 0) / Math.max(1, folds.length);

/** Those that may become the model: all without a limit. Throws AppError `invalid` where none is cheap enough. */
export function cheapEnough(context: Context, entries: Entry[]): Entry[] {
  const { maxMicroseconds } = context.options;
  if (maxMicroseconds === undefined) return entries;
  const most = mostTreesFor(context);
  const kept = entries.filter((entry) => !isRival(entry) || treesOf(entry) <= most);
  const rivals = entries.filter(isRival);
  const cheapest = Math.min(...rivals.map(treesOf));
  const least = estimated(cheapest, columnsOf(context));
  if (rivals.length > 0 && !(kept.some(isRival) && least <= maxMicroseconds)) throw tooDear(context, least);
  return kept;
}

function tooDear({ options }: Context, least: number): AppError {
  const shown = figure(least);
  return new AppError(
    "invalid",
    `No candidate predicts a row within ${figure(options.maxMicroseconds!)} µs: the cheapest takes about ${shown} µs.`,
    { column: "maxMicroseconds", fix: "Raise maxMicroseconds, or leave it out.", example: shown },
  );
}

/** Without the parts that even one model each would be too dear for; the weights of the others sum to 1 again. */
export function cheapBlend(context: Context, blend: Blend): Blend {
  const most = mostTreesFor(context);
  const parts = [...blend.parts];
  while (parts.length > 1 && parts.reduce((sum, { entry }) => sum + treesOf(entry), 0) > most) drop(parts);
  return parts.length === blend.parts.length ? blend : { ...blend, parts };
}

/** Takes the part of least weight out. */
function drop(parts: { weight: number }[]): number {
  const least = parts.reduce((at, part, i) => (part.weight < parts[at].weight ? i : at), 0);
  parts.splice(least, 1);
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  for (const part of parts) part.weight /= total;
  return least;
}

const treesOfPart = ({ members }: ModelPart) => members.reduce((sum, member) => sum + costOf(member), 0);

const sumOf = (parts: readonly ModelPart[]) => parts.reduce((sum, part) => sum + treesOfPart(part), 0);

/** Takes members out of bags until so many trees are left; `least` of each stay. */
export function thinBags(parts: ModelPart[], most: number, least: number): void {
  // The variance that a bag of n leaves is a share 1 / n of one member's; set against what a member costs.
  const harm = (part: ModelPart) => part.weight ** 2 / ((part.members.length - 1) * treesOfPart(part));
  while (sumOf(parts) > most) {
    const bags = parts.filter(({ members }) => members.length > least);
    if (bags.length === 0) return;
    bags.reduce((a, b) => (harm(b) < harm(a) ? b : a)).members.pop();
  }
}

const ATTEMPTS = 5;
/** Of the trees that the limit has room for by what was measured. */
const SAFE = 0.9;

/**
 * Makes the model as cheap as was asked for, by what it takes on this machine. Rounds have no clock: then the estimate
 * must do. Throws AppError `invalid` where its cheapest part is too dear.
 */
export function holdLimit(context: Context, model: Model, blend: Blend): void {
  const limit = context.options.maxMicroseconds;
  if (limit === undefined || context.options.budgetRounds !== null) return;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const took = measureCost(context, model);
    if (took === null || took <= limit) return;
    const most = sumOf(model.parts) * (limit / took) * SAFE;
    thinBags(model.parts, most, 1);
    while (model.parts.length > 1 && sumOf(model.parts) > most) {
      blend.parts.splice(drop(model.parts), 1);
      blend.parts.forEach((part, i) => {
        part.weight = model.parts[i].weight;
      });
    }
    if (model.parts.length === 1 && model.parts[0].members.length === 1) break;
  }
  const took = measureCost(context, model);
  if (took !== null && took > limit) throw tooDear(context, took);
}

/** Few at once, so that the time is looked at often; the machine needs some hundred rows to be warm. */
const MEASURED_ROWS = 20;
const PASSES = 40;
const LEAST_PASSES = 3;
const MOST_MS = 40;

/** Microseconds that the prediction of a row alone takes, the quickest of some passes; null where the clock stands still. */
export function measureCost(context: Context, model: Model): number | null {
  const { table } = left(context.work, "parts");
  const some = selectRows(table, spreadRows(table.rows, MEASURED_ROWS));
  const once = onceOver(model, some);
  const startedAt = context.elapsedMs();
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const beganAt = context.elapsedMs();
    once();
    const endedAt = context.elapsedMs();
    if (endedAt > beganAt) least = Math.min(least, endedAt - beganAt);
    if (pass >= LEAST_PASSES && endedAt - startedAt > MOST_MS) break;
  }
  return Number.isFinite(least) ? Number(((1000 * least) / some.rows).toPrecision(3)) : null;
}

/** Predicts each row as a request for one row does; texts are read a table at a time. */
function onceOver(model: Model, table: Table): () => void {
  const answer = openRowModel(model);
  if (!answer) return () => void predict(model, table);
  const rows = Array.from({ length: table.rows }, (_, row) => valuesAt(model, table, row));
  return () => {
    for (const row of rows) answer(row);
  };
}

function valuesAt({ plans }: Model, { columns }: Table, row: number): RowValues {
  return plans.map(({ name }) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (!column) return null;
    if ("values" in column) return Number.isNaN(column.values[row]) ? null : column.values[row];
    return column.codes[row] < 0 ? null : column.labels[column.codes[row]];
  });
}
