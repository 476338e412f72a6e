/** Reads a reported outcome as the model's target was read in training. */
import type { ColumnPlan } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import { targetPlan } from "../../training/stages/work/target.ts";
import { type Cell, CellReader, type ColumnStyle, newStyle } from "./cell-reader.ts";
import { quoted, type Warning } from "./warnings.ts";

export type Actual = Exclude<Cell, null>;

type Predicted = Pick<RunSummary, "task" | "schema" | "readings">;

/** The outcomes that one request reports for one version. */
export class OutcomeReader {
  private readonly reader: CellReader;
  private readonly style: ColumnStyle = newStyle();

  constructor(private readonly predicted: Predicted) {
    const { task, schema } = predicted;
    const plan = targetPlan(planOf(predicted), task);
    this.reader = new CellReader(plan, task === "regression" ? null : (schema.classes ?? []));
  }

  /**
   * The class in the model's spelling, or the number, and a warning about how it was read. Throws AppError `invalid`.
   */
  read(actual: Actual): { value: string | number; warnings: Warning[] } {
    const { schema, task } = this.predicted;
    const warnings: Warning[] = [];
    const value = this.reader.read(actual, this.style, (code, message) =>
      warnings.push({ row: 0, column: schema.target, code, message }),
    );
    const isFitting = task === "regression" ? typeof value === "number" : this.isClass(value);
    if (value !== null && isFitting) return { value, warnings };
    throw refusal(this.predicted, actual, warnings[0]);
  }

  /** Only learns how outcomes are written. */
  learn(actual: Actual): void {
    this.reader.read(actual, this.style, () => {
      // Said when it is read.
    });
  }

  settle(): void {
    this.style.isSettled = true;
  }

  private isClass(value: string | number | null): boolean {
    return this.predicted.schema.classes?.includes(String(value)) ?? false;
  }
}

/** Older models did not store how their target was read. */
function planOf({ task, schema, readings }: Predicted): ColumnPlan {
  const known = readings?.columns.findLast(({ name }) => name === schema.target);
  const type = task === "regression" ? "number" : "category";
  return known ?? { name: schema.target, type, missingWords: [] };
}

const AMBIGUOUS = "is ambiguous: the decimal mark of the other outcomes is not the one of the training data";

function refusal({ task, schema }: Predicted, actual: Actual, warning: Warning | undefined): AppError {
  const shown = quoted(String(actual).trim());
  if (task === "regression")
    return new AppError(
      "invalid",
      `${shown} ${warning?.code === "ambiguous_style" ? AMBIGUOUS : "is not a number"}`,
      {
        fix: `Send ${schema.target} as a number with a decimal point.`,
        example: '{"actual":12.5}',
      },
    );
  const classes = schema.classes ?? [];
  const listed = classes
    .slice(0, 20)
    .map((label) => JSON.stringify(label))
    .join(", ");
  return new AppError("invalid", `${shown} is not a class of ${schema.target}`, {
    fix: `The classes are ${listed}${classes.length > 20 ? ", …" : ""}; train again to add a class.`,
    example: JSON.stringify({ actual: classes[0] }),
  });
}
