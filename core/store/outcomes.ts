/** SQL of outcomes, beside the predictions. */
import type { Handle } from "./database.ts";
import type { PredictionAnswer } from "./predictions.ts";

export interface Judged {
  answer: PredictionAnswer;
  actual: string | number;
}

const judged = ({ answer, actual }: { answer: string; actual: string }): Judged => ({
  answer: JSON.parse(answer) as PredictionAnswer,
  actual: JSON.parse(actual) as string | number,
});

/** Null without an outcome, or if its version was deleted. */
export async function findOutcome(
  store: Handle,
  predictionId: string,
): Promise<(Judged & { model: string; version: number }) | null> {
  const row = await store.get<{ model: string; version: number; answer: string; actual: string }>(
    `SELECT v.name AS model, v.version, o.answer, o.actual
     FROM outcomes o JOIN model_versions v ON v.id = o.version_id AND v.deletion IS NULL
     WHERE prediction_id = $predictionId`,
    { predictionId },
  );
  return row && { ...row, ...judged(row) };
}

/** A repeated report replaces the earlier one. */
export async function putOutcome(
  store: Handle,
  outcome: Judged & { versionId: number; predictionId: string; at: number; learned: boolean },
): Promise<void> {
  await store.run(
    `INSERT INTO outcomes (prediction_id, version_id, answer, actual, at, learned)
     VALUES ($predictionId, $versionId, $answer, $actual, $at, $learned)
     ON CONFLICT (prediction_id) DO UPDATE SET actual = excluded.actual, at = excluded.at`,
    {
      ...{ ...outcome, learned: Number(outcome.learned) },
      ...{ answer: JSON.stringify(outcome.answer), actual: JSON.stringify(outcome.actual) },
    },
  );
}

/** For the latest predictions, newest first, without rows that the version learned from. */
export async function recentOutcomes(store: Handle, versionId: number, limit: number): Promise<Judged[]> {
  return (
    await store.all<{ answer: string; actual: string }>(
      "SELECT answer, actual FROM outcomes WHERE version_id = $versionId AND learned = 0 ORDER BY prediction_id DESC LIMIT $limit",
      { versionId, limit },
    )
  ).map(judged);
}

/** An outcome with the row that was predicted. */
export interface KnownOutcome extends Judged {
  cells: Record<string, string | number | boolean | null>;
}

/** For predictions whose rows are stored, newest first, without rows that the version learned from. */
export async function knownOutcomes(
  store: Handle,
  versionId: number,
  limit: number,
): Promise<KnownOutcome[]> {
  const rows = await store.all<{ answer: string; actual: string; cells: string }>(
    `SELECT o.answer, o.actual, p.cells FROM outcomes o JOIN predictions p ON p.id = o.prediction_id
     WHERE o.version_id = $versionId AND o.learned = 0 ORDER BY o.prediction_id DESC LIMIT $limit`,
    { versionId, limit },
  );
  return rows.map((row) => ({ ...judged(row), cells: JSON.parse(row.cells) as KnownOutcome["cells"] }));
}

/** `learned`: those of rows that the version learned from. */
export async function countOutcomes(
  store: Handle,
  versionId: number,
): Promise<{ all: number; learned: number }> {
  return (await store.get<{ all: number; learned: number }>(
    `SELECT count(*) AS "all", count(*) FILTER (WHERE learned > 0) AS learned
     FROM outcomes WHERE version_id = $versionId`,
    { versionId },
  ))!;
}

/** Deletes outcomes of predictions before this id; at most `limit`. */
export async function trimOutcomes(
  store: Handle,
  { before, limit }: { before: string; limit: number },
): Promise<number> {
  return store.run(
    `DELETE FROM outcomes WHERE prediction_id IN
     (SELECT prediction_id FROM outcomes WHERE prediction_id < $before ORDER BY prediction_id LIMIT $limit)`,
    { before, limit },
  );
}
