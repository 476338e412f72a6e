/** Runs the stages on a table made in memory, and keeps all that they tell. */
import type { Column, ColumnPlan, ColumnProfile, Table } from "../../../../core/csv/types.ts";
import type { RunOptions, RunResult } from "../../../../core/trainer/contract.ts";
import type { OpenWorkerPool } from "../../../../core/trainer/race/worker-pool.ts";
import type { Random } from "../../../../core/trainer/samples.ts";
import { STAGES } from "../../../../core/training/stages/index.ts";
import type { StageReport } from "../../../../core/training/stages/stage.ts";
import { emptyWork, type Work } from "../../../../core/training/stages/work/work.ts";

export interface Ran {
  work: Work;
  result: RunResult;
  reports: { stage: string; report: StageReport }[];
  files: Map<string, Uint8Array>;
}

export interface Control {
  options?: Partial<RunOptions>;
  files?: Map<string, Uint8Array>;
  stop?: AbortSignal;
  cancel?: AbortSignal;
  elapsedMs?: () => number;
  openPool?: OpenWorkerPool;
  previous?: Work["previous"];
  onReport?: (stage: string, report: StageReport) => void;
}

/** Rejects with what a stage throws. The clock stands still unless one is given: a budget of rounds ends the race. */
export async function runStages(table: Table, target: string, control: Control = {}): Promise<Ran> {
  const files = control.files ?? new Map<string, Uint8Array>();
  const ran: Omit<Ran, "result"> = {
    work: { ...emptyWork(loader(table), control.openPool), previous: control.previous ?? null },
    reports: [],
    files,
  };
  for (const stage of STAGES) {
    await stage.run({
      options: { ...OPTIONS, target, ...control.options },
      dataset: {
        path: "/memory",
        name: "memory.csv",
        plan: { dialect: DIALECT, columns: table.columns.map(planOf) },
        rows: table.rows,
        sizeBytes: 1000,
        columns: table.columns.map(profileOf),
      },
      work: ran.work,
      report: (report) => {
        ran.reports.push({ stage: stage.name, report });
        control.onReport?.(stage.name, report);
      },
      cancel: control.cancel ?? new AbortController().signal,
      stop: control.stop ?? new AbortController().signal,
      elapsedMs: control.elapsedMs ?? (() => 0),
      artifacts: {
        save: async (name, bytes) => void files.set(name, bytes.slice()),
        load: async (name) => files.get(name) ?? null,
      },
    });
  }
  return { ...ran, result: ran.work.result! };
}

const OPTIONS: RunOptions = {
  target: "",
  task: null,
  features: null,
  exclude: [],
  budgetSeconds: 60,
  budgetRounds: 150,
  split: "random",
  splitColumn: null,
  seed: 1,
  metric: null,
  positiveClass: null,
  costs: null,
};

const DIALECT = {
  encoding: "utf-8",
  bom: false,
  compression: "none" as const,
  delimiter: ",",
  quote: '"',
  escape: '"',
  newline: "\n" as const,
  comment: "",
  preambleRows: 0,
  headerRows: 1,
  footerRows: 0,
  sentence: "",
};

const planOf = (column: Column): ColumnPlan => ({ name: column.name, type: column.type, missingWords: [] });

/** The requested columns, as the plan says: numbers that are to be classes become labels. */
function loader(table: Table): Work["load"] {
  return async (_path, plan, options) => ({
    rows: table.rows,
    columns: table.columns
      .filter((column) => options.columns?.includes(column.name))
      .map((column) => {
        const planned = plan.columns.find(({ name }) => name === column.name);
        return planned?.type === "category" && "values" in column ? labelled(column) : column;
      }),
  });
}

function labelled({ name, values }: Extract<Column, { values: Float64Array }>): Column {
  return category(
    name,
    Array.from(values, (value) => (Number.isNaN(value) ? null : String(value))),
  );
}

function profileOf(column: Column): ColumnProfile {
  const values: ArrayLike<number> = "values" in column ? column.values : column.codes;
  const present = Array.from(values).filter((value) => !Number.isNaN(value));
  const { name, type } = column;
  const isNumber = "values" in column;
  return {
    name,
    type,
    count: values.length,
    missing: values.length - present.length,
    distinct: new Set(present).size,
    distinctExact: true,
    min: isNumber ? Math.min(...present) : null,
    max: isNumber ? Math.max(...present) : null,
    mean: null,
    std: null,
    quantiles: null,
    histogram: [],
    top: [],
    examples: [isNumber ? String(present[0]) : column.labels[0]],
  };
}

export function numbers(name: string, values: Iterable<number>): Column {
  return { name, type: "number", values: Float64Array.from(values) };
}

export function category(
  name: string,
  cells: (string | null)[],
  type: "category" | "text" = "category",
): Column {
  const labels = [...new Set(cells.filter((cell) => cell !== null))];
  const codeOf = new Map(labels.map((label, code) => [label, code]));
  return {
    name,
    type,
    labels,
    codes: Int32Array.from(cells, (cell) => (cell === null ? -1 : codeOf.get(cell)!)),
  };
}

export const draw = (rows: number, value: (row: number) => number) =>
  Array.from({ length: rows }, (_, row) => value(row));

/** About normal: the sum of twelve uniforms, less six. */
export const normal = (random: Random) => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6);
