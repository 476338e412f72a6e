/** Draws the summary of a model version: the facts at the end of its page and its report. */

import { figure } from "../../core/platform/figures.ts";
import type { ModelView } from "../../core/routes/data/panel-data.ts";
import { isRefit } from "../../core/trainer/refit.ts";
import { type Links, url } from "../layout/page-context.ts";
import { bytes, count, plural, shortName } from "../parts/format.ts";
import { Name, Time } from "../parts/parts.tsx";
import { kindMeaning, taskLabel } from "../parts/words.ts";

/** More names than these are folded. */
const SHOWN = 12;

export function Summary({ links, version }: { links: Links; version: ModelView["versions"][number] }) {
  const { result, runId, createdAt, sizeBytes } = version;
  const { features, classes } = result.schema;
  return (
    <section id="card" class="panel card" aria-labelledby="card-heading">
      <h2 id="card-heading">Summary</h2>
      <dl class="pairs">
        <div>
          <dt>Predicts</dt>
          <dd>
            <Name of={result.schema.target} />, {taskLabel(result.task)}
          </dd>
        </div>
        <div>
          <dt>Type of model</dt>
          <dd>
            {result.best}
            {kindMeaning(result.best) && <span class="hint">: {kindMeaning(result.best)}</span>}
          </dd>
        </div>
        <div>
          <dt>Trained</dt>
          <dd>
            <Time at={createdAt} /> in{" "}
            {version.runDeleted ? (
              "a run that was deleted"
            ) : (
              <a href={url(links, `/runs/${encodeURIComponent(runId)}`)}>this run</a>
            )}
          </dd>
        </div>
        <div>
          <dt>Rows</dt>
          <dd>
            {plural(result.rowsTrain, "training row")}, {count(result.rowsTest)} test rows
            {isRefit(result.refit) && `; served model trained on all ${count(result.refit.rows)}`}
          </dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>{bytes(sizeBytes)}</dd>
        </div>
        {result.cost != null && (
          <div>
            <dt>Cost of a prediction</dt>
            <dd>{figure(result.cost)} µs a row, measured after training</dd>
          </div>
        )}
        {classes && <Names label="Classes" names={classes} id="classes" />}
        <Names label="Columns" names={features.map(({ name }) => name)} id="columns" />
      </dl>
    </section>
  );
}

function Names({ label, names, id }: { label: string; names: readonly string[]; id: string }) {
  const rest = names.slice(SHOWN);
  return (
    <div>
      <dt>
        {label} ({count(names.length)})
      </dt>
      <dd>
        {names.slice(0, SHOWN).map(shortName).join(", ")}
        {rest.length > 0 && (
          <details id={`more-${id}`}>
            <summary>{count(rest.length)} more</summary>
            {rest.join(", ")}
          </details>
        )}
      </dd>
    </div>
  );
}
