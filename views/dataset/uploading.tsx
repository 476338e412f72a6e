/**
 * Draws the page of a file that is still being read, or was refused. It becomes the dataset's own page once the file is
 * read.
 */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { ReadingPanel } from "../dashboard/datasets.tsx";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { PanelView } from "../panels.tsx";

type Reading = NonNullable<PanelData["reading"]>;

export function ArrivingPage({ context, reading }: { context: PageContext; reading: Reading }) {
  const { links } = context;
  const { id, name, status } = reading;
  return (
    <Layout
      context={context}
      title={name}
      panels={[`reading:${id}`, `runs:${id}`]}
      current="datasets"
      {...(status === "reading" ? { refreshSeconds: 1 } : {})}
    >
      {/* It becomes the file's page: what that watches is watched from now on. */}
      <header class="page-head file-head">
        <p class="crumbs">
          <a href={url(links, "/datasets")}>Datasets</a>
        </p>
        <h1>{name}</h1>
      </header>
      <div class="dataset-page">
        <PanelView
          panelKey={`reading:${id}`}
          panel="reading"
          content={ReadingPanel}
          data={reading}
          links={links}
        />
      </div>
    </Layout>
  );
}
