/**
 * Finds the smallest change of a row that changes its prediction. Single columns are set to values that occur in
 * training, all in one batch; if one column is enough, numbers are moved as little as possible, otherwise two columns
 * are tried together. The size of a change: for a number the share of training rows it passes, for a category a half.
 */
import type { Column, Table } from "../../csv/types.ts";
import { type Model, type Prediction, predict } from "../model/model.ts";
import { type ColumnReference, quantileOf, rankOf, type TrainingReference } from "../model/reference.ts";

export interface Change {
  column: string;
  /** Null if missing. Dates in epoch ms. */
  from: number | string | null;
  to: number | string;
}

export interface Counterfactual {
  /** One change or two; empty if none was found. */
  changes: Change[];
  /** The prediction after the change: class index, or the number. */
  value: number;
  /** Probability of the new class; null for numbers. */
  probability: number | null;
  /** Rows that were evaluated. */
  tried: number;
}

interface Option extends Change {
  distance: number;
  isNumber: boolean;
  isWhole: boolean;
}

/** Total number of trees walked: some tens of milliseconds. */
const TREE_WALKS = 2e6;
const MOST_POINTS = 12;
const LEAST_POINTS = 3;
const CATEGORY_DISTANCE = 0.5;
/** Columns that are tried in pairs, and values of each. */
const PAIRED_COLUMNS = 6;
const PAIRED_VALUES = 4;
const REFINED = 4;
const HALVINGS = 7;

/** `table` has the one row. For numbers, the prediction must cross the median. */
export function counterfactual(model: Model, table: Table, reference: TrainingReference): Counterfactual {
  const search = new Search(model, table, reference);
  const options = optionsOf(table, reference, search.rowBudget);
  const answers = search.ask(options.map((option) => [option]));
  const single = search.closest(options.filter((_, i) => search.isOther(answers, i)));
  if (single) return search.found([single]);
  const gains = options.map((_, i) => search.gain(answers, i));
  const pair = search.closestPair(pairsOf(options, gains));
  return pair
    ? search.found(pair)
    : { changes: [], value: search.value, probability: null, tried: search.tried };
}

class Search {
  tried = 0;
  /** The row's present prediction. */
  readonly value: number;
  readonly rowBudget: number;
  private readonly now: Prediction;
  private readonly middle: number;

  constructor(
    private readonly model: Model,
    private readonly table: Table,
    reference: TrainingReference,
  ) {
    this.now = predict(model, table);
    this.value = this.now.values[0];
    this.rowBudget = Math.max(60, Math.floor(TREE_WALKS / (50 + treesOf(model))));
    this.middle = reference.answers.kind === "category" ? Number.NaN : quantileOf(reference.answers, 0.5);
  }

  /** Each variant is the row with its changes; all are predicted at once. */
  ask(variants: readonly (readonly Change[])[]): Prediction {
    this.tried += variants.length;
    return predict(this.model, changed(this.table, variants));
  }

  isOther({ values }: Prediction, row: number): boolean {
    if (this.model.task !== "regression") return values[row] !== this.value;
    return this.value < this.middle ? values[row] >= this.middle : values[row] < this.middle;
  }

  /** How far a prediction moved towards another one. */
  gain({ values, probabilities }: Prediction, row: number): number {
    if (!probabilities) return (values[row] - this.value) * (this.value < this.middle ? 1 : -1);
    const width = this.model.classes.length;
    return this.now.probabilities![this.value] - probabilities[row * width + this.value];
  }

  /** The smallest change that works, its numbers moved as little as possible. */
  closest(options: readonly Option[]): Option | null {
    const nearest = new Map<string, Option>();
    for (const option of options) {
      const side = `${option.column}:${option.isNumber && option.from !== null && option.to > option.from}`;
      const known = nearest.get(side);
      if (!known || option.distance < known.distance) nearest.set(side, option);
    }
    const ranked = [...nearest.values()].sort((a, b) => a.distance - b.distance);
    const refined = this.refine(ranked.slice(0, REFINED));
    return refined.sort((a, b) => a.distance - b.distance)[0] ?? null;
  }

  /** Bisects between the row's value and the one that works, for several columns at once. */
  private refine(options: Option[]): Option[] {
    let bounds = options.map((option) => ({ option, inside: option.from }));
    for (let step = 0; step < HALVINGS; step++) {
      const moving = bounds.map(({ option, inside }) => {
        const canMove = option.isNumber && typeof inside === "number" && typeof option.to === "number";
        const middle = canMove ? (Number(inside) + Number(option.to)) / 2 : option.to;
        return { ...option, to: option.isWhole && canMove ? Math.round(Number(middle)) : middle };
      });
      const answers = this.ask(moving.map((option) => [option]));
      bounds = bounds.map(({ option, inside }, i) => {
        const tried = moving[i];
        if (tried.to === option.to || tried.to === inside) return { option, inside };
        if (!this.isOther(answers, i)) return { option, inside: tried.to };
        const share = (Number(tried.to) - Number(tried.from)) / (Number(option.to) - Number(option.from));
        return { option: { ...tried, distance: option.distance * share }, inside };
      });
    }
    return bounds.map(({ option }) => readable(option, (rounded) => this.isOther(this.ask([[rounded]]), 0)));
  }

  closestPair(pairs: [Option, Option][]): [Option, Option] | null {
    const bounded = pairs.slice(0, this.rowBudget);
    if (!bounded.length) return null;
    const answers = this.ask(bounded);
    const size = ([a, b]: [Option, Option]) => a.distance + b.distance;
    const found = bounded.filter((_, i) => this.isOther(answers, i));
    return found.sort((a, b) => size(a) - size(b))[0] ?? null;
  }

  found(options: readonly Option[]): Counterfactual {
    const { values, probabilities } = this.ask([options]);
    return {
      changes: options.map(({ column, from, to }) => ({ column, from, to })),
      value: values[0],
      probability: probabilities?.[values[0]] ?? null,
      tried: this.tried,
    };
  }
}

/** Rounded to as few digits as still work. */
function readable(option: Option, isOther: (rounded: Option) => boolean): Option {
  if (!option.isNumber || option.isWhole || typeof option.to !== "number") return option;
  for (const digits of [2, 3, 4]) {
    const rounded = { ...option, to: Number(option.to.toPrecision(digits)) };
    if (rounded.to !== option.from && isOther(rounded)) return rounded;
  }
  return option;
}

function optionsOf(table: Table, { columns }: TrainingReference, budget: number): Option[] {
  const usable = columns.filter(({ kind }) => kind !== "length");
  const points = Math.max(
    LEAST_POINTS,
    Math.min(MOST_POINTS, Math.floor(budget / Math.max(1, usable.length))),
  );
  return usable
    .flatMap((reference) => {
      const column = table.columns.find(({ name }) => name === reference.column);
      return column ? columnOptions(column, reference, points) : [];
    })
    .slice(0, budget);
}

function columnOptions(column: Column, reference: ColumnReference, points: number): Option[] {
  if (reference.kind === "category") {
    if (!("codes" in column)) return [];
    const from = column.labels[column.codes[0]] ?? null;
    const common = {
      column: column.name,
      from,
      isNumber: false,
      isWhole: false,
      distance: CATEGORY_DISTANCE,
    };
    return reference.labels
      .filter((label) => label !== from)
      .slice(0, points)
      .map((to) => ({ ...common, to }));
  }
  if (!("values" in column)) return [];
  const from = Number.isNaN(column.values[0]) ? null : column.values[0];
  const values = Array.from({ length: points }, (_, i) => quantileOf(reference, (i + 0.5) / points));
  const isWhole = reference.isWhole || reference.kind === "date";
  const rounded = [...new Set(isWhole ? values.map(Math.round) : values)].filter((to) => to !== from);
  const rank = from === null ? Number.NaN : rankOf(reference, from);
  return rounded.map((to) => ({
    ...{ column: column.name, from, to, isNumber: true, isWhole },
    distance: from === null ? CATEGORY_DISTANCE : Math.abs(rankOf(reference, to) - rank) + 1e-6,
  }));
}

/** The columns that move the prediction most, each with the values that move it most. */
function pairsOf(options: readonly Option[], gains: readonly number[]): [Option, Option][] {
  const byColumn = new Map<string, { option: Option; gain: number }[]>();
  options.forEach((option, i) => {
    if (gains[i] <= 0) return;
    byColumn.set(option.column, [...(byColumn.get(option.column) ?? []), { option, gain: gains[i] }]);
  });
  const columns = [...byColumn.values()].map((entries) => entries.sort((a, b) => b.gain - a.gain));
  columns.sort((a, b) => b[0].gain - a[0].gain);
  const chosen = columns.slice(0, PAIRED_COLUMNS).map((entries) => entries.slice(0, PAIRED_VALUES));
  return chosen.flatMap((first, i) =>
    chosen
      .slice(i + 1)
      .flatMap((second) => first.flatMap((a) => second.map((b): [Option, Option] => [a.option, b.option]))),
  );
}

function changed(table: Table, variants: readonly (readonly Change[])[]): Table {
  const columns = table.columns.map((column): Column => {
    const to = variants.map((changes) => changes.find((change) => change.column === column.name)?.to);
    if ("values" in column)
      return { ...column, values: Float64Array.from(to, (value) => Number(value ?? column.values[0])) };
    const labels = [...new Set([...column.labels, ...to.filter((value) => value !== undefined).map(String)])];
    const codes = Int32Array.from(to, (value) =>
      value === undefined ? column.codes[0] : labels.indexOf(String(value)),
    );
    return { ...column, codes, labels };
  });
  return { rows: variants.length, columns };
}

function treesOf({ parts }: Model): number {
  const members = parts.flatMap((part) => part.members);
  return members.reduce(
    (sum, member) =>
      sum + (member.kind === "boosting" || member.kind === "forest" ? member.model.trees.roots.length : 0),
    0,
  );
}
