/**
 * Maps each page to the view that draws it and to what a script gets from the same address. One record per page. A view
 * is loaded when it is first drawn: the server starts sooner, and needs less memory until a page is opened.
 */
import type { Panel, PanelKey } from "../core/events/panel-names.ts";
import type { Problem } from "../core/http/problem.ts";
import type { ApiDocs } from "../core/routes/api/docs.ts";
import type { Drawings } from "../core/routes/api/route.ts";
import type * as pages from "../core/routes/pages/page-data.ts";
import type { SchedulesPageData } from "../core/routes/pages/schedules-page.ts";
import type * as settings from "../core/routes/pages/settings-page.ts";
import type { signInData } from "../core/routes/pages/sign-in.ts";
import type { SourcesPageData } from "../core/routes/pages/sources-page.ts";
import type { WhatIf, WhatIfResult } from "../core/routes/pages/try-row.ts";
import type { EmbedPageProps } from "./embed/embed.tsx";
import type { Links, PageContext } from "./layout/page-context.ts";
import type { StandalonePageProps } from "./model/standalone.tsx";
import type { PanelViewProps } from "./panels.tsx";

/** One address, drawn for a person and as data for a script; without `text`, curl's "anything" gets the JSON. */
export interface Page<T> {
  html: (props: T & { context: PageContext }) => unknown;
  /** Panels that are the same for everybody: `context.panel` has them. */
  panels?: (data: T) => readonly PanelKey[] | Promise<readonly PanelKey[]>;
  json: (data: T) => unknown;
  text?: (data: T, links: Links) => string | Promise<string>;
}

export const DASHBOARD: Page<Awaited<ReturnType<typeof pages.dashboardData>>> = {
  html: async (props) => (await import("./dashboard/dashboard.tsx")).DashboardPage(props),
  panels: async (data) => (await import("./dashboard/dashboard.tsx")).drawnPanels(data),
  json: ({ read }) => read(),
  text: async ({ read }, links) => (await import("./parts/text.ts")).textDashboard(await read(), links),
};
export const DATASET: Page<Awaited<ReturnType<typeof pages.datasetData>>> = {
  html: async (props) =>
    props.dataset
      ? (await import("./dataset/dataset.tsx")).DatasetPage(props)
      : (await import("./dataset/uploading.tsx")).ArrivingPage(props),
  json: (data) => (data.dataset ? (data.preview ?? data.view) : data.told),
};
export const LIST: Page<pages.ListData> = {
  html: async (props) => (await import("./dashboard/list.tsx")).ListPage(props),
  json: ({ rows }) => rows,
  panels: ({ list }) => [list],
};
export const HISTORY: Page<Awaited<ReturnType<typeof pages.historyData>>> = {
  html: async (props) => (await import("./dashboard/history.tsx")).HistoryPage(props),
  panels: async (data) => (await import("./dashboard/history.tsx")).livePanels(data),
  json: ({ asText }) => asText(),
};
export const RUN: Page<Awaited<ReturnType<typeof pages.runData>>> = {
  html: async (props) => (await import("./run/run.tsx")).RunPage(props),
  json: ({ run }) => run,
};
export const REPLAY: Page<Awaited<ReturnType<typeof pages.replayData>>> = {
  html: async (props) => (await import("./run/replay.tsx")).ReplayPage(props),
  json: ({ replay }) => replay,
};
export const COMPARE: Page<pages.ComparePageData> = {
  html: async ({ comparison, ...choice }) =>
    comparison
      ? (await import("./run/compare.tsx")).ComparePage({ ...comparison, context: choice.context })
      : (await import("./run/compare-choice.tsx")).CompareChoicePage(choice),
  json: ({ comparison }) => comparison,
};
export const MODEL: Page<Awaited<ReturnType<typeof pages.modelData>>> = {
  html: async (props) => (await import("./model/model.tsx")).ModelPage(props),
  json: ({ model }) => model,
};
export const WHAT_IF: Page<WhatIfResult> = {
  html: async (props) => (await import("./model/try.tsx")).WhatIfPage(props),
  json: ({ trial }) => trial,
};
export const MODEL_REPORT: typeof MODEL = {
  ...MODEL,
  html: async (props) => (await import("./model/report.tsx")).ModelReportPage(props),
};
export const DOCS: Page<ApiDocs> = {
  html: async (props) => (await import("./docs/docs.tsx")).DocsPage(props),
  json: (docs) => docs,
};
export const SIGN_IN: Page<Awaited<ReturnType<typeof signInData>>> = {
  html: async (props) => (await import("./layout/sign-in.tsx")).SignInPage(props),
  json: (data) => data,
};
export const TOKENS: Page<Awaited<ReturnType<typeof pages.tokensData>>> = {
  html: async (props) => (await import("./settings/tokens.tsx")).TokensPage(props),
  json: (data) => data,
};
export const AUDIT: Page<Awaited<ReturnType<typeof pages.auditData>>> = {
  html: async (props) => (await import("./settings/audit.tsx")).AuditPage(props),
  json: (data) => data,
};
export const SESSIONS: Page<Awaited<ReturnType<typeof pages.sessionsData>>> = {
  html: async (props) => (await import("./settings/sessions.tsx")).SessionsPage(props),
  json: ({ sessions, next }) => ({ items: sessions, next }),
};
export const SETTINGS: Page<settings.SettingsPageData> = {
  html: async (props) => (await import("./settings/settings.tsx")).SettingsPage(props),
  json: ({ settings }) => settings,
};
export const SCHEDULES: Page<SchedulesPageData> = {
  html: async (props) => (await import("./settings/automation/schedules.tsx")).SchedulesPage(props),
  json: ({ schedules }) => ({ items: schedules, next: null }),
};
export const SOURCES: Page<SourcesPageData> = {
  html: async (props) => (await import("./settings/automation/sources.tsx")).SourcesPage(props),
  json: ({ sources }) => ({ items: sources, next: null }),
};
const SOCKET = { socket: "/ws", events: "/api/events" };
export const INSPECT: Page<Record<never, never>> = {
  html: async (props) => (await import("./dashboard/inspect.tsx")).InspectPage(props),
  json: () => SOCKET,
};

export const drawPanel = async <P extends Panel>(props: PanelViewProps<P>): Promise<string> =>
  `${await (await import("./panels.tsx")).loadedPanel(props)}`;
export const drawEmbed = async <P extends Panel>(props: EmbedPageProps<P>): Promise<unknown> =>
  (await import("./embed/embed.tsx")).EmbedPage(props);
/** The response in place of a page, or with `isEmbed` of a panel. */
export const drawError = async (
  props: { context: PageContext; problem: Problem },
  isEmbed: boolean,
): Promise<unknown> =>
  isEmbed
    ? (await import("./embed/embed.tsx")).EmbedErrorPage(props)
    : (await import("./layout/error.tsx")).ErrorPage(props);
export const panelForms = async (links: Links) => (await import("./embed/panel-forms.tsx")).panelForms(links);
/** Responses of the API that are drawn. `parts`: the contents of a page that opens from disk. */
export const drawings = (
  parts: (module: string) => Omit<StandalonePageProps, "name" | "version" | "verdict" | "schema">,
): Drawings => ({
  standalonePage: async ({ name, version, result: { verdict, schema } }, module) => {
    const { StandalonePage } = await import("./model/standalone.tsx");
    return `<!DOCTYPE html>${StandalonePage({ name, version, verdict, schema, ...parts(module) })}`;
  },
  chartSvg: async (chart, look) => (await import("./charts/exported/document.tsx")).chartSvg(chart, look),
});
export const drawWhatIf = async (trial: WhatIf, asked: WhatIfResult["asked"]): Promise<string> =>
  (await import("./model/try.tsx")).drawWhatIf(trial, asked);
