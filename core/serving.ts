/** How does a model answer? Rows checked and typed as in training, predicted, and noted as traffic. */
import * as z from "zod";
import type { Answer, PredictRow, Warning } from "./answering.ts";
import type { Table } from "./csv/types.ts";
import type { References } from "./feedback/references.ts";
import type { Prediction, Traffic } from "./feedback/traffic.ts";
import { newId } from "./ids.ts";
import type { ModelCache } from "./model-cache.ts";
import type { StoredVersion } from "./store/models.ts";
import type { Model } from "./trainer/model.ts";

const CELL = z.union([
  z.string(),
  z.custom<number>((value) => typeof value === "number"),
  z.boolean(),
  z.null(),
]);
const MAX_ROWS = 100_000;

/** A row by column name. A column may be called `__proto__`: rows are maps, never objects. */
const ROW = z
  .custom<object>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "a row must be an object of values by column name",
  )
  .transform((row, context): PredictRow => {
    const cells: PredictRow = new Map();
    for (const [name, value] of Object.entries(row)) {
      const cell = CELL.safeParse(value);
      if (cell.success) cells.set(name, cell.data);
      else
        context.addIssue({
          code: "custom",
          path: [name],
          message: "must be text, a number, true, false or null",
        });
    }
    return cells;
  });
const ROWS = z.strictObject({
  rows: z.array(ROW).min(1).max(MAX_ROWS, `at most ${MAX_ROWS} rows at a time`),
});

const ROW_DOC = { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } };
/** The checks below as JSON Schema, which cannot be made of a transform. */
const PREDICT_REQUEST_DOC = {
  anyOf: [
    {
      type: "object",
      properties: { rows: { type: "array", items: ROW_DOC, minItems: 1, maxItems: MAX_ROWS } },
      required: ["rows"],
      additionalProperties: false,
    },
    ROW_DOC,
  ],
};

/** `{rows: [...]}`, or one bare row: a column called "rows" then holds a cell, not a list. */
export const PREDICT_REQUEST = z
  .unknown()
  .transform((body, context): PredictRow[] => {
    const isList =
      typeof body === "object" && body !== null && Array.isArray((body as { rows?: unknown }).rows);
    const parsed = isList
      ? ROWS.transform(({ rows }) => rows).safeParse(body)
      : ROW.transform((row) => [row]).safeParse(body);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  })
  .meta({ id: "PredictRequest", ...PREDICT_REQUEST_DOC });

export interface PredictOptions {
  explain: boolean;
  /** "trial": somebody looks how the model answers: neither counted nor kept. */
  purpose?: "traffic" | "trial";
}

/** Of more rows than these only contributions are told. */
const FLIPPED_ROWS = 10;

export class Serving {
  constructor(
    private readonly cache: ModelCache,
    private readonly references: References,
    private readonly traffic: Traffic,
  ) {}

  stop(): void {
    this.traffic.flush();
  }

  /** Throws AppError: missing, conflict (none is live), invalid (a row has no known feature). */
  async predict(
    version: StoredVersion,
    rows: PredictRow[],
    { explain, purpose = "traffic" }: PredictOptions,
  ): Promise<{ predictions: Prediction[]; warnings: Warning[] }> {
    const [model, { answerRows }] = await Promise.all([this.cache.load(version), import("./answering.ts")]);
    const { answers, warnings, table } = answerRows(model, rows, { explain });
    if (explain && rows.length <= FLIPPED_ROWS) await this.flip(version, { model, table, answers });
    if (purpose === "traffic")
      return { predictions: this.traffic.note({ version, model, rows, table, answers }), warnings };
    const predictions = answers.map((answer) => ({ id: newId(), ...answer, logged: false as const }));
    return { predictions, warnings };
  }

  /** Adds to each answer what would have to be otherwise for another one. */
  private async flip(
    version: StoredVersion,
    { model, table, answers }: { model: Model; table: Table; answers: Answer[] },
  ): Promise<void> {
    const reference = this.references.of(version);
    if (!reference) return;
    const { flips } = await import("./flip.ts");
    for (const [row, flip] of (await flips(model, table, reference)).entries())
      answers[row]!.counterfactual = flip;
  }
}
