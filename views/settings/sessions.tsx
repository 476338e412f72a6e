/** Draws the browsers that are signed in, each with a button that signs it out. Works without script. */
import type { SessionView } from "../../core/http/identity/sessions.ts";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { Action, Command, curlLine, Empty, Time } from "../parts/parts.tsx";

export interface SessionsProps {
  sessions: readonly SessionView[];
  /** The cursor of older ones; null: none. */
  next: number | null;
}

export function SessionsPage({ context, ...props }: SessionsProps & { context: PageContext }) {
  return (
    <Layout context={context} title="Sessions" panels={[]} current="settings">
      <header class="page-head">
        <h1>Sessions</h1>
        <p class="lead">Every browser that is signed in.</p>
      </header>
      <Sessions links={context.links} {...props} />
    </Layout>
  );
}

/** For the settings page too. */
export function Sessions({ links, sessions, next }: SessionsProps & { links: Links }) {
  return (
    <section class="panel" aria-labelledby="sessions-heading">
      <h2 id="sessions-heading">Sessions</h2>
      <p class="hint">
        Ending a session signs that browser out at once, on every server. Programs with a token have no
        session: revoke their token.
      </p>
      {sessions.length ? (
        <SessionTable links={links} sessions={sessions} />
      ) : (
        <Empty>No browser is signed in.</Empty>
      )}
      {next !== null && (
        <p>
          <a href={url(links, `/settings/sessions?cursor=${next}`)}>Older sessions</a>
        </p>
      )}
      <Command code={curlLine(links, { method: "GET", path: "/api/sessions" })} />
    </section>
  );
}

function SessionTable({ links, sessions }: Pick<SessionsProps, "sessions"> & { links: Links }) {
  return (
    <section class="scroll table-scroll" tabindex={0} aria-label="List of sessions">
      <table class="data">
        <thead>
          <tr>
            {["Who", "Signed in", "Can", "Since", "Until"].map((label) => (
              <th scope="col">{label}</th>
            ))}
            <th scope="col">
              <span class="visually-hidden">End</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <SessionRow links={links} session={session} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SessionRow({ links, session }: { links: Links; session: SessionView }) {
  const { id, name, via, provider, groups, scopes, createdAt, expiresAt, isOwn } = session;
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi> {isOwn && <span class="hint">this browser</span>}
      </th>
      <td>
        {via === "token" ? "with a token" : `by ${provider}`}
        {groups.length > 0 && <span class="hint"> groups: {groups.join(", ")}</span>}
      </td>
      <td>{scopes.join(", ")}</td>
      <td>
        <Time at={createdAt} />
      </td>
      <td>
        <Time at={expiresAt} />
      </td>
      <td>
        <Action
          links={links}
          path={`/settings/sessions/${encodeURIComponent(id)}/end`}
          label="End session"
          describes={name}
          tone="danger"
          then="go"
          needs="admin"
          curl={curlLine(links, { method: "DELETE", path: `/api/sessions/${id}` })}
        />
      </td>
    </tr>
  );
}
