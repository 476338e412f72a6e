/** SQL that writes the rounds of trainings, many in one statement. */
import type { Handle } from "./database.ts";
import type { StoredRound } from "./runs.ts";

const ROUNDS_AT_ONCE = 200;

/** In one statement for many; of a round that was reported twice the later counts. */
export async function saveRounds(store: Handle, id: string, rounds: readonly StoredRound[]): Promise<void> {
  const latest = new Map(rounds.map((round) => [`${round.round} ${round.candidate}`, round]));
  for (const some of chunksOf([...latest.values()], ROUNDS_AT_ONCE))
    await store.run(
      `INSERT INTO run_rounds (run_id, candidate, round, train, valid, baseline, metric)
       VALUES ${some.map(() => "(?, ?, ?, ?, ?, ?, ?)").join(", ")}
       ON CONFLICT (run_id, candidate, round) DO UPDATE SET train = excluded.train, valid = excluded.valid,
         baseline = excluded.baseline, metric = excluded.metric`,
      some.flatMap(({ candidate, round, train, valid, baseline, metric }) => [
        ...[id, candidate, round, train],
        ...[valid, baseline, metric],
      ]),
    );
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
