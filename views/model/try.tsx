/** Draws the form that predicts one row as you type, made from the model's schema, with the reasons beside it. */
import type { ModelView } from "../../core/routes/data/panel-data.ts";
import type { WhatIf, WhatIfResult } from "../../core/routes/pages/try-row.ts";
import { isNumberField, type ModelSchema } from "../../core/trainer/contract.ts";
import { Waterfall } from "../charts/waterfall.tsx";
import { ProblemNote } from "../layout/error.tsx";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { bound, figure, figures, percent, plural, shortName, unbroken } from "../parts/format.ts";
import { Bar, Command, curlLine, Name } from "../parts/parts.tsx";

type Feature = ModelSchema["features"][number];

/** With more values than this, they are typed, with suggestions, instead of chosen. */
const MAX_OPTIONS = 25;
/** Characters that a column of fields does not show at once. */
const LONG_VALUE = 24;
const SHOWN_CLASSES = 5;
/** The others are one click away. */
const SHOWN_FIELDS = 8;
/** The number of values that a schema lists: a value beyond it may have occurred in training. */
const MOST_VALUES = 200;

export interface TryFormProps {
  links: Links;
  name: string;
  version: ModelView["versions"][number];
  /** Columns by importance, the most important first; unnamed ones come last. */
  ranking: readonly string[];
  trial?: WhatIf;
}

export function TryForm({ links, name, version, ranking, trial }: TryFormProps) {
  const address = url(links, `/models/${encodeURIComponent(name)}/predict`);
  const { features } = version.result.schema;
  const path = `/api/models/${encodeURIComponent(name)}/predict?version=${version.version}`;
  const row = Object.fromEntries(features.map((feature) => [feature.name, feature.example]));
  const place = ({ name: column }: Feature) => {
    const at = ranking.indexOf(column);
    return at < 0 ? ranking.length : at;
  };
  const ranked = features.map((feature, index) => ({ feature, index }));
  ranked.sort((a, b) => place(a.feature) - place(b.feature) || a.index - b.index);
  const field = ({ feature, index }: { feature: Feature; index: number }) => (
    <FeatureField feature={feature} id={`feature-${index}`} trial={trial} />
  );
  return (
    <div class="try" data-needs="predict">
      <form
        class="form try-form"
        data-trial={name}
        method="post"
        action={address}
        novalidate
        hx-post={address}
        hx-trigger="input delay:120ms, submit"
        hx-target="#answer"
        hx-select="#answer"
        hx-swap="outerMorph"
        hx-sync="this:replace"
      >
        <input type="hidden" name="version" value={String(version.version)} />
        <div class="try-fields">{ranked.slice(0, SHOWN_FIELDS).map(field)}</div>
        {ranked.length > SHOWN_FIELDS && (
          <details id="more-fields" class="try-more">
            <summary>{plural(ranked.length - SHOWN_FIELDS, "less important column")}</summary>
            <div class="try-fields">{ranked.slice(SHOWN_FIELDS).map(field)}</div>
          </details>
        )}
        <p class="actions">
          <button type="submit">Predict</button>
          <span class="fine">Starts with a typical row. Blank fields count as missing values.</span>
        </p>
      </form>
      <div class="try-side">
        <WhatIfAnswer schema={version.result.schema} {...(trial ? { trial } : {})} />
      </div>
      <Command code={curlLine(links, { method: "POST", path, body: row })} />
    </div>
  );
}

/** Replaced while you type. */
function WhatIfAnswer(props: { trial?: WhatIf; schema: ModelSchema }) {
  return (
    <div id="answer" class="answer">
      <Answer {...props} />
    </div>
  );
}

/** One prediction and nothing else of its model: the page for users who may predict but not read. */
export function WhatIfPage({ context, trial, asked }: WhatIfResult & { context: PageContext }) {
  return (
    <Layout context={context} title={`Prediction of ${asked.name}`} panels={[]}>
      <header class="page-head">
        <h1>
          {asked.name}, version {asked.version}
        </h1>
      </header>
      <WhatIfAnswer trial={trial} schema={asked.result.schema} />
    </Layout>
  );
}

/** The same as HTML, for the socket. */
export function drawWhatIf(trial: WhatIf, { result }: { result: { schema: ModelSchema } }): string {
  return `${WhatIfAnswer({ trial, schema: result.schema })}`;
}

function FeatureField(props: { feature: Feature; id: string; trial: WhatIf | undefined }) {
  const { feature, id, trial } = props;
  const { name, type, example, min, max } = feature;
  const value = trial?.values[name];
  const shown = value ?? (example === null ? "" : String(example));
  const field = { id, name: `f.${name}` };
  const isRanged = type === "number" && min !== undefined && max !== undefined;
  const isWide = type === "text" || feature.values?.some((option) => option.length > LONG_VALUE);
  return (
    <div class={isWide ? "field field-wide" : "field"}>
      <div class="field-head">
        <label for={id} title={name}>
          <bdi>{name}</bdi>
        </label>
        <label class="pin" title={`Keep ${name} fixed in the smallest change`}>
          <input
            type="checkbox"
            name="pin"
            value={name}
            aria-label={`Keep ${name} fixed in the smallest change`}
            checked={trial?.pinned.includes(name) ?? false}
          />
          <span aria-hidden="true">pin</span>
        </label>
      </div>
      {feature.values && feature.values.length <= MAX_OPTIONS ? (
        <select {...field}>
          <option value="">missing</option>
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
          {...(isNumberField(feature) ? { type: "number", step: "any" } : {})}
          {...(isRanged ? { min: String(min), max: String(max) } : {})}
          {...listOf(feature, id)}
        />
      )}
      {isRanged && (
        <span class="hint training-range">
          {bound(min)} to {bound(max)} in training
        </span>
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

/** Screen readers announce only the prediction itself, at every change; the reasons below are read on demand. */
function Answer({ trial, schema }: { trial?: WhatIf; schema: ModelSchema }) {
  const answer = trial?.answer;
  if (!answer) {
    return (
      <>
        <p class="empty" role="status">
          {trial ? "No prediction for this row." : "The prediction appears here."}
        </p>
        {trial?.problem && <ProblemNote problem={trial.problem} />}
      </>
    );
  }
  const { prediction, probabilities, contributions, base, counterfactual } = answer;
  const ranked = Object.entries(probabilities ?? {}).sort(([, a], [, b]) => b - a);
  const of = explained(schema, answer);
  return (
    <>
      <p class="big-figure" role="status">
        <span class="answer-target">
          Predicted <Name of={schema.target} />
        </span>
        <strong>{typeof prediction === "number" ? figure(prediction) : <Name of={prediction} />}</strong>
      </p>
      <Bounds answer={answer} />
      <Cautions trial={trial} schema={schema} />
      {ranked.length > 0 && (
        <ul class="probabilities">
          {ranked.slice(0, SHOWN_CLASSES).map(([label, share]) => (
            <li>
              <span class="probability-name" title={label}>
                <bdi>{label}</bdi>
              </span>
              <Bar label={label} value={share} text={percent(share)} />
            </li>
          ))}
        </ul>
      )}
      {ranked.length > SHOWN_CLASSES && (
        <p class="fine">{plural(ranked.length - SHOWN_CLASSES, "less likely class")}</p>
      )}
      {counterfactual && (
        <p class="smallest-change">
          <b>Smallest change.</b> {unbroken(counterfactual.sentence)}
        </p>
      )}
      {contributions && base !== undefined && <Waterfall contributions={contributions} base={base} {...of} />}
    </>
  );
}

/** Where the outcome is expected; nothing for a version without bounds. */
function Bounds({ answer: { interval, set } }: { answer: NonNullable<WhatIf["answer"]> }) {
  if (interval) {
    const [low, high] = figures([interval.low, interval.high]);
    return (
      <p class="bounds">
        90 % interval: <b>{low}</b> to <b>{high}</b>
        <span class="fine">. In 9 of 10 cases the actual value is within the interval.</span>
      </p>
    );
  }
  if (!set) return null;
  return (
    <p class="bounds">
      {set.length > 0 ? (
        <>
          90 % prediction set: <b>{set.map(shortName).join(", ")}</b>
          <span class="fine">. In 9 of 10 cases the actual class is in the set.</span>
        </>
      ) : (
        <>
          90 % prediction set: <b>empty</b>
          <span class="fine">
            . No class reaches this model's usual probability, so treat the prediction with care.
          </span>
        </>
      )}
    </p>
  );
}

/** Values outside the training data, and values that could not be read. */
function Cautions({ trial, schema }: { trial: WhatIf; schema: ModelSchema }) {
  const unread = (trial.warnings ?? []).map(({ column, message }) => ({ column, message }));
  const beyond = schema.features.flatMap((feature) => {
    const message = beyondTraining(feature, trial);
    return message && !unread.some(({ column }) => column === feature.name)
      ? [{ column: feature.name, message }]
      : [];
  });
  const told = [...unread, ...beyond];
  if (!told.length) return null;
  return (
    <ul class="cautions">
      {told.map(({ column, message }) => (
        <li>
          <b>{shortName(column)}</b> {message}
        </li>
      ))}
    </ul>
  );
}

function beyondTraining({ name, type, min, max, values }: Feature, trial: WhatIf): string | null {
  const value = trial.values[name];
  if (value === undefined || value === "") return null;
  if (type === "number" && min !== undefined && max !== undefined) {
    const number = trial.read?.get(name) ?? Number.NaN;
    if (Number.isNaN(number) || (number >= min && number <= max)) return null;
    return `is outside the training data (${bound(min)} to ${bound(max)}); treat the prediction with care.`;
  }
  if (!values || values.length >= MOST_VALUES || values.includes(value)) return null;
  return `does not occur as “${value}” in the training data.`;
}

/** What the bars refer to, and their unit. */
function explained({ target, classes = [] }: ModelSchema, answer: NonNullable<WhatIf["answer"]>) {
  if (!classes.length) return { of: shortName(target), scale: `in units of ${shortName(target)}` };
  const label = shortName(
    answer.contributionsOf ?? String(classes.length === 2 ? classes[1] : answer.prediction),
  );
  const scale =
    classes.length === 2
      ? `log-odds of ${label}; 0 is 50 %`
      : `score of ${label}; the class with the highest score is predicted`;
  return { of: `the probability of ${label}`, scale };
}
