/** What shall be learned from this file, and how long may it take? The train form, with the rest for experts folded. */
import type { Child } from "hono/jsx";
import { type Links, url } from "../layout/frame.ts";
import { Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { METRIC_WORDS, TASK_WORDS } from "../parts/words.ts";
import type { ReadyDataset } from "./data.ts";

/** Names in one list. */
const LISTED = 1000;

export interface TrainFormProps {
  links: Links;
  dataset: ReadyDataset;
  /** Names of the columns that can be left out. */
  shown: readonly string[];
}

export function TrainForm({ links, dataset, shown }: TrainFormProps) {
  const { profile } = dataset;
  const names = profile.columns.map(({ name }) => name);
  const body = { datasetId: dataset.id, target: profile.target ?? names[0] };
  return (
    <form class="form" data-needs="train" method="post" action={url(links, `${datasetPath(dataset)}/train`)}>
      <Field id="target" label="Which column shall it predict?" hint={profile.targetReason}>
        <ColumnField id="target" names={names} chosen={profile.target} none="choose one" />
      </Field>
      <Field id="task" label="What kind of answer is it?" hint={profile.taskReason}>
        <select id="task" name="task" aria-describedby="task-hint">
          <option value="">decide by the column</option>
          {Object.entries(TASK_WORDS).map(([task, { label, says }]) => (
            <option value={task}>
              {label}: {says}
            </option>
          ))}
        </select>
      </Field>
      <Field
        id="budgetSeconds"
        label="How long may it take, in seconds?"
        hint="It stops earlier when nothing gets better."
      >
        <input
          id="budgetSeconds"
          name="budgetSeconds"
          type="number"
          min="1"
          max="86400"
          placeholder="60"
          aria-describedby="budgetSeconds-hint"
        />
      </Field>
      <details class="expert">
        <summary>More choices</summary>
        <ExpertFields names={names} shown={shown} />
      </details>
      <p class="actions">
        <button type="submit" class="primary">
          Train
        </button>
      </p>
      <Command code={curlLine(links, { method: "POST", path: "/api/train", body })} />
    </form>
  );
}

function ExpertFields({ names, shown }: { names: readonly string[]; shown: readonly string[] }) {
  return (
    <div class="form">
      <Field
        id="name"
        label="Name of the model"
        hint="Lower-case letters, digits, dots and dashes. Empty: made from the file and the target."
      >
        <input
          id="name"
          name="name"
          pattern="[a-z0-9][a-z0-9._\-]{0,79}"
          aria-describedby="name-hint"
          autocomplete="off"
        />
      </Field>
      <Field
        id="metric"
        label="Figure to compete by"
        hint="Empty: ROC AUC, log loss or R² by the kind of answer."
      >
        <select id="metric" name="metric" aria-describedby="metric-hint">
          <option value="">the usual one</option>
          {Object.entries(METRIC_WORDS).map(([metric, { label }]) => (
            <option value={metric}>{label}</option>
          ))}
        </select>
      </Field>
      <div class="pair-of-fields">
        <Field
          id="costFalsePositive"
          label="A false alarm costs"
          hint="Of two classes, in your money: it then answers so that mistakes cost least."
        >
          <input
            id="costFalsePositive"
            name="costFalsePositive"
            type="number"
            min="0"
            step="any"
            aria-describedby="costFalsePositive-hint"
          />
        </Field>
        <Field id="costFalseNegative" label="A miss costs">
          <input id="costFalseNegative" name="costFalseNegative" type="number" min="0" step="any" />
        </Field>
      </div>
      <Field
        id="split"
        label="Which rows are kept aside for the test?"
        hint="By time where the future is to be predicted; by group where rows of one person belong together."
      >
        <select id="split" name="split" aria-describedby="split-hint">
          <option value="">drawn at random</option>
          <option value="time">the latest, by a date column</option>
          <option value="group">whole groups, by a column</option>
        </select>
      </Field>
      <Field id="splitColumn" label="The date or group column" hint="Only for the two kinds above.">
        <ColumnField id="splitColumn" names={names} chosen={null} none="none" />
      </Field>
      <Field id="seed" label="Seed" hint="The same seed gives the same split and the same draws.">
        <input id="seed" name="seed" type="number" min="0" placeholder="0" aria-describedby="seed-hint" />
      </Field>
      <fieldset class="checks">
        <legend>Columns to leave out of this training</legend>
        {shown.length < names.length && (
          <p class="hint">Of the columns that the table shows; page through it for the others.</p>
        )}
        {shown.map((name) => (
          <label>
            <input type="checkbox" name="exclude" value={name} /> {name}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

/** One column of the table: a list to choose from while it is short enough to, else its name to type. */
function ColumnField(props: { id: string; names: readonly string[]; chosen: string | null; none: string }) {
  const { id, names, chosen, none } = props;
  const field = { id, name: id, required: id === "target", "aria-describedby": `${id}-hint` };
  if (names.length > LISTED) return <input {...field} value={chosen ?? ""} placeholder={none} />;
  return (
    <select {...field}>
      {(chosen === null || id !== "target") && <option value="">{none}</option>}
      {names.map((name) => (
        <option value={name} selected={name === chosen}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function Field(props: { id: string; label: string; hint?: string; children: Child }) {
  const { id, label, hint, children } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}
