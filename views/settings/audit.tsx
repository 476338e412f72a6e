/** Draws the audit log, newest first: who changed what, from where and when, and which requests were denied. */
import type { AuditView } from "../../core/http/identity/audit.ts";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { Empty, Time } from "../parts/parts.tsx";

export interface AuditProps {
  entries: readonly AuditView[];
  /** The cursor of older ones; null: none. */
  next: number | null;
}

export function AuditPage({ context, ...props }: AuditProps & { context: PageContext }) {
  return (
    <Layout context={context} title="Audit" panels={[]} current="settings">
      <header class="page-head">
        <h1>Audit log</h1>
        <p class="lead">Every change, with who made it and from where.</p>
      </header>
      <Audit links={context.links} {...props} />
    </Layout>
  );
}

/** For the settings page too. */
export function Audit({ links, entries, next }: AuditProps & { links: Links }) {
  return (
    <section class="panel" aria-labelledby="audit-heading">
      <h2 id="audit-heading">Audit log</h2>
      {entries.length ? <AuditTable links={links} entries={entries} /> : <Empty>No changes yet.</Empty>}
      {next !== null && (
        <p>
          <a href={url(links, `/settings/audit?cursor=${next}`)}>Older changes</a>
        </p>
      )}
    </section>
  );
}

function AuditTable({ links, entries }: { links: Links; entries: readonly AuditView[] }) {
  return (
    <section class="scroll table-scroll" tabindex={0} aria-label="Changes">
      <table class="data">
        <thead>
          <tr>
            {["When", "What", "Who", "From", "Outcome", "Request"].map((label) => (
              <th scope="col">{label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <AuditRow links={links} entry={entry} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A change without a label here is described by its route. */
const WORDS: Record<string, string> = {
  "POST /sign-in": "signed in",
  "POST /sign-out": "signed out",
  "POST /api/upload": "uploaded a file",
  "POST /api/samples/:name": "opened a sample",
  "PATCH /api/datasets/:id": "changed import settings",
  "DELETE /api/datasets/:id": "deleted a dataset",
  "POST /api/train": "started a run",
  "PUT /api/train/:file": "uploaded a file and started a run",
  "POST /api/runs/:id/stop": "finished a run early",
  "POST /api/runs/:id/resume": "resumed a run",
  "DELETE /api/runs/:id": "cancelled a run",
  "PUT /api/models/:name/live": "deployed a version",
  "DELETE /api/models/:name/versions/:v": "deleted a version",
  "PUT /api/models/:name/challenger": "chose a challenger",
  "DELETE /api/alerts/:id": "dismissed an alert",
  "GET /api/backup": "downloaded a backup",
  "POST /api/webhooks": "added a webhook",
  "DELETE /api/webhooks/:id": "deleted a webhook",
  "PATCH /api/settings": "changed settings",
  "POST /api/tokens": "created a token",
  "DELETE /api/tokens/:id": "revoked a token",
  "DELETE /api/sessions/:id": "ended a session",
  "POST /api/embeds": "created an embed link",
};

function AuditRow({ links, entry }: { links: Links; entry: AuditView }) {
  const { at, who, via, address, action, target, made, status, requestId } = entry;
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <td title={action}>
        {WORDS[action] ?? action}: <code>{made === null ? target : made.slice(links.base.length)}</code>
      </td>
      <th scope="row">
        {who || "nobody"} <span class="hint">via {via}</span>
      </th>
      <td>{address || "unknown"}</td>
      <td>{status < 400 ? "done" : `refused (${status})`}</td>
      <td>
        <code>{requestId}</code>
      </td>
    </tr>
  );
}
