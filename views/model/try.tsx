/** What would the model say to this row? A form made from its schema; with script it answers as you type. */

import type { ModelView } from "../../core/routes/data/panel-data.ts";
import type { Trial } from "../../core/routes/pages/page-data.ts";
import type { ModelSchema } from "../../core/trainer/contract.ts";
import { Waterfall } from "../charts/waterfall.tsx";
import { ProblemNote } from "../layout/error.tsx";
import { type Links, url } from "../layout/frame.ts";
import { figure, percent, plain } from "../parts/format.ts";
import { Bar, Command, curlLine } from "../parts/parts.tsx";

type Feature = ModelSchema["features"][number];

/** More values than this are typed, with suggestions, instead of chosen. */
const MAX_OPTIONS = 25;
const SHOWN_CLASSES = 8;

export interface TryFormProps {
  links: Links;
  name: string;
  version: ModelView["versions"][number];
  trial?: Trial;
}

export function TryForm({ links, name, version, trial }: TryFormProps) {
  const address = url(links, `/models/${encodeURIComponent(name)}/predict`);
  const { features } = version.result.schema;
  const path = `/api/models/${encodeURIComponent(name)}/predict?version=${version.version}`;
  const row = Object.fromEntries(features.map((feature) => [feature.name, feature.example]));
  return (
    <div class="try" data-needs="predict">
      <form
        class="form try-form"
        data-trial={name}
        method="post"
        action={address}
        hx-post={address}
        hx-trigger="input delay:120ms, submit"
        hx-target="#answer"
        hx-select="#answer"
        hx-swap="outerMorph"
        hx-sync="this:replace"
      >
        <input type="hidden" name="version" value={String(version.version)} />
        {features.map((feature, index) => (
          <FeatureField feature={feature} id={`feature-${index}`} value={trial?.values[feature.name]} />
        ))}
        <p class="actions">
          <button type="submit" class="primary">
            Predict
          </button>
        </p>
      </form>
      <Command code={curlLine(links, { method: "POST", path, body: row })} />
      <TrialAnswer schema={version.result.schema} {...(trial ? { trial } : {})} />
    </div>
  );
}

/** What is swapped as one types. */
export function TrialAnswer(props: { trial?: Trial; schema: ModelSchema }) {
  return (
    <div id="answer" class="answer">
      <Answer {...props} />
    </div>
  );
}

/** The same as HTML, for who answers over a socket. */
export function drawTrial(trial: Trial, { result }: { result: { schema: ModelSchema } }): string {
  return `${TrialAnswer({ trial, schema: result.schema })}`;
}

function FeatureField({ feature, id, value }: { feature: Feature; id: string; value: string | undefined }) {
  const { name, type, example, min, max } = feature;
  const shown = value ?? (example === null ? "" : String(example));
  const field = { id, name: `f.${name}` };
  const isNumber = type === "number";
  const hint =
    isNumber && min !== undefined && max !== undefined ? `seen: ${plain(min)} to ${plain(max)}` : "";
  return (
    <div class="field">
      <label for={id}>
        {name} {hint && <span class="hint">{hint}</span>}
      </label>
      {feature.values && feature.values.length <= MAX_OPTIONS ? (
        <select {...field}>
          <option value="">not known</option>
          {withShown(feature.values, shown).map((option) => (
            <option value={option} selected={option === shown}>
              {option}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...field}
          value={shown}
          autocomplete="off"
          {...(isNumber ? { inputmode: "decimal" } : {})}
          {...listOf(feature, id)}
        />
      )}
      {feature.values && feature.values.length > MAX_OPTIONS && (
        <datalist id={`${id}-values`}>
          {feature.values.map((option) => (
            <option value={option} />
          ))}
        </datalist>
      )}
    </div>
  );
}

function listOf(feature: Feature, id: string): { list?: string } {
  return feature.values && feature.values.length > MAX_OPTIONS ? { list: `${id}-values` } : {};
}

function withShown(values: readonly string[], shown: string): readonly string[] {
  return shown === "" || values.includes(shown) ? values : [shown, ...values];
}

/** Only the answer itself is spoken, at every change; the reasons below it are there to be read. */
function Answer({ trial, schema }: { trial?: Trial; schema: ModelSchema }) {
  const answer = trial?.answer;
  if (!answer) {
    return (
      <>
        <p class="empty" role="status">
          {trial
            ? "There is no answer to this row."
            : "The answer appears here. Empty fields count as not known."}
        </p>
        {trial?.problem && <ProblemNote problem={trial.problem} />}
      </>
    );
  }
  const { prediction, probabilities, contributions, counterfactual } = answer;
  const ranked = Object.entries(probabilities ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <>
      <p class="big-figure" role="status">
        {schema.target}: <strong>{typeof prediction === "number" ? figure(prediction) : prediction}</strong>
      </p>
      {trial.warnings?.map(({ column, message }) => (
        <p class="hint">
          <strong>{column}</strong>: {message}
        </p>
      ))}
      {ranked.length > 0 && (
        <ul class="probabilities">
          {ranked.slice(0, SHOWN_CLASSES).map(([label, share]) => (
            <li>
              <span>{label}</span>
              <Bar label={label} value={share} text={percent(share)} />
            </li>
          ))}
        </ul>
      )}
      {contributions && <Waterfall contributions={contributions} of={explained(schema, prediction)} />}
      {counterfactual && <p class="facts">{counterfactual.sentence}</p>}
    </>
  );
}

/** Of two classes the second's score is explained, of several the answer's. */
function explained({ target, classes = [] }: ModelSchema, prediction: string | number): string {
  if (!classes.length) return target;
  return `the chance of ${classes.length === 2 ? classes[1] : prediction}`;
}
