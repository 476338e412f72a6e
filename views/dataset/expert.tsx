/** Draws the settings for experts of a training: one field for each setting of the record that the API's schema is made of. */
import { LEARNER_NAMES, LEARNERS, type LearnerRecord } from "../../core/trainer/learners/catalogue.ts";
import {
  EXPERT_NAMES,
  EXPERT_SETTINGS,
  type ExpertName,
  expertHelp,
  type Takes,
} from "../../core/training/options/expert.ts";
import { ColumnField, Field } from "./fields.tsx";

/** They have a place of their own among the options above. */
const ELSEWHERE: ReadonlySet<ExpertName> = new Set(["groups"]);

export interface ExpertProps {
  /** Columns of the dataset. */
  names: readonly string[];
  /** Those of them that hold numbers. */
  numbers: readonly string[];
  /** Other datasets whose rows may be the test set. */
  others: readonly { id: string; name: string }[];
}

export function ExpertSettings(props: ExpertProps) {
  return (
    <details class="expert">
      <summary>Settings for experts</summary>
      <div class="options">
        {EXPERT_NAMES.filter((name) => !ELSEWHERE.has(name)).map((name) => {
          const { label, takes } = EXPERT_SETTINGS[name];
          if (takes.kind === "learners") return <Learners />;
          return (
            <Field id={name} label={label} hint={expertHelp(name)}>
              <Setting name={name} takes={takes} {...props} />
            </Field>
          );
        })}
      </div>
      <Parameters />
    </details>
  );
}

function Setting({ name, takes, names, numbers, others }: ExpertProps & { name: ExpertName; takes: Takes }) {
  const field = { id: name, name, "aria-describedby": `${name}-hint` };
  if (takes.kind === "column")
    return <ColumnField id={name} names={takes.type === "number" ? numbers : names} />;
  if (takes.kind === "number") {
    const { min, max, isWhole } = takes;
    return (
      <input {...field} type="number" min={String(min)} max={String(max)} step={isWhole ? "1" : "any"} />
    );
  }
  if (takes.kind === "choice" || takes.kind === "switch" || takes.kind === "dataset") {
    return (
      <select {...field}>
        <option value="">Default</option>
        {optionsOf(takes, others).map(({ value, label }) => (
          <option value={value}>{label}</option>
        ))}
      </select>
    );
  }
  return <input {...field} autocomplete="off" placeholder={takes.kind === "pairs" ? takes.example : ""} />;
}

function optionsOf(takes: Takes, others: ExpertProps["others"]): readonly { value: string; label: string }[] {
  if (takes.kind === "choice") return takes.values;
  if (takes.kind === "dataset") return others.map(({ id, name }) => ({ value: id, label: name }));
  return [
    { value: "true", label: "Yes" },
    { value: "false", label: "No" },
  ];
}

function Learners() {
  const { label } = EXPERT_SETTINGS.learners;
  return (
    <fieldset class="checks">
      <legend>{label}</legend>
      <p class="hint">{expertHelp("learners")}</p>
      {LEARNER_NAMES.map((name) => (
        <label>
          <input type="checkbox" name="learners" value={name} /> {LEARNERS[name].label}: {LEARNERS[name].says}
        </label>
      ))}
    </fieldset>
  );
}

/** What may be set of each learner, by the names that a reader knows. */
function Parameters() {
  return (
    <details class="more">
      <summary>Names of parameters</summary>
      <dl class="parameters">
        {LEARNER_NAMES.map((learner) => {
          const { parameters, label }: LearnerRecord = LEARNERS[learner];
          return Object.entries(parameters).map(([name, { also, min, max, says }]) => (
            <>
              <dt>
                <code>
                  {learner}.{name}
                </code>
                {also.length > 0 && ` (also ${also.join(", ")})`}
              </dt>
              <dd>
                {label}: {says} {min} to {max}.
              </dd>
            </>
          ));
        })}
      </dl>
    </details>
  );
}
