/** Draws a run's page: the current step, the stages, the curve and the candidates in one view; the results below. */

import type { PanelKey } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import type { RunView } from "../../core/training/run-view.ts";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { ExportLink, RunFiles } from "../model/export.tsx";
import { PanelView } from "../panels.tsx";
import { Organise } from "../parts/organise.tsx";
import { Action, Command, curlLine, Name, Time } from "../parts/parts.tsx";
import { LeaderboardPanel } from "./leaderboard.tsx";
import { RunPanel, StagesPanel } from "./pipeline.tsx";
import { ReportPanel } from "./report.tsx";
import { CurvePanel } from "./training.tsx";

type RunPart = "run" | "stages" | "curve" | "leaderboard" | "report";

export interface RunPageProps {
  context: PageContext;
  run: RunView;
  data: { [P in RunPart]?: PanelData[P] | null };
}

export function RunPage({ context, run, data }: RunPageProps) {
  const { links } = context;
  const key = (panel: RunPart): PanelKey => `${panel}:${run.id}`;
  const isBusy = run.status === "running" || run.status === "queued";
  return (
    <Layout
      context={context}
      title={`Run ${run.number}: ${run.target}`}
      current="runs"
      panels={[key("run"), key("stages"), key("curve"), key("leaderboard"), key("report")]}
      {...(isBusy ? { refreshSeconds: 5, script: context.assets.run } : {})}
    >
      <header class="page-head run-page-head">
        <p class="crumbs">
          <a href={url(links, "/runs")}>Runs</a> /{" "}
          {run.datasetDeleted ? (
            <>
              <Name of={run.datasetName} /> (deleted)
            </>
          ) : (
            <a href={url(links, `/datasets/${encodeURIComponent(run.datasetId)}`)}>
              <Name of={run.datasetName} />
            </a>
          )}
        </p>
        <h1>
          Run {run.number}:{" "}
          {run.name ?? (
            <>
              predicting <Name of={run.target} />
            </>
          )}
        </h1>
        <p class="facts">
          Started <Time at={run.startedAt ?? run.queuedAt} />
        </p>
      </header>
      <div class="run-page">
        <div class="run-show">
          <PanelView
            panelKey={key("run")}
            panel="run"
            content={RunPanel}
            data={data.run ?? null}
            links={links}
          />
          <PanelView
            panelKey={key("stages")}
            panel="stages"
            content={StagesPanel}
            data={data.stages ?? null}
            links={links}
          />
          <div class="pair">
            <PanelView
              panelKey={key("curve")}
              panel="curve"
              content={CurvePanel}
              data={data.curve ?? null}
              links={links}
            />
            <PanelView
              panelKey={key("leaderboard")}
              panel="leaderboard"
              content={LeaderboardPanel}
              data={data.leaderboard ?? null}
              links={links}
            />
          </div>
        </div>
        <PanelView
          panelKey={key("report")}
          panel="report"
          content={ReportPanel}
          data={data.report ?? null}
          links={links}
        />
        <RunExport links={links} run={run} />
        <section class="panel" aria-labelledby="again-heading">
          <h2 id="again-heading">Train again or compare</h2>
          <div class="actions">
            <Action
              links={links}
              path={`/runs/${run.id}/again`}
              label="Train again with these settings"
              then="go"
              curl={curlLine(links, { method: "POST", path: "/api/train", body: { fromRun: run.id } })}
            />
            <a class="button" href={url(links, `/runs?q=${encodeURIComponent(run.datasetName)}`)}>
              Compare with other runs on <Name of={run.datasetName} />
            </a>
          </div>
          <Command
            label="This run as JSON"
            code={curlLine(links, { method: "GET", path: `/api/runs/${run.id}` })}
          />
        </section>
        <Organise
          links={links}
          path={`/runs/${run.id}`}
          what="run"
          name={run.name ?? ""}
          placeholder={`Run ${run.number}`}
          tags={run.tags}
          note={run.note}
          archived={run.archived}
          viewer={context.viewer}
          owner={run.owner}
          visibility={run.visibility}
          query="?delete=1"
          deleting="Deletes the run's record. The version that it made stays."
        />
      </div>
    </Layout>
  );
}

function RunExport({ links, run }: { links: PageContext["links"]; run: RunView }) {
  if (run.finishedAt === null || run.candidates.length === 0) return null;
  const leaderboard = url(links, `/api/runs/${run.id}/leaderboard?format=csv`);
  return (
    <section class="panel" aria-labelledby="export-heading">
      <h2 id="export-heading">Export</h2>
      <ul class="formats">
        <ExportLink
          href={leaderboard}
          label="Leaderboard"
          says="every candidate with its score by fold (CSV)"
        />
      </ul>
      {run.version !== null && !run.versionDeleted && (
        <RunFiles links={links} name={run.modelName} version={run.version} />
      )}
    </section>
  );
}
