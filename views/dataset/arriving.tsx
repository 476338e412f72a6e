/** What is known of a file that is still being read? Rows and columns so far, live, and its own page when it is read. */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { type Frame, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { PanelView } from "../panels.tsx";

type Reading = NonNullable<PanelData["reading"]>;

export function ArrivingPage({ frame, reading }: { frame: Frame; reading: Reading }) {
  const { links } = frame;
  const { id, name, status } = reading;
  return (
    <Layout
      frame={frame}
      title={name}
      panels={[`reading:${id}`, `runs:${id}`]}
      current="datasets"
      {...(status === "reading" ? { refreshSeconds: 1 } : {})}
    >
      {/* It becomes the file's page: what that watches is watched from now on. */}
      <header class="page-head">
        <p class="crumbs">
          <a href={url(links, "/")}>Dashboard</a> / <a href={url(links, "/datasets")}>Files</a>
        </p>
        <h1>{name}</h1>
      </header>
      <PanelView panelKey={`reading:${id}`} panel="reading" data={reading} links={links} />
    </Layout>
  );
}
