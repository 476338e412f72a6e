/**
 * Maps each panel to its component, and draws the fragment around it: the same in pages, socket pushes, polling and
 * embeds. A new panel without an entry here does not compile.
 */

import type { Child } from "hono/jsx";
import type { Panel, PanelKey } from "../core/events/panel-names.ts";
import type { PanelData } from "../core/routes/data/panel-data.ts";
import { type Links, url } from "./layout/page-context.ts";
import { percent } from "./parts/format.ts";
import { Empty } from "./parts/parts.tsx";
import { RUN_WORDS } from "./parts/words.ts";
import { StagesAhead } from "./run/pipeline.tsx";

interface PanelProps<P extends Panel> {
  data: NonNullable<PanelData[P]>;
  links: Links;
  panelKey: PanelKey;
}

type PanelContent<P extends Panel> = (props: PanelProps<P>) => Child;

/** Loaded when the panel is first drawn with data: most of them draw charts. */
const COMPONENTS: { [P in Panel]: () => Promise<PanelContent<P>> } = {
  metrics: async () => (await import("./dashboard/health.tsx")).MetricsPanel,
  health: async () => (await import("./dashboard/health.tsx")).HealthPanel,
  activity: async () => (await import("./dashboard/activity.tsx")).ActivityPanel,
  datasets: async () => (await import("./dashboard/datasets.tsx")).DatasetsPanel,
  predictions: async () => (await import("./dashboard/models.tsx")).PredictionsPanel,
  connection: async () => (await import("./dashboard/health.tsx")).ConnectionPanel,
  attention: async () => (await import("./dashboard/activity.tsx")).AttentionPanel,
  run: async () => (await import("./run/pipeline.tsx")).RunPanel,
  stages: async () => (await import("./run/pipeline.tsx")).StagesPanel,
  curve: async () => (await import("./run/training.tsx")).CurvePanel,
  leaderboard: async () => (await import("./run/leaderboard.tsx")).LeaderboardPanel,
  report: async () => (await import("./run/report.tsx")).ReportPanel,
  reading: async () => (await import("./dashboard/datasets.tsx")).ReadingPanel,
  runs: async () => (await import("./run/pipeline.tsx")).RunsPanel,
  models: async () => (await import("./dashboard/models.tsx")).ModelsPanel,
  sources: async () => (await import("./settings/automation/source-list.tsx")).SourcesPanel,
  schedules: async () => (await import("./settings/automation/schedule-list.tsx")).SchedulesPanel,
  model: async () => (await import("./model/panel.tsx")).ModelPanel,
  watch: async () => (await import("./model/monitoring/monitoring.tsx")).MonitoringPanel,
  history: async () => (await import("./dashboard/history-panel.tsx")).HistoryPanel,
};

export const PANEL_TITLES: Record<Panel, string> = {
  metrics: "Machine",
  health: "Status",
  activity: "Activity",
  datasets: "Datasets",
  predictions: "Predictions",
  connection: "Connection",
  attention: "Needs attention",
  run: "Run",
  stages: "Stages",
  curve: "Learning curve",
  leaderboard: "Leaderboard",
  report: "Results",
  reading: "Reading",
  runs: "Runs",
  models: "Models",
  sources: "Your sources",
  schedules: "Your schedules",
  model: "Model",
  watch: "Monitoring",
  history: "Latest figures",
};

/** Why there is nothing yet, and what to do. */
export const EMPTY_WORDS: Record<Panel, string> = {
  metrics: "Waiting for the first sample.",
  health: "Waiting for the first sample.",
  activity: "Nothing has happened yet.",
  datasets: "No datasets yet. Drop a CSV, or upload one with curl.",
  predictions: "No predictions yet.",
  connection: "Not connected.",
  attention: "Nothing needs attention.",
  run: "No runs yet. Open a dataset and select Train model. The run appears here, live.",
  stages: "The stages appear here while a model trains.",
  curve: "The learning curve appears here while a model trains.",
  leaderboard: "Candidate models appear here as they are scored.",
  report: "Figures and findings appear here while a model trains.",
  reading: "No file is being read.",
  runs: "No runs yet. Open a dataset to start one.",
  models: "No models yet. When a run finishes, its model appears here.",
  sources: "No sources yet.",
  schedules: "No schedules yet.",
  model: "No models yet. When a run finishes, its model appears here, ready to deploy.",
  watch: "No models yet. Deploy one to monitor it.",
  history: "Nothing was measured yet.",
};

/** Panels whose empty state the dashboard leaves out, because another one says the same. */
const IS_EMPTY: { [P in Panel]?: (data: NonNullable<PanelData[P]>) => boolean } = {
  datasets: ({ items, arrivals }) => !items.length && !arrivals.length,
  runs: ({ items }) => !items.length,
  models: ({ items }) => !items.length,
  activity: ({ items }) => !items.length,
  curve: ({ run, rounds }) => run.finishedAt !== null && !rounds.length,
  leaderboard: ({ finishedAt, candidates }) => finishedAt !== null && !candidates.length,
  history: ({ at }) => at === null,
  predictions: ({ perMinute }) => perMinute.every(({ predictions }) => predictions === 0),
};

/**
 * The text that the page announces, and the text of the tab's title: app.js copies both, once for each change. Also the
 * state of the rest of the page: if it changes, live.js requests the page again.
 */
const SAYS: { [P in Panel]?: (data: NonNullable<PanelData[P]>) => Record<string, string> } = {
  stages: (run) => {
    const running = run.stages.find(({ status }) => status === "running");
    return {
      "data-announce": running
        ? `Run ${run.number}: ${running.name}`
        : `Run ${run.number}: ${RUN_WORDS[run.status]}`,
    };
  },
  reading: ({ status, file }) => ({ "data-version": `${status} ${file?.version ?? ""}` }),
  datasets: ({ items }) => ({ "data-rows": items.map(({ id, status }) => `${id} ${status}`).join() }),
  runs: ({ items }) => ({ "data-rows": items.map(({ id, status }) => `${id} ${status}`).join() }),
  models: ({ items }) => ({
    "data-rows": items.map(({ name, liveVersion, versions }) => `${name} ${liveVersion} ${versions}`).join(),
  }),
  activity: ({ items }) => ({ "data-rows": String(items[0]?.seq ?? "") }),
  model: ({ liveVersion, versions }) => ({
    "data-version": `${liveVersion} of ${versions.map(({ version, threshold }) => `${version}@${threshold}`).join()}`,
  }),
  history: ({ at }) => ({ "data-revision": at ?? "" }),
  run: (run) => ({
    "data-status": run.status,
    "data-version": run.finishedAt === null ? "" : `${run.status} ${run.version ?? ""}`,
    "data-progress": run.status === "running" ? percent(run.progress) : "",
    "data-alert": run.status === "failed" ? `Run ${run.number} failed: ${run.error?.message ?? ""}` : "",
  }),
};

function NothingYet({ panel, links }: { panel: Panel; links: Links }) {
  if (panel === "stages") return <StagesAhead />;
  return (
    <>
      <Empty>{EMPTY_WORDS[panel]}</Empty>
      {panel === "run" && (
        <p>
          <a class="button primary" href={url(links, "/datasets")}>
            Choose a dataset
          </a>
        </p>
      )}
    </>
  );
}

export interface PanelViewProps<P extends Panel> {
  panelKey: PanelKey;
  panel: P;
  /** Null: the subject does not exist. */
  data: PanelData[P] | null;
  links: Links;
}

/** The panel, with its component loaded. */
export async function loadedPanel<P extends Panel>(props: PanelViewProps<P>) {
  if (props.data === null) return EmptyPanel(props);
  return PanelView({ ...props, content: await COMPONENTS[props.panel]() });
}

/** Until there is something to show. */
export function EmptyPanel<P extends Panel>({ panelKey, panel, links }: Omit<PanelViewProps<P>, "data">) {
  return PanelView<P>({ panelKey, panel, links, data: null, content: () => null });
}

/** `content`: the panel's component. */
export function PanelView<P extends Panel>(props: PanelViewProps<P> & { content: PanelContent<P> }) {
  const { panelKey, panel, data, links, content } = props;
  const known = data as NonNullable<PanelData[P]> | null;
  const isEmpty = known === null || (IS_EMPTY[panel]?.(known) ?? false);
  const subject = panelKey.slice(panel.length + 1);
  const address = url(links, `/panels/${panel}${subject ? `?of=${encodeURIComponent(subject)}` : ""}`);
  const heading = `${panelKey}-heading`;
  return (
    <section
      id={panelKey}
      data-panel={panel}
      class={`panel panel-${panel}${isEmpty ? " is-empty" : ""}`}
      aria-labelledby={heading}
      data-from={address}
      {...(known === null ? {} : SAYS[panel]?.(known))}
    >
      <h2 id={heading}>{PANEL_TITLES[panel]}</h2>
      {known === null ? (
        <NothingYet panel={panel} links={links} />
      ) : (
        content({ data: known, links, panelKey })
      )}
    </section>
  );
}
