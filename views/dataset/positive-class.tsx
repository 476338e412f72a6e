/** Of two classes, the one that a training's figures are about: which one it will be, and a choice. */
import type { CsvProfile } from "../../core/csv/types.ts";
import { positiveClass } from "../../core/trainer/positive-class.ts";

/** Nothing where the target has other than two values; another target's classes are typed. */
export function PositiveClass({ profile }: { profile: Pick<CsvProfile, "columns" | "target"> }) {
  const target = profile.columns.find(({ name }) => name === profile.target);
  const classes = target?.distinct === 2 ? target.top.slice(0, 2) : [];
  const [first, second] = classes;
  const found =
    first && second ? positiveClass([first.value, second.value], [first.count, second.count]) : null;
  return (
    <div class="field">
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
        {classes.map(({ value }) => (
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
