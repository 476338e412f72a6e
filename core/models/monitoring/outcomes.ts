/** Stores reported outcomes of predictions, one or many at a time; reporting the same again changes nothing. */
import { AppError } from "../../platform/errors.ts";
import type { Handle } from "../../store/database.ts";
import { findVersion, type StoredVersion } from "../../store/models.ts";
import { findOutcome, putOutcome } from "../../store/outcomes.ts";
import { findPrediction, versionKey } from "../../store/predictions.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { PredictRow } from "../predict-rows.ts";
import type { Actual, OutcomeReader } from "../rows/outcome-reader.ts";
import type { Warning } from "../rows/warnings.ts";
import { PREDICTION_ID } from "./prediction-id.ts";

export interface Told {
  id: string;
  model: string;
  version: number;
  prediction: string | number;
  actual: string | number;
  /** The outcome reported before, if this one changed it. */
  status: "recorded" | "unchanged" | "changed";
  previous?: string | number;
  /** Values that were read differently from how they are written; absent if there are none. */
  warnings?: Warning[];
}

export interface OutcomeReportOptions {
  now: () => number;
  /** Why an ID may be unknown, for the fix. */
  keeps: () => string;
}

/** The reader of one report: its lookups of versions, and how their outcomes are written, apply to all of its rows. */
export class OutcomeReport {
  private readonly versions = new Map<string, { key: number; outcomes: OutcomeReader }>();

  constructor(private readonly options: OutcomeReportOptions) {}

  /** Throws AppError: `missing` for an ID that is not stored, `invalid` for a value that the target cannot have. */
  async tell(
    tx: Handle,
    { id, actual, learned }: { id: string; actual: Actual; learned: boolean },
  ): Promise<Told> {
    const { now } = this.options;
    const { model, version, answer, actual: previous } = await this.find(tx, id);
    const { key: versionId, outcomes } = await this.version(tx, model, version);
    const { value, warnings } = outcomes.read(actual);
    const said = { ...(warnings.length > 0 && { warnings }) };
    const told = { id, model, version, prediction: answer.prediction, actual: value };
    if (previous === value) return { ...told, status: "unchanged", ...said };
    await putOutcome(tx, { predictionId: id, versionId, answer, actual: value, at: now(), learned });
    if (previous === null) return { ...told, status: "recorded", ...said };
    return { ...told, status: "changed", previous, ...said };
  }

  /** Learns from the first rows of a file how its outcomes are written; later contradictions are refused. */
  async settle(tx: Handle, rows: readonly { id: string; actual: Actual }[]): Promise<void> {
    for (const { id, actual } of rows) {
      const known = await lookUp(tx, id);
      if (known) (await this.version(tx, known.model, known.version)).outcomes.learn(actual);
    }
    for (const { outcomes } of this.versions.values()) outcomes.settle();
  }

  /** An outcome is known even after its prediction has left the log. */
  private async find(tx: Handle, id: string) {
    const known = await lookUp(tx, id);
    if (known) return known;
    throw new AppError("missing", `The prediction ${JSON.stringify(id.slice(0, 60))} does not exist`, {
      fix: this.options.keeps(),
    });
  }

  private async version(tx: Handle, model: string, version: number) {
    const name = `${model}:${version}`;
    let known = this.versions.get(name);
    if (!known) {
      // Loaded when needed: a server that starts needs none of it.
      const { OutcomeReader } = await import("../rows/outcome-reader.ts");
      const { result } = (await findVersion(tx, model, version))!;
      known = { key: (await versionKey(tx, model, version))!, outcomes: new OutcomeReader(result) };
      this.versions.set(name, known);
    }
    return known;
  }
}

async function lookUp(tx: Handle, id: string) {
  return PREDICTION_ID.test(id) ? ((await findOutcome(tx, id)) ?? (await findPrediction(tx, id))) : null;
}

/** Those of these predictions whose row their version was trained on. Called outside a transaction. */
export async function learnedPredictions(
  { store, load }: { store: Handle; load: (version: StoredVersion) => Promise<Model> },
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = new Map<string, { id: string; cells: PredictRow }[]>();
  for (const id of ids) {
    const made = PREDICTION_ID.test(id) ? await findPrediction(store, id) : null;
    if (!made) continue;
    const key = JSON.stringify([made.model, made.version]);
    rows.set(key, [...(rows.get(key) ?? []), { id, cells: new Map(Object.entries(made.row)) }]);
  }
  const learned = new Set<string>();
  for (const [key, asked] of rows) {
    const [name, number] = JSON.parse(key) as [string, number];
    const version = await findVersion(store, name, number);
    if (!version) continue;
    const [model, { learnedFrom }] = await Promise.all([load(version), import("../predict-rows.ts")]);
    const isLearned = learnedFrom(
      model,
      asked.map(({ cells }) => cells),
    );
    for (const [i, { id }] of asked.entries()) if (isLearned[i]) learned.add(id);
  }
  return learned;
}
