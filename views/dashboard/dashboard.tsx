/**
 * The dashboard on one screen: the current or last run, what is live, what needs attention, what happened; every part
 * is live.
 */

import type { Sample } from "../../core/datasets/sample-files/index.ts";
import type { Panel } from "../../core/events/panel-names.ts";
import { Layout } from "../layout/layout.tsx";
import type { PageContext } from "../layout/page-context.ts";
import { DropZone } from "../layout/upload.tsx";
import { EmptyPanel } from "../panels.tsx";
import { HowItWorks, Samples } from "./samples.tsx";

const WATCHED: readonly Panel[] = [
  ...(["run", "stages", "curve", "leaderboard", "models", "attention", "activity"] as const),
  ...(["datasets", "runs", "metrics", "predictions", "connection"] as const),
];

/** Shown while something runs; until then the page has empty placeholders, and the first push fills them. */
const RACE: readonly Panel[] = ["curve", "leaderboard"];

/** The panels that the page is drawn with. */
export function drawnPanels({ isBusy }: { isBusy: boolean }): readonly Panel[] {
  return isBusy ? WATCHED : WATCHED.filter((panel) => !RACE.includes(panel));
}

export interface DashboardPageProps {
  context: PageContext;
  /** True if there is no file yet. */
  isFirst: boolean;
  /** True if a run is active or queued. */
  isBusy: boolean;
  samples: readonly Sample[];
}

export function DashboardPage({ context, isFirst, isBusy, samples }: DashboardPageProps) {
  const draw = (panel: Panel) => context.panel(panel);
  return (
    <Layout
      context={context}
      title="Dashboard"
      panels={WATCHED}
      current="dashboard"
      {...(isBusy ? { refreshSeconds: 5 } : {})}
    >
      <h1 class="visually-hidden">Dashboard</h1>
      <div class="dashboard">
        <DropZone links={context.links} viewer={context.viewer} isFirst={isFirst} />
        {isFirst && <HowItWorks />}
        {isFirst && <Samples links={context.links} samples={samples} />}
        <div class="dashboard-main">
          {draw("run")}
          {draw("stages")}
          {/* While something runs, its race; else the lists: in the same place, so that nothing else moves. */}
          <div class="pair dashboard-race">
            {RACE.map((panel) =>
              isBusy ? draw(panel) : <EmptyPanel panelKey={panel} panel={panel} links={context.links} />,
            )}
          </div>
          <div class="pair dashboard-lists">
            {draw("datasets")}
            {draw("runs")}
          </div>
        </div>
        <div class="dashboard-side">
          {draw("models")}
          {draw("attention")}
          {draw("activity")}
        </div>
        <div id="machine" class="dashboard-machine">
          {draw("metrics")}
          {draw("predictions")}
          {draw("connection")}
        </div>
      </div>
    </Layout>
  );
}
