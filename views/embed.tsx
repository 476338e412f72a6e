/** One panel without anything around it, for an iframe on another page; live by itself. */
import type { PanelData } from "../core/panel-data.ts";
import type { Panel, PanelKey } from "../core/panels.ts";
import { type Frame, url } from "./frame.ts";
import { Head, Pill, SocketElement } from "./layout.tsx";
import { PanelView } from "./panels.tsx";

export interface EmbedPageProps<P extends Panel> {
  frame: Frame;
  theme: "light" | "dark" | "auto";
  panelKey: PanelKey;
  panel: P;
  data: PanelData[P] | null;
}

export function EmbedPage<P extends Panel>({ frame, theme, panelKey, panel, data }: EmbedPageProps<P>) {
  const { links, epoch, seq } = frame;
  return (
    <html lang="en" {...(theme === "auto" ? {} : { "data-theme": theme })}>
      <Head frame={frame} title={panel} />
      <body class="embed" data-epoch={epoch} data-seq={String(seq)} data-base={links.base}>
        <main>
          <PanelView panelKey={panelKey} panel={panel} data={data} links={links} />
        </main>
        <p class="embed-foot">
          <Pill />
          <a href={url(links, "/")} target="_blank" rel="noopener">
            Signalbox
          </a>
        </p>
        <p id="announce" class="unseen" role="status" />
        <p id="alarm" class="alarm" role="alert" />
        <SocketElement links={links} panels={[panelKey]} />
      </body>
    </html>
  );
}
