/**
 * Predicts without a server: the same code that serves, with a model's file, bundled into the exported module, so that
 * its predictions equal the server's to the bit.
 */

import { FEW_ROWS } from "../trainer/model/members.ts";
import { readModel } from "../trainer/model/model-file.ts";
import { type Answer, type AnswerOptions, answerRows, type Cell } from "./predict-rows.ts";

export type Rows = Record<string, Cell>[];

/** `predict` and `explain` take rows by column name; what is left out is missing. */
export function openModel(bytes: Uint8Array): {
  predict: (rows: Rows, options?: { interval?: number }) => Answer[];
  explain: (rows: Rows, options?: { interval?: number }) => Answer[];
} {
  const model = readModel(bytes);
  // Browsers give no shared memory to a page opened from disk: fewer rows at a time are predicted without it.
  const answer = (rows: Map<string, Cell>[], options: AnswerOptions) => {
    const answers: Answer[] = [];
    for (let from = 0; from < rows.length; from += FEW_ROWS - 1)
      answers.push(...answerRows(model, rows.slice(from, from + FEW_ROWS - 1), options).answers);
    return answers;
  };
  const maps = (rows: Rows | Rows[number]) =>
    (Array.isArray(rows) ? rows : [rows]).map((row) => new Map(Object.entries(row ?? {})));
  return {
    predict: (rows, { interval } = {}) => answer(maps(rows), { explain: false, interval }),
    explain: (rows, { interval } = {}) => answer(maps(rows), { explain: true, interval }),
  };
}
