/**
 * Explains test rows by SHAP for versions whose run had no time left for it: once, when a chart is first requested. Kept
 * in memory, for the versions requested last.
 */
import type { Table } from "../../csv/types.ts";
import { type ContributionRows, contributionRows } from "../../trainer/explain/contribution-rows.ts";
import type { Model } from "../../trainer/model/model.ts";
import { spreadRows } from "../../trainer/random.ts";
import { selectRows } from "../../training/stages/work/rows/table.ts";

const ROWS = 200;
const COLUMNS = 12;
/** It ends then with the rows that it has. */
const MOST_MS = 5000;
const VERSIONS_KEPT = 20;

const computed = new WeakMap<object, Map<string, Promise<ContributionRows | null>>>();

export interface Explained {
  model: Model;
  table: Table;
  /** Rows of the table that the model was tested on. */
  tested: Int32Array;
}

/** `owner`: the server's log; `runId`: of the version. Rejects with what `read` throws, and then tries again. */
export function lateContributions(
  owner: object,
  runId: string,
  read: () => Promise<Explained>,
): Promise<ContributionRows | null> {
  const known = computed.getOrInsertComputed(owner, () => new Map());
  const before = known.get(runId);
  if (before) return before;
  const rows = read().then(explained);
  known.set(runId, rows);
  rows.catch(() => known.delete(runId));
  const oldest = known.keys().next().value;
  if (known.size > VERSIONS_KEPT && oldest !== undefined) known.delete(oldest);
  return rows;
}

function explained({ model, table, tested }: Explained): Promise<ContributionRows | null> {
  const rows = spreadRows(tested.length, ROWS).map((place) => tested[place]!);
  const endsAt = performance.now() + MOST_MS;
  let begun = false;
  return contributionRows(
    model,
    { table: selectRows(table, rows), most: COLUMNS, take: selectRows },
    {
      // Other requests go on between the rows.
      checkpoint: () => new Promise((resolve) => setImmediate(resolve)),
      isOver: () => {
        const isOver = begun && performance.now() > endsAt;
        begun = true;
        return isOver;
      },
    },
  );
}
