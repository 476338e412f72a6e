/** SQL of challengers: which version is measured beside the live one, and what it would have answered. */
import type { Store } from "./database.ts";
import type { Judged } from "./outcomes.ts";
import type { PredictionAnswer } from "./predictions.ts";

export function setChallenger(store: Store, name: string, version: number | null): void {
  store.run("UPDATE models SET challenger_version = $version WHERE name = $name", { name, version });
}

export function insertChallengerAnswer(
  store: Store,
  entry: { predictionId: string; versionId: number; answer: PredictionAnswer },
): void {
  store.run(
    `INSERT INTO challenger_answers (prediction_id, version_id, answer)
     VALUES ($predictionId, $versionId, $answer) ON CONFLICT DO NOTHING`,
    { ...entry, answer: JSON.stringify(entry.answer) },
  );
}

export function countChallengerAnswers(store: Store, versionId: number): number {
  return store.get<{ n: number }>(
    "SELECT count(*) AS n FROM challenger_answers WHERE version_id = $versionId",
    { versionId },
  )!.n;
}

interface Pair {
  live: Judged;
  challenger: Judged;
}

/** Outcomes of the live version's predictions that the challenger has answered too, newest first. */
export function comparedOutcomes(
  store: Store,
  { liveId, challengerId, limit }: { liveId: number; challengerId: number; limit: number },
): Pair[] {
  const rows = store.all<{ actual: string; answer: string; other: string }>(
    `SELECT o.actual, o.answer, c.answer AS other
     FROM outcomes o JOIN challenger_answers c ON c.prediction_id = o.prediction_id
     WHERE o.version_id = $liveId AND c.version_id = $challengerId ORDER BY o.prediction_id DESC LIMIT $limit`,
    { liveId, challengerId, limit },
  );
  return rows.map(({ actual, answer, other }) => {
    const truth = JSON.parse(actual) as string | number;
    return {
      live: { actual: truth, answer: JSON.parse(answer) as PredictionAnswer },
      challenger: { actual: truth, answer: JSON.parse(other) as PredictionAnswer },
    };
  });
}

export function deleteChallengerAnswers(store: Store, versionId: number, limit: number): number {
  return store.run(
    `DELETE FROM challenger_answers WHERE prediction_id IN
     (SELECT prediction_id FROM challenger_answers WHERE version_id = $versionId LIMIT $limit)`,
    { versionId, limit },
  ).changes;
}

/** Deletes answers to predictions before this id; at most `limit`. */
export function trimChallengerAnswers(
  store: Store,
  { before, limit }: { before: string; limit: number },
): number {
  return store.run(
    `DELETE FROM challenger_answers WHERE prediction_id IN
     (SELECT prediction_id FROM challenger_answers WHERE prediction_id < $before ORDER BY prediction_id LIMIT $limit)`,
    { before, limit },
  ).changes;
}
