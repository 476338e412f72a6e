/** Draws the positive class of two: the one that metrics refer to, its default, and a choice. */
import type { CsvProfile } from "../../core/csv/types.ts";

/** The choices for the suggested target; another target's classes are typed. */
export function PositiveClass({ profile }: { profile: CsvProfile }) {
  const { positiveClass: found, columns, target } = profile;
  const classes = found ? (columns.find(({ name }) => name === target)?.top ?? []) : [];
  return (
    <div class="field" data-tasks="binary">
      <label for="positiveClass">Positive class</label>
      <input
        id="positiveClass"
        name="positiveClass"
        list="classes-of-target"
        autocomplete="off"
        placeholder={found?.label ?? ""}
        aria-describedby="positiveClass-hint"
      />
      <datalist id="classes-of-target">
        {classes.slice(0, 2).map(({ value }) => (
          <option value={value} />
        ))}
      </datalist>
      <p id="positiveClass-hint" class="hint">
        Recall, precision, curves and the threshold are about this class.{" "}
        {found
          ? `If empty: “${found.label}”, because ${found.reason}.`
          : "If empty: chosen by its name, otherwise the rarer of two classes."}
      </p>
    </div>
  );
}
