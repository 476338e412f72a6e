/** Draws a model version's page: results, a form to try it, mistakes, explanations, and how to use it. */
import type { Problem } from "../../core/http/problem.ts";
import type { MonitoringView } from "../../core/routes/data/monitoring-view.ts";
import type { ModelView } from "../../core/routes/data/panel-data.ts";
import type { OutcomeNote } from "../../core/routes/pages/outcome-forms.ts";
import type { WhatIf } from "../../core/routes/pages/try-row.ts";
import { readEvaluation } from "../../core/training/results/evaluation-data.ts";
import type { Weighing } from "../charts/threshold.tsx";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { PanelView } from "../panels.tsx";
import { Deletion, Organise } from "../parts/organise.tsx";
import { LampDot, Name } from "../parts/parts.tsx";
import { modelPath } from "../parts/paths.ts";
import { Export } from "./export.tsx";
import { MonitoringPanel } from "./monitoring/monitoring.tsx";
import { OutcomeSummary } from "./monitoring/outcomes.tsx";
import { ModelPanel } from "./panel.tsx";
import { Mistakes, Reasons } from "./results/evaluation.tsx";
import { Verdict } from "./results/verdict.tsx";
import { Summary } from "./summary.tsx";
import { TryForm } from "./try.tsx";
import { UseFromCode } from "./use.tsx";

export interface ModelPageProps {
  context: PageContext;
  model: ModelView;
  watch: MonitoringView | null;
  version: ModelView["versions"][number];
  /** The data of the charts, as the training made it; what is absent is not drawn. */
  evaluation: Record<string, unknown>;
  /** The reader's costs of mistakes; null if its run is unknown. */
  weighing: Weighing | null;
  trial?: WhatIf | undefined;
  /** Why the file of the last form was not predicted. */
  batch?: Problem | undefined;
  /** The result of outcomes that the page's forms reported. */
  outcome?: OutcomeNote | undefined;
}

const PARTS: readonly { id: string; label: string }[] = [
  { id: "good", label: "Is it good?" },
  { id: "try", label: "Try it" },
  { id: "mistakes", label: "Where is it wrong?" },
  { id: "why", label: "Why?" },
  { id: "use", label: "How do I use it?" },
];

export function ModelPage(props: ModelPageProps) {
  const { context, model, watch, version, evaluation, weighing, trial, batch, outcome } = props;
  const { links } = context;
  const { result } = version;
  const data = readEvaluation(evaluation);
  return (
    <Layout
      context={context}
      title={`${model.name} version ${version.version}`}
      panels={[`model:${model.name}`, `watch:${model.name}`]}
      current="models"
      later={context.assets.model}
    >
      <header class="page-head model-head">
        <p class="crumbs">
          <a href={url(links, "/models")}>Models</a>
        </p>
        <h1>
          <bdi>{model.name}</bdi>
        </h1>
        <p class="run-status">
          <LampDot lamp={version.isLive ? "clear" : "dark"} />
          <span class="plate">Version {version.version}</span>
          {version.isLive ? "live" : "not live"}, predicts{" "}
          <b>
            <Name of={result.schema.target} />
          </b>
        </p>
        <p class="model-share">
          <a href={url(links, `${modelPath(model.name)}/report?version=${version.version}`)}>
            Report to share or print
          </a>
        </p>
      </header>
      {outcome && <OutcomeSummary note={outcome} />}
      <nav class="index" aria-label="Sections of this page">
        <ul>
          {PARTS.map(({ id, label }) => (
            <li>
              <a href={`#${id}`}>{label}</a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="model-page">
        <div class="model-top">
          <Verdict version={version} data={data} />
          <PanelView
            panelKey={`model:${model.name}`}
            panel="model"
            content={ModelPanel}
            data={model}
            links={links}
          />
        </div>
        <section id="try" class="panel" aria-labelledby="try-heading">
          <h2 id="try-heading">Try it</h2>
          <TryForm
            links={links}
            name={model.name}
            version={version}
            ranking={data.importance.map(({ column }) => column)}
            {...(trial ? { trial } : {})}
          />
        </section>
        <Mistakes
          links={links}
          model={model.name}
          version={version}
          target={result.schema.target}
          data={data}
          weighing={weighing}
        />
        <Reasons
          data={data}
          target={result.schema.target}
          metric={result.metric}
          charts={url(
            links,
            `/api/models/${encodeURIComponent(model.name)}/versions/${version.version}/charts`,
          )}
        />
        <section id="use" class="panel" aria-labelledby="use-heading">
          <h2 id="use-heading">How do I use it?</h2>
          <UseFromCode
            links={links}
            name={model.name}
            version={version}
            {...(batch ? { problem: batch } : {})}
          />
          <Export
            links={links}
            name={model.name}
            version={version.version}
            charted={{ data, target: result.schema.target, metric: result.metric }}
          />
        </section>
        <PanelView
          panelKey={`watch:${model.name}`}
          panel="watch"
          content={MonitoringPanel}
          data={watch}
          links={links}
        />
        <Summary links={links} version={version} />
        <DeleteVersion links={links} model={model} version={version.version} />
        <Organise
          links={links}
          path={modelPath(model.name)}
          what="model"
          name={model.name}
          tags={model.tags}
          note={model.note}
          archived={model.archived}
          viewer={context.viewer}
          owner={model.owner}
          visibility={model.visibility}
          deleting={`Deletes the model with all of its versions${model.liveVersion === null ? "" : "; predictions stop"}.`}
        />
      </div>
    </Layout>
  );
}

/** With a single version the model is deleted; the live one of several must be replaced first. */
function DeleteVersion({
  links,
  model,
  version,
}: {
  links: PageContext["links"];
  model: ModelView;
  version: number;
}) {
  if (model.versions.length < 2 || model.liveVersion === version) return null;
  return (
    <Deletion
      links={links}
      path={`${modelPath(model.name)}/versions/${version}`}
      what={`version ${version}`}
      deleting="Deletes this version with its logged predictions. The others stay."
    />
  );
}
