/** Draws the sources: where datasets come from, when each was refreshed, and what changed. */
import type { SourceRow } from "../../../core/routes/data/automation-data.ts";
import type { PanelData } from "../../../core/routes/data/panel-data.ts";
import { type Links, url } from "../../layout/page-context.ts";
import { posted } from "../../parts/form.tsx";
import { plural } from "../../parts/format.ts";
import { Action, Command, curlLine, Empty, LampDot, Time } from "../../parts/parts.tsx";
import type { Lamp } from "../../parts/words.ts";
import { SourceFields } from "./source-fields.tsx";

const STATES: Record<SourceRow["status"], { lamp: Lamp; says: string }> = {
  new: { lamp: "dark", says: "Not fetched yet" },
  refreshing: { lamp: "moving", says: "Refreshing" },
  ok: { lamp: "clear", says: "Up to date" },
  failed: { lamp: "danger", says: "Failed" },
};

export function SourcesPanel({ data, links }: { data: PanelData["sources"]; links: Links }) {
  if (data.items.length === 0) return <Empty>No sources yet. Add the first one with the form.</Empty>;
  return (
    <ul class="rows sources">
      {data.items.map((source) => (
        <Source links={links} source={source} />
      ))}
    </ul>
  );
}

function Source({ links, source }: { links: Links; source: SourceRow }) {
  const { id, name, status, url: address, query, dataset, lastRefreshedAt, lastError, secrets } = source;
  const { lamp, says } = STATES[status];
  const path = `/sources/${encodeURIComponent(id)}`;
  return (
    <li class="source" id={id}>
      <div class="row">
        <LampDot lamp={lamp} />
        <span class="row-name">{name}</span>
        <span class="row-facts">
          {says}
          {dataset && (
            <>
              {" · "}
              <a href={url(links, `/datasets/${dataset.id}`)}>
                {plural(dataset.rows, "row")}, version {dataset.version}
              </a>
            </>
          )}
        </span>
        <span class="row-when">{lastRefreshedAt ? <Time at={lastRefreshedAt} /> : "never refreshed"}</span>
      </div>
      <p class="hint wrap">
        {address}
        {secrets.length > 0 && ` (with ${secrets.join(", ")})`}
      </p>
      {lastError && <p class="note note-danger">Last refresh failed: {lastError}</p>}
      {dataset?.changes && (
        <p>
          Latest change: {dataset.changes.sentence} {dataset.changes.warnings.join(" ")}
        </p>
      )}
      <div class="actions">
        {status === "refreshing" ? (
          <Action
            links={links}
            path={`${path}/stop`}
            label="Stop refresh"
            describes={name}
            needs="sources"
            curl={curlLine(links, { method: "POST", path: `/api/sources/${id}/stop` })}
          />
        ) : (
          <Action
            links={links}
            path={`${path}/refresh`}
            label="Refresh"
            describes={name}
            needs="sources"
            curl={curlLine(links, { method: "POST", path: `/api/sources/${id}/refresh` })}
          />
        )}
        <Action
          links={links}
          path={`${path}/delete`}
          label="Delete"
          describes={name}
          tone="danger"
          needs="sources"
          curl={curlLine(links, { method: "DELETE", path: `/api/sources/${id}` })}
        />
      </div>
      <details class="expert" data-needs="sources">
        <summary>Change {name}</summary>
        <form class="form" {...posted(url(links, path))}>
          <SourceFields id={id} source={source} />
          <p class="actions">
            <button type="submit" aria-label={`Save: ${name}`}>
              Save
            </button>
          </p>
          <Command
            code={curlLine(links, {
              method: "PATCH",
              path: `/api/sources/${id}`,
              body: query ? { query } : { name },
            })}
          />
        </form>
      </details>
    </li>
  );
}
