/** What can be asked of this server by a script? The routes with an example each, made from the routes themselves. */
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { CodeBlock } from "./parts.tsx";

export interface DocumentedRoute {
  method: string;
  path: string;
  summary: string;
  /** What a token needs for it; "open": nothing. */
  scope: string;
  example: string;
}

export function DocsPage({ frame, routes }: { frame: Frame; routes: readonly DocumentedRoute[] }) {
  return (
    <Layout frame={frame} title="API" panels={[]} current="docs">
      <header class="page-head">
        <h1>API</h1>
        <p class="lead">Every button of these pages is one of these lines. Each example is for this host.</p>
        {frame.links.curl !== "curl" && (
          <p>
            Each needs a token: <code>export SIGNALBOX_TOKEN=…</code> once, then paste. An admin makes tokens
            on the settings page.
          </p>
        )}
      </header>
      <div class="docs">
        {routes.map((route) => (
          <section class="panel route" id={anchor(route)} aria-labelledby={`${anchor(route)}-heading`}>
            <h2 class="route-name" id={`${anchor(route)}-heading`}>
              <span class="method">{route.method}</span> <code>{route.path}</code>
            </h2>
            <p>
              {route.summary}
              {frame.links.curl !== "curl" && route.scope !== "open" && (
                <span class="hint"> Scope: {route.scope}.</span>
              )}
            </p>
            {route.example && (
              <CodeBlock label={`${route.method} ${route.path} with curl`} code={route.example} />
            )}
          </section>
        ))}
      </div>
    </Layout>
  );
}

function anchor({ method, path }: DocumentedRoute): string {
  return `${method}${path}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
