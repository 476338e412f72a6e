/**
 * Stores reported outcomes of predictions. Outcomes told for predictions, one or many at a time; telling the same
 * again changes nothing.
 */
import { AppError } from "../../platform/errors.ts";
import type { Handle } from "../../store/database.ts";
import { findVersion } from "../../store/models.ts";
import { findOutcome, putOutcome } from "../../store/outcomes.ts";
import { findPrediction, versionKey } from "../../store/predictions.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import { PREDICTION_ID } from "./prediction-id.ts";

export type Actual = string | number | boolean;

export interface Told {
  id: string;
  model: string;
  version: number;
  prediction: string | number;
  actual: string | number;
  /** "changed": another outcome had been told before; it is in `previous`. */
  status: "recorded" | "unchanged" | "changed";
  previous?: string | number;
}

export interface ActualsOptions {
  now: () => number;
  /** Why an id may not be known, for the fix. */
  keeps: () => string;
}

/** One telling's reader: what it looks up of versions serves all of its rows. */
export class ActualsReader {
  private readonly results = new Map<string, { key: number; result: RunSummary }>();

  constructor(private readonly options: ActualsOptions) {}

  /** Throws AppError: `missing` for an id that is not kept, `invalid` for what the target cannot be. */
  async tell(tx: Handle, { id, actual }: { id: string; actual: Actual }): Promise<Told> {
    const { now } = this.options;
    const { model, version, answer, actual: previous } = await this.find(tx, id);
    const { key: versionId, result } = await this.version(tx, model, version);
    const value = readActual(result, actual);
    const told = { id, model, version, prediction: answer.prediction, actual: value };
    if (previous === value) return { ...told, status: "unchanged" };
    await putOutcome(tx, { predictionId: id, versionId, answer, actual: value, at: now() });
    return previous === null ? { ...told, status: "recorded" } : { ...told, status: "changed", previous };
  }

  /** An outcome is known even after its prediction has left the log. */
  private async find(tx: Handle, id: string) {
    const known = PREDICTION_ID.test(id)
      ? ((await findOutcome(tx, id)) ?? (await findPrediction(tx, id)))
      : null;
    if (known) return known;
    throw new AppError("missing", `The prediction ${JSON.stringify(id.slice(0, 60))} does not exist`, {
      fix: this.options.keeps(),
    });
  }

  private async version(
    tx: Handle,
    model: string,
    version: number,
  ): Promise<{ key: number; result: RunSummary }> {
    const name = `${model}:${version}`;
    let known = this.results.get(name);
    if (!known) {
      known = {
        key: (await versionKey(tx, model, version))!,
        result: (await findVersion(tx, model, version))!.result,
      };
      this.results.set(name, known);
    }
    return known;
  }
}

/**
 * The class as it stands in the CSV, or the number. Classes are found by their text, then without case, then by their
 * number ("1.0" is "1"). Throws AppError `invalid`.
 */
export function readActual({ task, schema }: Pick<RunSummary, "task" | "schema">, actual: Actual) {
  const text = String(actual).trim();
  if (task === "regression") {
    const value = text === "" || typeof actual === "boolean" ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new AppError("invalid", `${JSON.stringify(text.slice(0, 60))} is not a number`, {
      fix: `Send ${schema.target} as a number with a decimal point.`,
      example: '{"actual":12.5}',
    });
  }
  const classes = schema.classes ?? [];
  const number = text === "" ? Number.NaN : Number(text);
  const found =
    classes.find((label) => label === text) ??
    sole(classes.filter((label) => label.toLowerCase() === text.toLowerCase())) ??
    sole(classes.filter((label) => label !== "" && Number(label) === number));
  if (found !== undefined) return found;
  const shown = classes
    .slice(0, 20)
    .map((label) => JSON.stringify(label))
    .join(", ");
  throw new AppError("invalid", `${JSON.stringify(text.slice(0, 60))} is not a class of ${schema.target}`, {
    fix: `The classes are ${shown}${classes.length > 20 ? ", …" : ""}; train again to add a class.`,
    example: JSON.stringify({ actual: classes[0] }),
  });
}

function sole(labels: string[]): string | undefined {
  return labels.length === 1 ? labels[0] : undefined;
}
