/** Draws the sources: where datasets come from, when each was refreshed and what changed, with a form to add one. */
import type { SourcesPageData } from "../../../core/routes/pages/sources-page.ts";
import { Layout } from "../../layout/layout.tsx";
import { type PageContext, url } from "../../layout/page-context.ts";
import { PanelView } from "../../panels.tsx";
import { posted } from "../../parts/form.tsx";
import { Command, curlLine } from "../../parts/parts.tsx";
import { Refused } from "../refused.tsx";
import { SourceFields } from "./source-fields.tsx";
import { SourcesPanel } from "./source-list.tsx";

export function SourcesPage({
  context,
  sources,
  hosts,
  isSealed,
  refusal,
  typed,
}: SourcesPageData & { context: PageContext }) {
  const { links } = context;
  return (
    <Layout context={context} title="Sources" panels={["sources"]} current="sources">
      <header class="page-head">
        <h1>Sources</h1>
        <p class="lead">
          A source is a URL, an object in S3 or a database query. Each refresh becomes the next version of its
          dataset, read with the same import settings.
        </p>
      </header>
      <Refused refusal={refusal} />
      <div class="beside">
        <div class="source-column">
          <PanelView
            panelKey="sources"
            panel="sources"
            content={SourcesPanel}
            data={{ items: sources }}
            links={links}
          />
          <p class="hint">
            {hosts.length ? (
              <>
                Sources can connect to: {hosts.join(", ")}. An admin can change this in the{" "}
                <a href={url(links, "/settings#sources")}>settings</a>.
              </>
            ) : (
              <>
                Sources cannot connect anywhere yet. An admin lists the allowed hosts in the{" "}
                <a href={url(links, "/settings#sources")}>settings</a>.
              </>
            )}
          </p>
        </div>
        <section class="panel" aria-labelledby="add-source-heading" data-needs="sources">
          <h2 id="add-source-heading">Add a source</h2>
          <form class="form" {...posted(url(links, "/sources"))}>
            <SourceFields id="new" form={{ typed, refusal }} />
            <p class="hint">
              Credentials are never shown again.{" "}
              {isSealed
                ? "They are stored encrypted."
                : "Set SECRET_KEY in the environment to store them encrypted."}
            </p>
            <p class="actions">
              <button type="submit" class="primary">
                Add source
              </button>
            </p>
            <Command
              code={curlLine(links, {
                method: "POST",
                path: "/api/sources",
                body: { name: "sales", url: "https://example.com/sales.csv" },
              })}
            />
          </form>
        </section>
      </div>
    </Layout>
  );
}
