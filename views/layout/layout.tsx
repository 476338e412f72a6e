/**
 * Draws what surrounds every page: the document, the navigation, the socket element, the live regions. The live regions
 * exist from the start and are empty: only their text ever changes.
 */
import type { Child } from "hono/jsx";
import type { PanelKey } from "../../core/events/panel-names.ts";
import { type Links, type PageContext, url } from "./page-context.ts";
import { UploadDialog } from "./upload.tsx";

export type Section =
  | "dashboard"
  | "datasets"
  | "sources"
  | "schedules"
  | "runs"
  | "models"
  | "inspect"
  | "docs"
  | "settings";

export interface LayoutProps {
  context: PageContext;
  title: string;
  /** The panels that this page watches. */
  panels: readonly PanelKey[];
  current?: Section;
  /** Without JavaScript, while something is running: the page reloads after this time. */
  refreshSeconds?: number;
  /** The script of embeds, for pages with an embed's preview. */
  script?: string;
  /** A page's own script, fetched when something on the page is first used (static/app.js). */
  later?: string;
  children: Child;
}

const SECTIONS: readonly { section: Section; path: string; label: string }[] = [
  { section: "dashboard", path: "/", label: "Dashboard" },
  { section: "datasets", path: "/datasets", label: "Datasets" },
  { section: "sources", path: "/sources", label: "Sources" },
  { section: "schedules", path: "/schedules", label: "Schedules" },
  { section: "runs", path: "/runs", label: "Runs" },
  { section: "models", path: "/models", label: "Models" },
  { section: "docs", path: "/docs", label: "API" },
  { section: "settings", path: "/settings", label: "Settings" },
];

const KEYS: readonly { key: string; does: string; go?: string }[] = [
  { key: "?", does: "Show this list" },
  { key: "u", does: "Choose files to upload" },
  { key: "g", does: "Go to the dashboard", go: "/" },
  { key: "f", does: "Go to datasets", go: "/datasets" },
  { key: "r", does: "Go to runs", go: "/runs" },
  { key: "m", does: "Go to models", go: "/models" },
  { key: "i", does: "Go to the socket inspector", go: "/inspect" },
  { key: "d", does: "Go to the API reference", go: "/docs" },
  { key: "s", does: "Go to settings", go: "/settings" },
  { key: "/", does: "Search the list" },
  { key: "t", does: "Switch theme: system, light, dark" },
  { key: "p", does: "Pause the activity feed" },
  { key: "Esc", does: "Close this window" },
];

/**
 * Morphing must not close what a reader opened; an error page never replaces a panel; after an outage the socket is
 * back within seconds: the next try comes after a second or so.
 */
const HTMX_CONFIG = JSON.stringify({
  morphIgnore: ["data-htmx-powered", "open"],
  noSwap: [204, 304, "4xx", "5xx"],
  ws: { reconnectMaxDelay: 1000 },
});

export function Layout({
  context,
  title,
  panels,
  current,
  refreshSeconds,
  script,
  later,
  children,
}: LayoutProps) {
  const { links, epoch, seq } = context;
  const isReader = /\bread\b/.test(context.viewer.may);
  const watched = panels.length > 0 && isReader ? [...panels, "health" as const] : panels;
  return (
    <html lang="en" {...(context.theme ? { "data-theme": context.theme } : {})}>
      <Head context={context} title={title} {...(refreshSeconds === undefined ? {} : { refreshSeconds })} />
      <body
        data-epoch={epoch}
        data-seq={String(seq)}
        data-base={links.base}
        data-may={context.viewer.may}
        data-later={later && url(links, later)}
        data-toasts={url(links, context.assets.toasts)}
        data-refused={url(links, context.assets.refused)}
      >
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Masthead links={links} {...(current ? { current } : {})}>
          {isReader && context.panel("health")}
          {panels.length > 0 && <Pill />}
          <SignedIn context={context} />
        </Masthead>
        <p id="announce" class="visually-hidden" role="status" />
        <p id="alert" class="alert" role="alert" />
        <ProblemPlace />
        {panels.length > 0 && <Missed />}
        {panels.length > 0 && (
          <p class="offline-note">
            <strong>You are offline, or the server is not responding.</strong> Showing the last known data.
            Reconnecting…
          </p>
        )}
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <footer class="foot">
          <p>
            Signalbox {context.version}. Your data stays on this server.{" "}
            <a href={url(links, "/inspect")}>Inspect the socket</a>
          </p>
        </footer>
        <aside id="toasts" class="toasts" aria-label="Notifications" />
        <KeyHelp links={links} />
        <UploadDialog context={context} />
        {panels.length > 0 && <SocketElement links={links} panels={watched} />}
        {script && <script defer src={url(links, script)} />}
      </body>
    </html>
  );
}

/** Why the last form or button was refused: refused.js moves it to the field or the button. */
export function ProblemPlace() {
  return <p id="problem" class="note note-danger" role="alert" />;
}

export function Head(props: {
  context: PageContext;
  title: string;
  refreshSeconds?: number;
  children?: Child;
}) {
  const { context, title, refreshSeconds, children } = props;
  const { links, assets } = context;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · Signalbox`}</title>
      <meta name="htmx-config" content={HTMX_CONFIG} />
      <link rel="icon" type="image/svg+xml" href={url(links, assets.icon)} />
      <link rel="stylesheet" href={url(links, assets.style)} />
      <script defer src={url(links, assets.script)} />
      {refreshSeconds !== undefined && (
        <noscript>
          <meta http-equiv="refresh" content={String(refreshSeconds)} />
        </noscript>
      )}
      {children}
    </head>
  );
}

/** The signed-in user, and sign-out; nothing if sign-in is off. */
function SignedIn({ context: { viewer, links } }: { context: PageContext }) {
  if (!viewer.name) return null;
  return (
    <form class="signed-in" method="post" action={url(links, "/sign-out")}>
      <span>
        <span class="visually-hidden">Signed in as </span>
        {viewer.name}
      </span>
      {viewer.canSignOut && (
        <button type="submit" class="quiet">
          Sign out
        </button>
      )}
    </form>
  );
}

/** live.js shows it if the log no longer has everything since the page's position. */
function Missed() {
  return (
    <div id="missed" class="note" role="status" hidden>
      <p>You were away for longer than the event log covers. The page was reloaded in full.</p>
    </div>
  );
}

/** live.js sets its text: Live, Polling or Offline; and its title, if a state has one here. */
export function Pill() {
  return (
    <span
      id="pill"
      class="pill needs-js"
      data-state="connecting"
      data-polling="No WebSocket connection. Checking for updates every few seconds."
    >
      Connecting
    </span>
  );
}

function Masthead({ links, current, children }: { links: Links; current?: Section; children: Child }) {
  return (
    <header class="masthead">
      <a class="nameplate" href={url(links, "/")}>
        Signalbox
      </a>
      <nav aria-label="Pages">
        <ul>
          {SECTIONS.map(({ section, path, label }) => (
            <li {...(section === "settings" ? { "data-needs": "admin" } : {})}>
              <a
                href={url(links, path)}
                data-label={label}
                {...(section === current ? { "aria-current": "page" } : {})}
              >
                {label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="masthead-tools">
        {children}
        <button type="button" class="quiet needs-js" data-theme-switch aria-label="Theme: system">
          ◐
        </button>
        <button type="button" class="quiet needs-js" data-keys aria-label="Keyboard shortcuts and help">
          ?
        </button>
        <a class="button primary masthead-upload" href={url(links, "/#new")} data-pick="" data-needs="train">
          Upload
        </a>
      </div>
    </header>
  );
}

export function SocketElement(props: { links: Links; panels: readonly PanelKey[]; token?: string }) {
  const { links, panels, token } = props;
  const shown = token === undefined ? "" : `&token=${encodeURIComponent(token)}`;
  const address = url(links, `/ws?panels=${panels.map(encodeURIComponent).join(",")}${shown}`);
  return <div id="live" hidden {...{ "hx-ws:connect": address }} hx-trigger="load" />;
}

function KeyHelp({ links }: { links: Links }) {
  return (
    <dialog id="keys" class="keys" aria-labelledby="keys-heading">
      <h2 id="keys-heading">Keyboard shortcuts</h2>
      <p class="fine">
        To add data on any page: drop one or more files anywhere, paste rows, or select Upload. Each file
        becomes a dataset.
      </p>
      <dl>
        {KEYS.map(({ key, does, go }) => (
          <div {...(go ? { "data-key": key, "data-go": url(links, go) } : {})}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
