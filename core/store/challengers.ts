/** SQL of challengers: which version is compared with the live one, and its predictions. */
import type { Handle } from "./database.ts";
import type { Judged } from "./outcomes.ts";
import type { PredictionAnswer } from "./predictions.ts";

export async function setChallenger(store: Handle, name: string, version: number | null): Promise<void> {
  await store.run("UPDATE models SET challenger_version = $version WHERE name = $name", { name, version });
}

export async function insertChallengerAnswer(
  store: Handle,
  entry: { predictionId: string; versionId: number; answer: PredictionAnswer; learned: boolean },
): Promise<void> {
  await store.run(
    `INSERT INTO challenger_answers (prediction_id, version_id, answer, learned)
     VALUES ($predictionId, $versionId, $answer, $learned) ON CONFLICT DO NOTHING`,
    { ...entry, answer: JSON.stringify(entry.answer), learned: Number(entry.learned) },
  );
}

export async function countChallengerAnswers(store: Handle, versionId: number): Promise<number> {
  return (await store.get<{ n: number }>(
    "SELECT count(*) AS n FROM challenger_answers WHERE version_id = $versionId",
    { versionId },
  ))!.n;
}

interface Pair {
  live: Judged;
  challenger: Judged;
}

const BOTH = `FROM outcomes o JOIN challenger_answers c ON c.prediction_id = o.prediction_id
     WHERE o.version_id = $liveId AND c.version_id = $challengerId`;

/** How many outcomes of both are of rows that one of the two learned from. */
export async function countLearnedOutcomes(
  store: Handle,
  ids: { liveId: number; challengerId: number },
): Promise<number> {
  const sql = `SELECT count(*) AS n ${BOTH} AND o.learned + c.learned > 0`;
  return (await store.get<{ n: number }>(sql, ids))!.n;
}

/**
 * Outcomes of the live version's predictions that the challenger has predicted too, newest first, without rows that one
 * of the two learned from.
 */
export async function comparedOutcomes(
  store: Handle,
  { liveId, challengerId, limit }: { liveId: number; challengerId: number; limit: number },
): Promise<Pair[]> {
  const rows = await store.all<{ actual: string; answer: string; other: string }>(
    `SELECT o.actual, o.answer, c.answer AS other ${BOTH} AND o.learned = 0 AND c.learned = 0
     ORDER BY o.prediction_id DESC LIMIT $limit`,
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

/** Deletes at most `limit`, and returns how many. */
export async function deleteChallengerAnswers(
  store: Handle,
  versionId: number,
  limit: number,
): Promise<number> {
  return store.run(
    `DELETE FROM challenger_answers WHERE prediction_id IN
     (SELECT prediction_id FROM challenger_answers WHERE version_id = $versionId LIMIT $limit)`,
    { versionId, limit },
  );
}

/** Deletes answers to predictions before this id; at most `limit`. */
export async function trimChallengerAnswers(
  store: Handle,
  { before, limit }: { before: string; limit: number },
): Promise<number> {
  return store.run(
    `DELETE FROM challenger_answers WHERE prediction_id IN
     (SELECT prediction_id FROM challenger_answers WHERE prediction_id < $before ORDER BY prediction_id LIMIT $limit)`,
    { before, limit },
  );
}
