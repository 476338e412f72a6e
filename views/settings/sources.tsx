/** Draws the sources: where datasets come from, when each was refreshed and what changed, with a form to add one. */
import type { SourceRow, SourcesPageData } from "../../core/routes/pages/sources-page.ts";
import { Field } from "../dataset/fields.tsx";
import { type Frame, type Links, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { plural } from "../parts/format.ts";
import { Action, Command, curlLine, Empty, LampDot, Time } from "../parts/parts.tsx";
import type { Lamp } from "../parts/words.ts";
import { Refused } from "./refused.tsx";
import { errorAt, kept, NOTHING_TYPED, type Typed, wrong } from "./typed.ts";

const STATES: Record<SourceRow["status"], { lamp: Lamp; says: string }> = {
  new: { lamp: "dark", says: "Not fetched yet" },
  refreshing: { lamp: "moving", says: "Refreshing" },
  ok: { lamp: "clear", says: "Up to date" },
  failed: { lamp: "danger", says: "Failed" },
};

export function SourcesPage({
  frame,
  sources,
  hosts,
  isSealed,
  refusal,
  typed,
}: SourcesPageData & { frame: Frame }) {
  const { links } = frame;
  return (
    <Layout frame={frame} title="Sources" panels={[]} current="sources">
      <header class="page-head">
        <h1>Sources</h1>
        <p class="lead">
          A source is a URL, an object in S3 or a database query. Each refresh makes what came the next
          version of its dataset, read with the same import settings.
        </p>
      </header>
      <Refused refusal={refusal} />
      <div class="beside">
        <section class="panel" aria-labelledby="sources-heading">
          <h2 id="sources-heading">Your sources</h2>
          {sources.length ? (
            <ul class="rows sources">
              {sources.map((source) => (
                <Source links={links} source={source} />
              ))}
            </ul>
          ) : (
            <Empty>No sources yet. Add the first one with the form.</Empty>
          )}
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
        </section>
        <section class="panel" aria-labelledby="add-source-heading" data-needs="sources">
          <h2 id="add-source-heading">Add a source</h2>
          <form class="form" method="post" action={url(links, "/sources")}>
            <Fields id="new" form={{ typed, refusal }} />
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
            then="go"
            curl={curlLine(links, { method: "POST", path: `/api/sources/${id}/stop` })}
          />
        ) : (
          <Action
            links={links}
            path={`${path}/refresh`}
            label="Refresh"
            describes={name}
            needs="sources"
            then="go"
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
          then="go"
          curl={curlLine(links, { method: "DELETE", path: `/api/sources/${id}` })}
        />
      </div>
      <details class="expert" data-needs="sources">
        <summary>Change {name}</summary>
        <form class="form" method="post" action={url(links, path)}>
          <Fields id={id} source={source} />
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

const ADVANCED = [
  "headers",
  "accessKeyId",
  "secretAccessKey",
  "region",
  "endpoint",
  "rowLimit",
  "timeoutSeconds",
];

/** `source`: fields are filled with what it has, but for what is secret. */
function Fields(props: { id: string; source?: SourceRow; form?: Typed }) {
  const { id, source, form = NOTHING_TYPED } = props;
  const field = (name: string) => `source-${id}-${name}`;
  const stays = source ? "Leave empty to keep the current one." : "";
  const isMasked = source?.url.includes("…") ?? false;
  return (
    <>
      <Field id={field("name")} error={errorAt(form, "name")} label="Name" hint="Its dataset gets this name.">
        <input
          id={field("name")}
          name="name"
          {...kept(form, field("name"), "name")}
          required
          maxlength={100}
          value={form.typed.name ?? source?.name}
        />
      </Field>
      <Field
        id={field("url")}
        error={errorAt(form, "url")}
        label="Address"
        hint="https://…, s3://bucket/key, postgres://user@host/database, mysql://… or sqlite:///folder/file.db"
      >
        <input
          id={field("url")}
          name="url"
          {...kept(form, field("url"), "url")}
          required={!source}
          autocomplete="off"
          aria-describedby={`${field("url")}-hint`}
          {...(isMasked ? { placeholder: source?.url } : { value: form.typed.url ?? source?.url })}
        />
      </Field>
      <Field
        id={field("query")}
        error={errorAt(form, "query")}
        label="Query"
        hint="Databases only: one SELECT statement."
      >
        <textarea
          id={field("query")}
          name="query"
          rows={3}
          aria-describedby={`${field("query")}-hint`}
          {...wrong(form, field("query"), "query")}
        >
          {form.typed.query ?? source?.query ?? ""}
        </textarea>
      </Field>
      <Field
        id={field("password")}
        error={errorAt(form, "password")}
        label="Password"
        hint={`Databases only. ${stays}`.trim()}
      >
        <Secret id={field("password")} name="password" />
      </Field>
      <details class="expert" open={ADVANCED.some((name) => form.typed[name] || errorAt(form, name))}>
        <summary>Advanced options</summary>
        <Field
          id={field("headers")}
          error={errorAt(form, "headers")}
          label="Headers"
          hint={`URLs only, such as Authorization: Bearer …, one a line. ${stays}`.trim()}
        >
          <textarea
            id={field("headers")}
            name="headers"
            rows={2}
            aria-describedby={`${field("headers")}-hint`}
          />
        </Field>
        <Field
          id={field("accessKeyId")}
          error={errorAt(form, "accessKeyId")}
          label="S3 access key ID"
          hint={stays}
        >
          <Secret id={field("accessKeyId")} name="accessKeyId" />
        </Field>
        <Field
          id={field("secretAccessKey")}
          error={errorAt(form, "secretAccessKey")}
          label="S3 secret access key"
          hint={stays}
        >
          <Secret id={field("secretAccessKey")} name="secretAccessKey" />
        </Field>
        <Field
          id={field("region")}
          error={errorAt(form, "region")}
          label="S3 region"
          hint="us-east-1 if empty."
        >
          <input
            id={field("region")}
            name="region"
            {...kept(form, field("region"), "region")}
            autocomplete="off"
          />
        </Field>
        <Field
          id={field("endpoint")}
          error={errorAt(form, "endpoint")}
          label="S3 server"
          hint="If it is not Amazon's, such as https://minio.example.com."
        >
          <input
            id={field("endpoint")}
            name="endpoint"
            {...kept(form, field("endpoint"), "endpoint")}
            autocomplete="off"
          />
        </Field>
        <Field
          id={field("rowLimit")}
          error={errorAt(form, "rowLimit")}
          label="Row limit"
          hint="Databases only. 1,000,000 if empty."
        >
          <input
            id={field("rowLimit")}
            name="rowLimit"
            {...kept(form, field("rowLimit"), "rowLimit")}
            type="number"
            min="1"
            value={form.typed.rowLimit ?? source?.rowLimit ?? undefined}
          />
        </Field>
        <Field
          id={field("timeoutSeconds")}
          error={errorAt(form, "timeoutSeconds")}
          label="Time limit (seconds)"
          hint="300 if empty."
        >
          <input
            id={field("timeoutSeconds")}
            name="timeoutSeconds"
            {...kept(form, field("timeoutSeconds"), "timeoutSeconds")}
            type="number"
            min="1"
            max="3600"
            value={form.typed.timeoutSeconds ?? source?.timeoutSeconds}
          />
        </Field>
      </details>
    </>
  );
}

function Secret({ id, name }: { id: string; name: string }) {
  return (
    <input id={id} name={name} type="password" autocomplete="new-password" aria-describedby={`${id}-hint`} />
  );
}
