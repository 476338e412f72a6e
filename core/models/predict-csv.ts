/**
 * How is a whole CSV predicted? Row by row as it comes, read as every CSV is, answered in batches with the prediction's
 * columns added: memory stays flat however many rows there are, and the first answers leave while the last rows come.
 */

import { AppError } from "../platform/errors.ts";
import type { Lease } from "../platform/leases.ts";
import type { StoredVersion } from "../store/models.ts";
import type { PredictRow } from "./answering.ts";
import type { Prediction } from "./monitoring/prediction-log.ts";
import type { Serving } from "./serving.ts";

/** Others are answered between two batches: how many rows a batch has follows from how long the last one took. */
const BATCH_MS = 15;
const LEAST_ROWS = 256;
const MOST_ROWS = 1024;
/** More classes than this get one column: the probability of the class that is predicted. */
const MOST_CLASS_COLUMNS = 20;

/** The file while it comes; `signal` ends it. */
type Body = (signal: AbortSignal) => Promise<AsyncGenerator<Uint8Array>>;

/**
 * Lines of CSV. Throws AppError where the file has no row or no column of the model, and `unauthorized` when the
 * reader's access ends.
 */
export async function* predictCsv(
  serving: Serving,
  version: StoredVersion,
  { body, hold }: { body: Body; hold: Lease },
): AsyncGenerator<string> {
  const { streamRows } = await import("../csv/read-rows.ts");
  const access = new AbortController();
  const release = hold((reason) => access.abort(reason));
  try {
    const rows = streamRows(await body(access.signal));
    for await (const lines of predictRows(serving, version, rows)) {
      access.signal.throwIfAborted();
      yield lines;
      // Others go first.
      await new Promise((resolve) => setImmediate(resolve));
      access.signal.throwIfAborted();
    }
  } finally {
    release();
  }
}

async function* predictRows(
  serving: Serving,
  version: StoredVersion,
  batches: AsyncGenerator<string[][]>,
): AsyncGenerator<string> {
  const { writeRow } = await import("../csv/write.ts");
  const classes = version.result.schema.classes ?? [];
  let header: string[] | null = null;
  let predicted = 0;
  let size = LEAST_ROWS;
  for await (const rows of batches) {
    const named: string[] = header ?? rows.shift() ?? [];
    let lines = header ? "" : writeRow([...named, ...addedColumns(named, classes)]);
    if (!header) refuseForeign(named, version);
    header = named;
    for (let from = 0; from < rows.length; ) {
      const batch = rows.slice(from, from + size);
      const startedAt = performance.now();
      const asked = batch.map((row) => rowOf(named, row));
      const { predictions } = await serving.predict(version, asked, { explain: false });
      predicted += batch.length;
      // The header leaves with the first rows, so that a refusal of them still comes before the first byte.
      for (const [i, row] of batch.entries())
        lines += writeRow([...row, ...addedCells(predictions[i]!, classes)]);
      from += batch.length;
      size = nextSize(batch.length, performance.now() - startedAt);
      yield lines;
      lines = "";
    }
  }
  if (predicted === 0)
    throw new AppError("invalid", "The CSV has no row to predict", { fix: "Send a header and rows." });
}

/** Told once, by the header's row, not by a row's place in a batch. */
function refuseForeign(header: string[], { result }: StoredVersion): void {
  const names = result.schema.features.map(({ name }) => name);
  if (header.length === 0 || names.some((name) => header.includes(name))) return;
  throw new AppError("invalid", `The header names no column of this model: ${shown(header)}`, {
    row: 1,
    fix: `The columns are ${shown(names)}; leave out what is not known.`,
  });
}

function shown(names: string[]): string {
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}

function nextSize(rows: number, ms: number): number {
  const fitting = Math.floor((rows * BATCH_MS) / Math.max(0.1, ms));
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, fitting));
}

function rowOf(header: string[], row: string[]): PredictRow {
  return new Map(header.map((name, column) => [name, row[column] ?? null]));
}

/** Names of the columns that are added, none of which the file has already. */
function addedColumns(header: string[], classes: string[]): string[] {
  const wanted = [
    "prediction",
    ...(isWide(classes) ? ["probability"] : classes.map((name) => `probability_${name}`)),
    "prediction_id",
  ];
  return wanted.map((name) => {
    let free = name;
    while (header.includes(free)) free += "_";
    return free;
  });
}

/** Without an id where the prediction is not kept: no outcome can be told for it. */
function addedCells({ id, logged, prediction, probabilities }: Prediction, classes: string[]) {
  const shown = isWide(classes) ? [prediction] : classes;
  const shares = probabilities ? shown.map((name) => probabilities[name]!) : [];
  return [prediction, ...shares, logged === false ? "" : id];
}

function isWide(classes: string[]): boolean {
  return classes.length > MOST_CLASS_COLUMNS;
}
