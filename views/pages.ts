/** Maps each page to the view that draws it and to what a script gets from the same address. One record a page. */
import type { PanelKey } from "../core/events/panel-names.ts";
import type { ApiDocs } from "../core/routes/api/docs.ts";
import type * as pages from "../core/routes/pages/page-data.ts";
import type * as settings from "../core/routes/pages/settings-page.ts";
import type { signInData } from "../core/routes/pages/sign-in.ts";
import type { Tried } from "../core/routes/pages/try-row.ts";
import type { RunComparison } from "../core/training/results/compare-runs.ts";
import { DashboardPage, WATCHED } from "./dashboard/dashboard.tsx";
import { InspectPage } from "./dashboard/inspect.tsx";
import { ListPage } from "./dashboard/list.tsx";
import { ArrivingPage } from "./dataset/arriving.tsx";
import { DatasetPage } from "./dataset/dataset.tsx";
import { DocsPage } from "./docs/docs.tsx";
import type { Frame, Links } from "./layout/frame.ts";
import { SignInPage } from "./layout/sign-in.tsx";
import { ModelPage } from "./model/model.tsx";
import { ModelReportPage } from "./model/report.tsx";
import { TrialPage } from "./model/try.tsx";
import { textDashboard } from "./parts/text.ts";
import { ComparePage } from "./run/compare.tsx";
import { ReplayPage } from "./run/replay.tsx";
import { RunPage } from "./run/run.tsx";
import { AuditPage } from "./settings/audit.tsx";
import { SettingsPage } from "./settings/settings.tsx";
import { TokensPage } from "./settings/tokens.tsx";

/** One address, drawn for a person and told to a script; without `text`, curl's "anything" gets the JSON. */
export interface Page<T> {
  html: (props: T & { frame: Frame }) => unknown;
  /** Panels that stand in it as they are for everybody: `frame.drawn` knows them. */
  panels?: (data: T) => readonly PanelKey[];
  json: (data: T) => unknown;
  text?: (data: T, links: Links) => string | Promise<string>;
}

export const DASHBOARD: Page<Awaited<ReturnType<typeof pages.dashboardData>>> = {
  html: DashboardPage,
  panels: () => WATCHED,
  json: ({ read }) => read(),
  text: async ({ read }, links) => textDashboard(await read(), links),
};
export const DATASET: Page<Awaited<ReturnType<typeof pages.datasetData>>> = {
  html: (props) => (props.dataset ? DatasetPage(props) : ArrivingPage(props)),
  json: (data) => (data.dataset ? (data.preview ?? data.view) : data.told),
};
export const LIST: Page<pages.ListData> = {
  html: ListPage,
  json: ({ rows }) => rows,
  panels: ({ list }) => [list],
};
export const RUN: Page<Awaited<ReturnType<typeof pages.runData>>> = { html: RunPage, json: ({ run }) => run };
export const REPLAY: Page<Awaited<ReturnType<typeof pages.replayData>>> = {
  html: ReplayPage,
  json: ({ replay }) => replay,
};
export const COMPARE: Page<RunComparison> = {
  html: ComparePage,
  json: (comparison) => comparison,
};
export const MODEL: Page<Awaited<ReturnType<typeof pages.modelData>>> = {
  html: ModelPage,
  json: ({ model }) => model,
};
export const TRIAL: Page<Tried> = { html: TrialPage, json: ({ trial }) => trial };
export const MODEL_REPORT: typeof MODEL = { ...MODEL, html: ModelReportPage };
export const DOCS: Page<ApiDocs> = { html: DocsPage, json: (docs) => docs };
export const SIGN_IN: Page<ReturnType<typeof signInData>> = { html: SignInPage, json: (data) => data };
export const TOKENS: Page<Awaited<ReturnType<typeof pages.tokensData>>> = {
  html: TokensPage,
  json: (data) => data,
};
export const AUDIT: Page<Awaited<ReturnType<typeof pages.auditData>>> = {
  html: AuditPage,
  json: (data) => data,
};
export const SETTINGS: Page<settings.SettingsPageData> = {
  html: SettingsPage,
  json: ({ settings }) => settings,
};
const SOCKET = { socket: "/ws", events: "/api/events" };
export const INSPECT: Page<Record<never, never>> = { html: InspectPage, json: () => SOCKET };
