/** Draws the API reference: every route with an example, made from the routes themselves. */
import type { ApiDocs } from "../../core/routes/api/docs.ts";
import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { CodeBlock } from "../parts/parts.tsx";

export function DocsPage({
  context,
  routes,
  problems,
  events,
  settings,
}: ApiDocs & { context: PageContext }) {
  return (
    <Layout context={context} title="API reference" panels={[]} current="docs">
      <header class="page-head">
        <h1>API reference</h1>
        <p class="lead">
          Everything you can do on these pages, you can do with curl. The examples use this server’s address.
        </p>
        {context.links.curl !== "curl" && (
          <p>
            Each needs a token: run <code>export SIGNALBOX_TOKEN=…</code> once, then paste the examples.
            Admins create tokens in the settings.
          </p>
        )}
        <p>
          Machine-readable: <a href={url(context.links, "/openapi.json")}>OpenAPI 3.1</a>. On this page:{" "}
          <a href="#problems">errors</a>, <a href="#events">events</a>, <a href="#webhooks">webhooks</a>,{" "}
          <a href="#conventions">conventions</a>, <a href="#settings">settings</a>.
        </p>
      </header>
      <div class="docs">
        {routes.map((route) => (
          <RoutePart context={context} route={route} />
        ))}
        <Conventions />
        <section class="panel" id="problems" aria-labelledby="problems-heading">
          <h2 id="problems-heading">Errors</h2>
          <p>
            Errors are <code>application/problem+json</code> (RFC 9457). <code>type</code> links here,{" "}
            <code>instance</code> is the request ID, <code>fix</code> says what to do.
          </p>
          <dl class="facts">
            {problems.map(({ code, status, title }) => (
              <div id={`problem-${code}`}>
                <dt>
                  <code>{code}</code> {status}
                </dt>
                <dd>{title}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section class="panel" id="events" aria-labelledby="events-heading">
          <h2 id="events-heading">Events</h2>
          <p>Sent by the event log, the WebSocket, event streams and webhooks, with the fields of each.</p>
          <dl class="facts">
            {events.map(({ type, fields }) => (
              <div>
                <dt>
                  <code>{type}</code>
                </dt>
                <dd>{fields.join(", ")}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Webhooks />
        <Settings settings={settings} />
      </div>
    </Layout>
  );
}

function RoutePart({ context, route }: { context: PageContext; route: ApiDocs["routes"][number] }) {
  const id = anchor(route);
  const address = /'(https?:[^']+)'$/.exec(route.example)?.[1];
  return (
    <section class="panel route" id={id} aria-labelledby={`${id}-heading`}>
      <h2 class="route-name" id={`${id}-heading`}>
        <span class="method">{route.method}</span> <code>{route.path}</code>
      </h2>
      <p>
        <InCode text={route.summary} />
        {context.links.curl !== "curl" && route.scope !== "open" && (
          <span class="hint"> Scope: {route.scope}.</span>
        )}
      </p>
      {route.also.length > 0 && (
        <p class="fine">
          Also{" "}
          {route.also.map((other, at) => (
            <>
              {at > 0 && ", "}
              <code>{other}</code>
            </>
          ))}
        </p>
      )}
      {route.query.length > 0 && (
        <dl class="facts">
          {route.query.map(({ name, says }) => (
            <div>
              <dt>
                <code>?{name}=</code>
              </dt>
              <dd>
                <InCode text={says} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <CodeBlock label={`${route.method} ${route.path} with curl`} code={route.example} />
      <p class="fine">
        Success: {route.done.join(", ")}. Errors: {route.refused.join(", ")}.
        {route.method === "GET" && address && !/\/(events|backup)\b/.test(route.path) && (
          <>
            {" "}
            <a href={address} target="_blank" rel="noopener" aria-label={`Run ${route.method} ${route.path}`}>
              Run
            </a>
          </>
        )}
      </p>
    </section>
  );
}

/** Text between backticks, as code. */
function InCode({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code>{part}</code> : part))}</>;
}

function Conventions() {
  return (
    <section class="panel" id="conventions" aria-labelledby="conventions-heading">
      <h2 id="conventions-heading">Conventions</h2>
      <ul>
        <li>
          Lists are <code>{"{items, next}"}</code>; <code>next</code> is the <code>cursor</code> of the next
          page, which the Link header names too.
        </li>
        <li>
          A page's address returns JSON to <code>Accept: application/json</code> and to curl, which accepts
          anything; only <code>/</code> returns a dashboard as text to curl.
        </li>
        <li>
          With an <code>Idempotency-Key</code> a POST or PUT is executed once: the same request within a day
          gets the first response, another request with the same key 422, and 409 while it is being processed.
        </li>
        <li>
          <code>If-Match</code> with an ETag makes a change only if nobody else has changed it: otherwise 412.
        </li>
        <li>
          <code>Prefer: respond-async</code> responds at once, <code>Prefer: wait=20</code> after at most
          twenty seconds.
        </li>
        <li>
          Every response has <code>X-Request-Id</code> and <code>Server-Timing</code>. Times are RFC 3339 in
          UTC.
        </li>
      </ul>
    </section>
  );
}

function Webhooks() {
  return (
    <section class="panel" id="webhooks" aria-labelledby="webhooks-heading">
      <h2 id="webhooks-heading">Webhooks</h2>
      <p>
        Each event is posted as JSON with <code>webhook-id</code>, <code>webhook-timestamp</code> and{" "}
        <code>webhook-signature</code>: <code>v1,</code> and the base64 of HMAC-SHA256 over{" "}
        <code>id.timestamp.body</code>, as defined by standardwebhooks.com. The key is the part of the secret
        after <code>whsec_</code>, decoded from base64. If the address does not respond with 2xx within ten
        seconds, delivery is retried with growing delays.
      </p>
    </section>
  );
}

function Settings({ settings }: Pick<ApiDocs, "settings">) {
  return (
    <section class="panel" id="settings" aria-labelledby="settings-heading">
      <h2 id="settings-heading">Settings</h2>
      <p>
        Environment variables, with the default in brackets; <code>--help</code> prints them too. Settings
        that <code>PATCH /api/settings</code> accepts can be changed while the server runs.
      </p>
      <dl class="facts">
        {settings.map(({ name, says }) => (
          <div>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function anchor({ method, path }: { method: string; path: string }): string {
  return `${method}${path}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
