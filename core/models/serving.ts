/** Answers prediction requests: rows are checked and typed as in training, predicted, and recorded. */

import * as z from "zod";
import type { Table } from "../csv/types.ts";
import { count } from "../platform/figures.ts";
import { timed } from "../platform/timing.ts";
import type { StoredVersion } from "../store/models.ts";
import type { Model, Prediction as ModelAnswer } from "../trainer/model/model.ts";
import type { ModelCache } from "./model-cache.ts";
import type { References } from "./monitoring/drift/references.ts";
import {
  MOST_ROWS_STORED,
  type Prediction,
  type PredictionLog,
  type StorageMode,
  storedAnswer,
  storedCells,
} from "./monitoring/prediction-log.ts";
import type { Answer, PredictRow, Warning } from "./predict-rows.ts";

const MAX_ROWS = 100_000;

const ROW_DOC = { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } };
/** The checks below as JSON Schema, which cannot be derived from a transform. */
const PREDICT_REQUEST_DOC = {
  anyOf: [
    {
      type: "object",
      properties: { rows: { type: "array", items: ROW_DOC, minItems: 1, maxItems: MAX_ROWS } },
      required: ["rows"],
      additionalProperties: false,
    },
    { type: "array", items: ROW_DOC, minItems: 1, maxItems: MAX_ROWS },
    ROW_DOC,
  ],
};

/**
 * `{rows: [...]}`, the list alone, or one bare row: a column called "rows" then holds a cell, not a list. Written by
 * hand, because it runs for each prediction: a zod schema for each cell took longer than the model.
 */
export const PREDICT_REQUEST = z
  .unknown()
  .transform((body, context): PredictRow[] => {
    const refuse = (message: string, path: (string | number)[] = []) =>
      void context.addIssue({ code: "custom", path, message });
    if (Array.isArray(body)) return rowsOf(body, { context, refuse, place: [] });
    if (!isRecord(body) || !Array.isArray(body.rows)) {
      const row = rowOf(body, refuse);
      return row ? [row] : z.NEVER;
    }
    const { rows, ...further } = body as { rows: unknown[] };
    const [stranger] = Object.keys(further);
    if (stranger !== undefined) refuse(strangerWords(stranger), [stranger]);
    return rowsOf(rows, { context, refuse, place: ["rows"] });
  })
  .meta({ id: "PredictRequest", ...PREDICT_REQUEST_DOC });

interface Reading {
  context: z.RefinementCtx;
  refuse: (message: string, path?: (string | number)[]) => void;
  /** Where the list is in the body. */
  place: string[];
}

function rowsOf(rows: readonly unknown[], { context, refuse, place }: Reading): PredictRow[] {
  if (rows.length < 1 || rows.length > MAX_ROWS) refuse(`must be 1 to ${count(MAX_ROWS)} rows`, place);
  if (context.issues.length) return z.NEVER;
  const read = rows.map((row, i) =>
    rowOf(row, (message, path = []) => refuse(message, [...place, i, ...path])),
  );
  return context.issues.length ? z.NEVER : (read as PredictRow[]);
}

function strangerWords(name: string): string {
  return name === "explain" || name === "version"
    ? `belongs in the URL, as ?${name}=1`
    : "is not allowed beside rows";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** By column name. A column may be called `__proto__`: rows are maps, never objects. */
function rowOf(row: unknown, refuse: (message: string, path?: string[]) => void): PredictRow | null {
  if (!isRecord(row)) {
    refuse("a row must be an object of values by column name");
    return null;
  }
  const cells: PredictRow = new Map();
  return gather(row, cells, { prefix: "", refuse }) ? cells : null;
}

interface Gathering {
  /** For an object inside a row: prefixes its columns' names, as when such a file is trained on. */
  prefix: string;
  refuse: (message: string, path?: string[]) => void;
}

const MOST_NESTED = 200;

function gather(row: Record<string, unknown>, cells: PredictRow, { prefix, refuse }: Gathering): boolean {
  for (const name of Object.keys(row)) {
    const cell = row[name];
    if (cell === null || typeof cell !== "object") {
      cells.set(prefix + name, cell as string | number | boolean | null);
      continue;
    }
    if (!isRecord(cell) || prefix.length > MOST_NESTED) {
      refuse("must be text, a number, true, false or null", [prefix + name]);
      return false;
    }
    if (!gather(cell, cells, { prefix: `${prefix}${name}.`, refuse })) return false;
  }
  return true;
}

/** Loaded at the first prediction: a server that starts needs none of it. */
let answering: typeof import("./predict-rows.ts") | null = null;

export interface PredictOptions {
  explain: boolean;
  /** "trial": a prediction on the model's page, neither counted nor logged. */
  purpose?: "traffic" | "trial";
  /**
   * The probability with which bounds should contain the outcome; a trial goes without them if the version has none.
   */
  interval?: number | undefined;
  /** Columns that the smallest change must not use. */
  pinned?: readonly string[];
  /** Which rows are stored in the prediction log; a sample of many if absent. */
  storageMode?: StorageMode;
}

/** The predictions of one request. */
export interface Served {
  predictions: Prediction[];
  warnings: Warning[];
  /** Two classes: the second is predicted from this probability on; null: the likelier one. */
  threshold: number | null;
  /** The rows as the model read them. */
  table: Table;
  /** That reading and answering them took. */
  seconds: number;
}

/** Rows of a file to predict. */
interface FileRows {
  /** The number of warnings. */
  warnings: number;
  storageMode: StorageMode;
  cellsOf: (row: number) => string;
}

interface PredictedTable {
  predicted: ModelAnswer;
  /** By row, its ID in the prediction log; null: no row is stored. */
  ids: (string | null)[] | null;
  /** That answering took. */
  seconds: number;
}

/** With more rows than this, only contributions are returned. */
const FLIPPED_ROWS = 10;

export class Serving {
  constructor(
    private readonly cache: ModelCache,
    private readonly references: References,
    private readonly traffic: PredictionLog,
  ) {}

  async stop(): Promise<void> {
    await this.traffic.flush();
  }

  /** Throws AppError: missing, conflict (none is live), invalid (a row has no known feature). */
  async predict(
    version: StoredVersion,
    rows: PredictRow[],
    { explain, purpose = "traffic", storageMode, interval, pinned = [] }: PredictOptions,
  ): Promise<Served> {
    answering ??= await import("./predict-rows.ts");
    const model = await this.cache.load(version);
    const canBound = purpose === "traffic" || canVouch(model, interval);
    const begin = performance.now();
    const { answers, warnings, table } = timed("predict", () =>
      answering!.answerRows(model, rows, { explain, interval: canBound ? interval : undefined }),
    );
    const seconds = (performance.now() - begin) / 1000;
    if (explain && rows.length <= FLIPPED_ROWS) await this.flip(version, { model, table, answers, pinned });
    const { threshold } = model;
    const ids =
      purpose === "trial"
        ? null
        : this.traffic.note({
            ...{ version, model, table, prepared: await this.traffic.prepare(version) },
            predictions: answers.map(({ prediction }) => prediction),
            warnings: warnings.length,
            storageMode: storageMode ?? (rows.length > MOST_ROWS_STORED ? "sampled" : "full"),
            stored: (row) => ({ cells: storedCells(rows[row]!), answer: storedAnswer(answers[row]!) }),
          });
    if (purpose === "traffic") this.traffic.took(version, (performance.now() - begin) / 1000);
    const predictions = answers.map((answer, row): Prediction => {
      const id = ids?.[row];
      return id ? { id, ...answer } : { ...answer, logged: false };
    });
    return { predictions, warnings, threshold, table, seconds };
  }

  /** Rows of a file, as `TableReader` read them: counted, and stored as `storageMode` says. `cellsOf`: a row as JSON. */
  async predictTable(version: StoredVersion, table: Table, asked: FileRows): Promise<PredictedTable> {
    const [model, prepared, { predict }, { answerAt }] = await Promise.all([
      this.cache.load(version),
      this.traffic.prepare(version),
      import("../trainer/model/model.ts"),
      import("./predict-rows.ts"),
    ]);
    const begin = performance.now();
    const predicted = timed("predict", () => predict(model, table));
    const { classes } = model;
    const predictions = Array.from(predicted.values, (value) => (classes.length ? classes[value]! : value));
    const { warnings, storageMode, cellsOf } = asked;
    const ids = this.traffic.note({
      ...{ version, model, prepared, table, predictions, warnings, storageMode },
      stored: (row) => ({ cells: cellsOf(row), answer: storedAnswer(answerAt(model, predicted, row)) }),
    });
    const seconds = (performance.now() - begin) / 1000;
    this.traffic.took(version, seconds);
    return { predicted, ids, seconds };
  }

  /** The model itself: for whole files. */
  open(version: StoredVersion): Promise<Model> {
    return this.cache.load(version);
  }

  /**
   * Predicts one row at once: its prediction as JSON. `cells`: the row as it came, in JSON. Null: the model is not in
   * memory yet, needs a table, or was not used for a while. Throws AppError `invalid`.
   */
  predictRow(
    version: StoredVersion,
    { row, cells }: { row: Record<string, unknown>; cells: string },
  ): { prediction: string; warnings: Warning[]; threshold: number | null; seconds: number } | null {
    if (!this.traffic.hasBegun(version)) return null;
    const begin = performance.now();
    const model = this.cache.peek(version);
    const answered = model && answering?.answerRow(model, row);
    if (!answered) return null;
    const id = this.traffic.noteRow({ version, model, cells, answered });
    const inner = answered.json.slice(1, -1);
    const prediction = id === null ? `{${inner},"logged":false}` : `{"id":"${id}",${inner}}`;
    const seconds = (performance.now() - begin) / 1000;
    this.traffic.took(version, seconds);
    return { prediction, warnings: answered.warnings, threshold: model.threshold, seconds };
  }

  /** Adds to each prediction what would have to change for another one. */
  private async flip(
    version: StoredVersion,
    given: { model: Model; table: Table; answers: Answer[]; pinned: readonly string[] },
  ): Promise<void> {
    const { model, table, answers, pinned } = given;
    const reference = await this.references.of(version);
    if (!reference) return;
    const { flips } = await import("./counterfactuals.ts");
    const fixed = { identifying: identifyingColumns(version), pinned };
    for (const [row, flip] of (await flips(model, table, { reference, fixed })).entries())
      answers[row]!.counterfactual = flip;
  }
}

/** Whether it has bounds of this level. */
function canVouch({ bounds }: Model, level = 0): boolean {
  return bounds !== undefined && level <= answering!.highestLevel(bounds);
}

/** Columns that the training's findings call identifiers: a number given to a row, or a row counter. */
const IDENTIFYING = new Set(["id_like", "row_number"]);

function identifyingColumns({ result }: StoredVersion): string[] {
  return (result.findings ?? []).flatMap(({ code, column }) =>
    column !== null && IDENTIFYING.has(code) ? [column] : [],
  );
}
