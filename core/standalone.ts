/**
 * What answers without a server? The same code that serves, with a model's file: bundled into the module that is taken
 * along, so that its answers are the server's to the bit.
 */
import { type Answer, answerRows, type Cell } from "./answering.ts";
import { readModel } from "./trainer/model-file.ts";

export type Rows = Record<string, Cell>[];

/** `predict` and `explain` take rows by column name; what is left out is missing. */
export function openModel(bytes: Uint8Array): {
  predict: (rows: Rows) => Answer[];
  explain: (rows: Rows) => Answer[];
} {
  const model = readModel(bytes);
  const maps = (rows: Rows | Rows[number]) =>
    (Array.isArray(rows) ? rows : [rows]).map((row) => new Map(Object.entries(row ?? {})));
  return {
    predict: (rows) => answerRows(model, maps(rows), { explain: false }).answers,
    explain: (rows) => answerRows(model, maps(rows), { explain: true }).answers,
  };
}
