/** Draws one panel for an iframe on another page: live, and as high as its content. */
import type { Child } from "hono/jsx";
import type { Panel, PanelKey } from "../../core/events/panel-names.ts";
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Head, Pill, SocketElement } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { loadedPanel, PANEL_TITLES } from "../panels.tsx";

type Theme = "light" | "dark" | "auto";

export interface EmbedPageProps<P extends Panel> {
  context: PageContext;
  theme: Theme;
  /** The credentials in the address; the socket and polling send them too. */
  token: string | undefined;
  panelKey: PanelKey;
  panel: P;
  data: PanelData[P] | null;
}

export async function EmbedPage<P extends Panel>(props: EmbedPageProps<P>) {
  const { context, theme, token, panelKey, panel, data } = props;
  const { links } = context;
  const drawn = await loadedPanel({ panelKey, panel, data, links });
  return (
    <EmbedShell context={context} theme={theme} title={PANEL_TITLES[panel]} data={{ panel: panelKey, token }}>
      <main aria-label={PANEL_TITLES[panel]}>
        <h1 class="visually-hidden">Signalbox</h1>
        <Pill />
        {drawn}
      </main>
      <p id="announce" class="visually-hidden" role="status" />
      <p id="alert" class="alert" role="alert" />
      <SocketElement links={links} panels={[panelKey]} {...(token === undefined ? {} : { token })} />
    </EmbedShell>
  );
}

/** Why there is no panel, in its place. */
export function EmbedErrorPage({ context, problem }: { context: PageContext; problem: EmbedProblem }) {
  return (
    <EmbedShell context={context} theme="auto" title={problem.title} data={{}}>
      <main aria-label="Why there is no panel">
        <section class="note note-danger" role="alert">
          <h1 class="embed-problem">{problem.detail}</h1>
          {problem.fix && <p>{problem.fix}</p>}
        </section>
      </main>
    </EmbedShell>
  );
}

interface EmbedProblem {
  title: string;
  detail: string;
  fix?: string;
}

function EmbedShell(props: {
  context: PageContext;
  theme: Theme;
  title: string;
  data: { panel?: string; token?: string | undefined };
  children: Child;
}) {
  const { context, theme, title, data, children } = props;
  const { links, epoch, seq } = context;
  return (
    <html lang="en" {...(theme === "auto" ? {} : { "data-theme": theme })}>
      <Head context={context} title={title}>
        {/* Every other page refuses to be framed: links open beside. */}
        <base target="_blank" />
        <script defer src={url(links, context.assets.embed)} />
      </Head>
      <body
        class="embed"
        data-epoch={epoch}
        data-seq={String(seq)}
        data-base={links.base}
        data-may=""
        {...(data.panel ? { "data-panel-key": data.panel } : {})}
        {...(data.token === undefined ? {} : { "data-token": data.token })}
      >
        {children}
      </body>
    </html>
  );
}
