/** The first page: from "what needs me" to "how is the machine", every part live. */

import type { Sample } from "../../core/datasets/samples/index.ts";
import type { Panel } from "../../core/events/panel-names.ts";
import type { Frame } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { DropZone } from "./datasets.tsx";
import { JourneyAhead, Samples } from "./samples.tsx";

const WATCHED: readonly Panel[] = [
  ...(["health", "attention", "run", "stages", "curve", "leaderboard", "model", "predictions"] as const),
  ...(["activity", "datasets", "runs", "models", "metrics", "connection"] as const),
];

export interface DashboardPageProps {
  frame: Frame;
  /** There is no file yet. */
  isFirst: boolean;
  /** A run goes on or waits. */
  isBusy: boolean;
  samples: readonly Sample[];
}

export function DashboardPage({ frame, isFirst, isBusy, samples }: DashboardPageProps) {
  const draw = (panel: Panel) => frame.drawn(panel);
  return (
    <Layout
      frame={frame}
      title="Dashboard"
      panels={WATCHED}
      current="dashboard"
      {...(isBusy ? { refreshSeconds: 5 } : {})}
    >
      <h1 class="unseen">Dashboard</h1>
      <div class="dashboard">
        {draw("health")}
        <DropZone links={frame.links} isFirst={isFirst} />
        <Samples links={frame.links} samples={samples} />
        <JourneyAhead />
        {draw("run")}
        {draw("stages")}
        <div class="dashboard-body">
          <div class="pair dashboard-race">
            {draw("curve")}
            {draw("leaderboard")}
          </div>
          <div class="dashboard-side">
            {draw("model")}
            {draw("predictions")}
            {draw("attention")}
            {draw("activity")}
          </div>
          <div class="pair dashboard-lists">
            <div class="stack">
              {draw("datasets")}
              {draw("models")}
            </div>
            {draw("runs")}
          </div>
        </div>
        <div class="dashboard-machine">
          {draw("metrics")}
          {draw("connection")}
        </div>
      </div>
    </Layout>
  );
}
