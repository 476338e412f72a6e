/**
 * Counts which bins of the training data later rows fall into. A few numbers per column, updated as predictions arrive:
 * memory does not grow with traffic. It keeps no row.
 */

import type { Column, Table } from "../../../csv/types.ts";
import type { Model } from "../../../trainer/model/model.ts";
import { binOf, type ColumnReference, type TrainingReference } from "../../../trainer/model/reference.ts";
import type { RowValues } from "../../../trainer/model/row-model.ts";
import type { Answer } from "../../predict-rows.ts";

export interface ColumnCounts {
  bins: number[];
  missing: number;
  /** Rows with a category that training never saw, and some of those categories. */
  unseen: number;
  examples: string[];
}

export interface DriftCounts {
  rows: number;
  columns: ColumnCounts[];
  answers: ColumnCounts;
}

const EXAMPLES = 5;
const EXAMPLE_LENGTH = 60;

export function noCounts({ columns, answers }: TrainingReference): DriftCounts {
  return { rows: 0, columns: columns.map(noneOf), answers: noneOf(answers) };
}

function noneOf({ counts }: ColumnReference): ColumnCounts {
  return { bins: counts.map(() => 0), missing: 0, unseen: 0, examples: [] };
}

/** Both must have the bins of the same training reference. */
export function addCounts(into: DriftCounts, more: DriftCounts): void {
  into.rows += more.rows;
  into.columns.forEach((column, i) => {
    addColumn(column, more.columns[i]!);
  });
  addColumn(into.answers, more.answers);
}

function addColumn(into: ColumnCounts, more: ColumnCounts): void {
  more.bins.forEach((count, bin) => {
    into.bins[bin]! += count;
  });
  into.missing += more.missing;
  into.unseen += more.unseen;
  into.examples = [...new Set([...into.examples, ...more.examples])].slice(0, EXAMPLES);
}

/** Counts rows of one version. */
export class DriftCounter {
  private readonly places: Map<string, number>[];
  private readonly answerPlaces: Map<string, number>;
  private readonly known: Map<string, ReadonlySet<string>>;
  /** By column of the reference, its index among the model's plans; -1: the model has none. */
  private readonly plans: number[];

  constructor(
    readonly reference: TrainingReference,
    model: Pick<Model, "encoder" | "plans">,
  ) {
    this.plans = reference.columns.map(({ column }) => model.plans.findIndex(({ name }) => name === column));
    this.places = reference.columns.map(placesOf);
    this.answerPlaces = placesOf(reference.answers);
    this.known = new Map(
      model.encoder.columns.flatMap((encoding) =>
        encoding.kind === "category" ? [[encoding.column, new Set(encoding.labels)] as const] : [],
      ),
    );
  }

  /** `examples` false: no value of a row is kept, not even as an example. */
  count(
    into: DriftCounts,
    asked: { table: Table; predictions: readonly Answer["prediction"][]; examples: boolean },
  ): void {
    const { table, predictions, examples } = asked;
    into.rows += table.rows;
    this.reference.columns.forEach((reference, i) => {
      const column = table.columns.find(({ name }) => name === reference.column);
      if (!column) into.columns[i]!.missing += table.rows;
      else if (reference.kind !== "category") countNumbers(into.columns[i]!, reference.edges, column);
      else if ("codes" in column) this.countLabels(into.columns[i]!, { i, column, examples });
    });
    for (const prediction of predictions) this.countAnswer(into.answers, prediction);
  }

  /** As above for a row that never became a table. */
  countRow(
    into: DriftCounts,
    { values, prediction }: { values: RowValues; prediction: Answer["prediction"] },
    examples: boolean,
  ): void {
    into.rows += 1;
    const { columns } = this.reference;
    for (let i = 0; i < columns.length; i++) {
      const counts = into.columns[i]!;
      const reference = columns[i]!;
      const value = values[this.plans[i]!] ?? null;
      if (value === null) counts.missing += 1;
      else if (reference.kind === "category") this.countLabel(counts, { i, label: String(value), examples });
      else counts.bins[binOf(reference.edges, typeof value === "string" ? value.length : value)]! += 1;
    }
    this.countAnswer(into.answers, prediction);
  }

  private countLabel(
    into: ColumnCounts,
    { i, label, examples }: { i: number; label: string; examples: boolean },
  ): void {
    const place = this.places[i]!.get(label);
    into.bins[place ?? into.bins.length - 1]! += 1;
    // A value with a bin occurred in training.
    if (place !== undefined || this.known.get(this.reference.columns[i]!.column)?.has(label) !== false)
      return;
    into.unseen += 1;
    if (examples) addExamples(into, [label]);
  }

  private countAnswer({ bins }: ColumnCounts, prediction: Answer["prediction"]): void {
    const { answers: reference } = this.reference;
    if (reference.kind === "category")
      bins[this.answerPlaces.get(String(prediction)) ?? bins.length - 1]! += 1;
    else bins[binOf(reference.edges, Number(prediction))]! += 1;
  }

  private countLabels(
    into: ColumnCounts,
    { i, column, examples }: { i: number; column: Extract<Column, { codes: Int32Array }>; examples: boolean },
  ): void {
    const places = column.labels.map((label) => this.places[i]!.get(label) ?? into.bins.length - 1);
    const known = this.known.get(column.name);
    const isNew = column.labels.map((label) => known !== undefined && !known.has(label));
    for (const code of column.codes) {
      if (code < 0) into.missing += 1;
      else {
        into.bins[places[code]!]! += 1;
        if (isNew[code]) into.unseen += 1;
      }
    }
    if (examples)
      addExamples(
        into,
        column.labels.filter((_, code) => isNew[code]),
      );
  }
}

function addExamples(into: ColumnCounts, labels: string[]): void {
  if (into.examples.length === EXAMPLES) return;
  const fresh = labels.map((label) => label.slice(0, EXAMPLE_LENGTH));
  into.examples = [...new Set([...into.examples, ...fresh])].slice(0, EXAMPLES);
}

function placesOf(reference: ColumnReference): Map<string, number> {
  return new Map(reference.kind === "category" ? reference.labels.map((label, place) => [label, place]) : []);
}

function countNumbers(into: ColumnCounts, edges: readonly number[], column: Column): void {
  const values = "values" in column ? column.values : lengths(column);
  for (const value of values) {
    if (Number.isNaN(value)) into.missing += 1;
    else into.bins[binOf(edges, value)]! += 1;
  }
}

function lengths({ codes, labels }: Extract<Column, { codes: Int32Array }>): Float64Array {
  return Float64Array.from(codes, (code) => labels[code]?.length ?? Number.NaN);
}
