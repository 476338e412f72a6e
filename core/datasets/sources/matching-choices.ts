/** Selects from a dataset's import settings those that fit the columns of a new file. */
import type { ReadingChoices } from "../../csv/types.ts";

/** `dropped`: what does not fit, as sentences. */
export function nearestChoices(
  choices: ReadingChoices,
  names: readonly string[],
): { choices: ReadingChoices; dropped: string[] } {
  const known = new Set(names);
  const dropped: string[] = [];
  const gone = (what: string, column: string) => {
    dropped.push(`${what} of “${column}” was dropped, because the column is missing.`);
    return false;
  };
  const { types, missing, drop, target, task, ...layout } = choices;
  const kept: ReadingChoices = { ...layout };
  if (types) kept.types = entriesOf(types, (name) => known.has(name) || gone("The chosen type", name));
  if (missing)
    kept.missing = entriesOf(
      missing,
      (name) => known.has(name) || gone("The chosen words for missing", name),
    );
  // A column that is missing needs no excluding.
  if (drop) kept.drop = drop.filter((name) => known.has(name));
  if (target === undefined) {
    if (task) kept.task = task;
  } else if (known.has(target)) {
    kept.target = target;
    if (task) kept.task = task;
  } else gone("The choice as the target", target);
  return { choices: kept, dropped };
}

function entriesOf<T>(record: Record<string, T>, isKept: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isKept(name)));
}
