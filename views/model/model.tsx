/** How good is this model, why, where does it err, and how is it used? Everything about one version. */

import type { ModelView } from "../../core/routes/data/panel-data.ts";
import type { WatchView } from "../../core/routes/data/watch-view.ts";
import type { Trial } from "../../core/routes/pages/page-data.ts";
import type { Weighing } from "../charts/threshold.tsx";
import { type Frame, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { PanelView } from "../panels.tsx";
import { count, figure, plural, unbroken } from "../parts/format.ts";
import { LampDot, Time } from "../parts/parts.tsx";
import { isLowerBetter, kindSays, metricLabel, taskLabel } from "../parts/words.ts";
import { EvaluationView } from "../run/evaluation.tsx";
import { MetricTable } from "../run/metric-table.tsx";
import { ComparisonView } from "./comparison.tsx";
import { MetricSays } from "./panel.tsx";
import { TryForm } from "./try.tsx";
import { TakeAlong, UseFromCode } from "./use.tsx";

export interface ModelPageProps {
  frame: Frame;
  model: ModelView;
  watch: WatchView | null;
  version: ModelView["versions"][number];
  /** The drawings' data, as core/trainer/evaluation made it; what is absent is not drawn. */
  evaluation: Record<string, unknown>;
  /** How the reader weighs mistakes; null where its run is not known. */
  weighing: Weighing | null;
  trial?: Trial | undefined;
}

const PARTS: readonly { id: string; label: string }[] = [
  { id: "try", label: "Try it" },
  { id: "good", label: "How good" },
  { id: "mistakes", label: "Where it errs" },
  { id: "why", label: "Why" },
  { id: "watch", label: "Watch" },
  { id: "use", label: "Use it" },
  { id: "card", label: "Card" },
];

export function ModelPage({ frame, model, watch, version, evaluation, weighing, trial }: ModelPageProps) {
  const { links } = frame;
  const { result } = version;
  return (
    <Layout
      frame={frame}
      title={`${model.name} version ${version.version}`}
      panels={[`model:${model.name}`, `watch:${model.name}`]}
      current="models"
      later={frame.assets.model}
    >
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/")}>Dashboard</a> / <a href={url(links, "/models")}>Models</a>
        </p>
        <h1>{model.name}</h1>
        <p class="run-status">
          <LampDot lamp={version.isLive ? "clear" : "dark"} />
          <span class="plate">Version {version.version}</span>
          {version.isLive ? "live" : "not live"}; predicts <b>{result.schema.target}</b>
        </p>
        <p class="verdict">{unbroken(result.verdict)}</p>
        <MetricSays metric={result.metric} />
        {result.comparison ? null : <Before model={model} version={version} />}
        <nav class="parts" aria-label="Parts of this page">
          <ul>
            {PARTS.map(({ id, label }) => (
              <li>
                <a href={`#${id}`}>{label}</a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <div class="model-page">
        <div class="pair">
          <section id="try" class="panel" aria-labelledby="try-heading">
            <h2 id="try-heading">Try it</h2>
            <TryForm links={links} name={model.name} version={version} {...(trial ? { trial } : {})} />
          </section>
          <PanelView panelKey={`model:${model.name}`} panel="model" data={model} links={links} />
        </div>
        <section id="good" class="panel" aria-labelledby="good-heading">
          <h2 id="good-heading">How good it is</h2>
          <p class="lead">
            Counted once on {plural(result.rowsTest, "row")} that it never learned from; it learned from{" "}
            {count(result.rowsTrain)}.
          </p>
          <MetricTable
            metric={result.metric}
            metrics={result.metrics}
            intervals={result.intervals}
            baseline={result.baseline}
          />
        </section>
        <ComparisonView comparison={result.comparison} />
        <EvaluationView
          links={links}
          model={model.name}
          version={version.version}
          evaluation={evaluation}
          schema={result.schema}
          metric={result.metric}
          weighing={weighing}
        />
        <div id="watch">
          <PanelView panelKey={`watch:${model.name}`} panel="watch" data={watch} links={links} />
        </div>
        <section id="use" class="panel" aria-labelledby="use-heading">
          <h2 id="use-heading">Use it</h2>
          <UseFromCode links={links} name={model.name} version={version} />
          <TakeAlong links={links} name={model.name} version={version.version} />
        </section>
        <ModelCard links={links} version={version} />
      </div>
    </Layout>
  );
}

/** Against the version before, by the same metric; ranges that overlap may differ by chance. */
function Before({ model, version }: { model: ModelView; version: ModelView["versions"][number] }) {
  const before = model.versions.find((entry) => entry.version < version.version);
  const { metric, metrics, intervals } = version.result;
  const now = metrics[metric];
  const then = before?.result.metrics[metric];
  if (!before || now === undefined || then === undefined) return null;
  const isBetter = isLowerBetter(metric) ? now < then : now > then;
  const [low, high] = intervals[metric] ?? [now, now];
  const isClear = then < low || then > high;
  return (
    <p class="facts">
      Version {before.version} got {metricLabel(metric)} {figure(then)}; this one gets {figure(now)}:{" "}
      {isClear ? (isBetter ? "clearly better." : "clearly worse.") : "a difference that may be chance."}
    </p>
  );
}

function ModelCard({ links, version }: { links: Frame["links"]; version: ModelView["versions"][number] }) {
  const { result, runId, createdAt } = version;
  const { features, classes } = result.schema;
  return (
    <section id="card" class="panel card" aria-labelledby="card-heading">
      <h2 id="card-heading">Card</h2>
      <dl class="pairs">
        <div>
          <dt>Predicts</dt>
          <dd>
            {result.schema.target}, {taskLabel(result.task).toLowerCase()}
            {classes && `: ${classes.join(", ")}`}
          </dd>
        </div>
        <div>
          <dt>Kind of model</dt>
          <dd>
            {result.best}
            {kindSays(result.best) && <span class="hint">: {kindSays(result.best)}</span>}
          </dd>
        </div>
        <div>
          <dt>Trained</dt>
          <dd>
            <Time at={createdAt} /> in <a href={url(links, `/runs/${encodeURIComponent(runId)}`)}>this run</a>
          </dd>
        </div>
        <div>
          <dt>Learned from</dt>
          <dd>
            {plural(result.rowsTrain, "row")}; tested on {count(result.rowsTest)}
          </dd>
        </div>
        <div>
          <dt>Looks at</dt>
          <dd>{features.map(({ name }) => name).join(", ")}</dd>
        </div>
      </dl>
    </section>
  );
}
