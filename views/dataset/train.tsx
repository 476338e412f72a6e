/** Draws the form that starts a training: one sentence with one button, the advanced options folded below it. */
import type { Child } from "hono/jsx";
import type { ColumnProfile } from "../../core/csv/types.ts";
import { LEAST_ROWS } from "../../core/trainer/contract.ts";
import type { Task } from "../../core/trainer/samples.ts";
import { type Links, url } from "../layout/page-context.ts";
import { posted } from "../parts/form.tsx";
import { plural, short, unbroken } from "../parts/format.ts";
import { Command, curlLine } from "../parts/parts.tsx";
import { datasetPath } from "../parts/paths.ts";
import { METRIC_WORDS, TASK_WORDS } from "../parts/words.ts";
import type { ReadyDataset } from "./data.ts";
import { type ExpertProps, ExpertSettings } from "./expert.tsx";
import { ColumnField, Field, LISTED, NAME_LENGTH } from "./fields.tsx";
import { PositiveClass } from "./positive-class.tsx";

/** Columns that a model can learn to predict; the others are offered after them. */
const LIKELY = new Set<ColumnProfile["type"]>(["number", "category", "boolean"]);

/** Grouped by task, with names, because not every browser hides single options of a list. */
const METRIC_GROUPS = [...new Set(Object.values(METRIC_WORDS).map(({ tasks }) => tasks.join(" ")))].map(
  (tasks) => ({
    tasks,
    label: `For ${tasks
      .split(" ")
      .map((task) => TASK_WORDS[task as Task].short)
      .join(" or ")}`,
    metrics: Object.keys(METRIC_WORDS).filter((metric) => METRIC_WORDS[metric]!.tasks.join(" ") === tasks),
  }),
);

/** A column, and the type of prediction it would be. */
export interface TargetChoice {
  name: string;
  task: Task;
  type: ColumnProfile["type"];
}

export interface TrainFormProps {
  links: Links;
  dataset: ReadyDataset;
  targets: readonly TargetChoice[];
  /** Maximum number of columns listed for exclusion. */
  shown: readonly string[];
  /** Other datasets whose rows may be the test set. */
  others: ExpertProps["others"];
}

export function TrainForm({ links, dataset, targets, shown, others }: TrainFormProps) {
  const { profile } = dataset;
  if (profile.rows < LEAST_ROWS) return <TooFewRows links={links} rows={profile.rows} />;
  const names = profile.columns.map(({ name }) => name);
  const usable = profile.columns.filter(({ name, type }) => name !== profile.target && type !== "id").length;
  const from = profile.target === null ? Math.max(0, usable - 1) : usable;
  const body = { datasetId: dataset.id, target: profile.target ?? names[0] };
  return (
    <form
      class="hero"
      data-needs="train"
      {...posted(url(links, `${datasetPath(dataset)}/train`))}
      aria-label="Train a model"
    >
      <div class="hero-line">
        <p class="hero-words">
          <label for="target">Predict</label> <TargetField targets={targets} chosen={profile.target} />{" "}
          <span>from {plural(from, "column")}</span>
        </p>
        <button type="submit" class="primary hero-go">
          Train model
        </button>
      </div>
      <p id="target-hint" class="hint">
        {targetWords(profile)}
      </p>
      <details class="expert">
        <summary>Options</summary>
        <Options
          names={names}
          shown={shown}
          taskReason={profile.taskReason}
          positiveClass={<PositiveClass profile={profile} />}
        />
        <ExpertSettings
          names={names}
          numbers={profile.columns.filter(({ type }) => type === "number").map(({ name }) => name)}
          others={others}
        />
        <Command code={curlLine(links, { method: "POST", path: "/api/train", body })} />
      </details>
    </form>
  );
}

/** No button is offered that can only be refused. */
function TooFewRows({ links, rows }: { links: Links; rows: number }) {
  return (
    <div class="hero">
      <div class="hero-line">
        <p class="hero-words">{plural(rows, "row")} cannot train a model</p>
        <a class="button primary hero-go" href={url(links, "/#new")} data-pick="" data-needs="train">
          Choose another file
        </a>
      </div>
      <p class="hint">
        Training needs at least {LEAST_ROWS} rows: some to learn from, others to test on. Upload a file with
        more rows.
      </p>
    </div>
  );
}

function targetWords({ target, targetReason }: ReadyDataset["profile"]): string {
  const next =
    target === null
      ? "Choose one if you know better, or upload another file."
      : "Change it if you want to predict another column.";
  return unbroken(`${targetReason} ${next}`);
}

/** The target's list says the type of prediction for each column; with very many columns the name is typed. */
function TargetField({ targets, chosen }: { targets: readonly TargetChoice[]; chosen: string | null }) {
  const field = { id: "target", name: "target", required: true, "aria-describedby": "target-hint" };
  if (targets.length > LISTED)
    return <input {...field} value={chosen ?? ""} placeholder="column name" autocomplete="off" />;
  const [likely, others] = [true, false].map((isLikely) =>
    targets.filter(({ type }) => LIKELY.has(type) === isLikely),
  );
  const option = ({ name, task }: TargetChoice) => (
    <option value={name} selected={name === chosen} data-task={task}>
      {short(name, NAME_LENGTH)} ({TASK_WORDS[task].short})
    </option>
  );
  return (
    <select {...field}>
      {chosen === null && <option value="">choose a column</option>}
      {likely!.map(option)}
      {others!.length > 0 && (
        <optgroup label="Identifiers, dates and free text">{others!.map(option)}</optgroup>
      )}
    </select>
  );
}

function Options(props: {
  names: readonly string[];
  shown: readonly string[];
  taskReason: string;
  positiveClass: Child;
}) {
  const { names, shown, taskReason, positiveClass } = props;
  return (
    <div class="options">
      <Field id="task" label="Type of prediction" hint={taskReason}>
        <select id="task" name="task" aria-describedby="task-hint">
          <option value="">Detect automatically</option>
          {Object.entries(TASK_WORDS).map(([task, { label, says }]) => (
            <option value={task}>
              {label}: {says}
            </option>
          ))}
        </select>
      </Field>
      <Field id="budgetSeconds" label="Time limit (seconds)" hint="Stops early when results stop improving.">
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
      <Field id="name" label="Model name" hint="Lower-case letters, digits, dots and dashes. Optional.">
        <input
          id="name"
          name="name"
          pattern="[a-z0-9][a-z0-9._\-]{0,79}"
          aria-describedby="name-hint"
          autocomplete="off"
          placeholder="from the file name"
        />
      </Field>
      <Field
        id="metric"
        label="Metric to optimise"
        hint="By default ROC AUC (Yes/No), log loss (category) or R² (number)."
      >
        <select id="metric" name="metric" aria-describedby="metric-hint">
          <option value="">Default</option>
          {METRIC_GROUPS.map(({ label, tasks, metrics }) => (
            <optgroup label={label} data-tasks={tasks}>
              {metrics.map((metric) => (
                <option value={metric} data-tasks={tasks}>
                  {METRIC_WORDS[metric]!.label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </Field>
      <Field
        id="costFalsePositive"
        only="binary"
        label="Cost of a false positive"
        hint="Yes/No only: predicts Yes where No is true. Sets the threshold with the lowest cost."
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
      <Field
        id="costFalseNegative"
        only="binary"
        label="Cost of a false negative"
        hint="Yes/No only: predicts No where Yes is true."
      >
        <input
          id="costFalseNegative"
          name="costFalseNegative"
          type="number"
          min="0"
          step="any"
          aria-describedby="costFalseNegative-hint"
        />
      </Field>
      {positiveClass}
      <Field
        id="split"
        label="Test set"
        hint="Use the latest rows to predict the future, whole groups when rows of one person belong together."
      >
        <select id="split" name="split" aria-describedby="split-hint">
          <option value="">Random rows</option>
          <option value="time">The latest rows, by a date column</option>
          <option value="group">Whole groups, by a column</option>
        </select>
      </Field>
      <Field id="splitColumn" label="Date or group column" hint="Needed for the last two test sets only.">
        <ColumnField id="splitColumn" names={names} />
      </Field>
      <Field id="seed" label="Random seed" hint="The same seed and data give the same model.">
        <input id="seed" name="seed" type="number" min="0" placeholder="0" aria-describedby="seed-hint" />
      </Field>
      <fieldset class="checks">
        <legend>Exclude columns</legend>
        {shown.length < names.length && (
          <p class="hint">
            Only the columns shown in the table below are listed. Use its paging for the others.
          </p>
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
