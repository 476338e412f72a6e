/** Draws the access tokens, with forms to create and revoke them. Works without script; a new token is shown once. */
import type { TokenView } from "../../core/http/identity/tokens.ts";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { posted } from "../parts/form.tsx";
import { Action, apiUrl, CodeBlock, Command, curlLine, Empty, Time } from "../parts/parts.tsx";

const SCOPES: readonly { scope: string; does: string }[] = [
  { scope: "read", does: "view everything" },
  { scope: "predict", does: "get predictions" },
  { scope: "train", does: "upload, train, delete, read and predict" },
  { scope: "deploy", does: "deploy versions, change thresholds and challengers, and read" },
  { scope: "embed", does: "show panels on other sites" },
  { scope: "admin", does: "everything" },
];
const LIFETIMES: readonly { days: string; label: string }[] = [
  { days: "7", label: "1 week" },
  { days: "30", label: "30 days" },
  { days: "90", label: "90 days" },
  { days: "365", label: "1 year" },
  { days: "", label: "No expiry" },
];

export interface TokensProps {
  tokens: readonly TokenView[];
  /** The one that was just made, with its secret. */
  fresh?: TokenView & { token: string };
}

export function TokensPage({ context, ...props }: TokensProps & { context: PageContext }) {
  return (
    <Layout context={context} title="Tokens" panels={[]} current="settings">
      <header class="page-head">
        <h1>Access tokens</h1>
        <p class="lead">
          A token gives a program, site or person access. Give each its own, so that you can revoke it alone.
        </p>
      </header>
      <Tokens links={context.links} {...props} />
    </Layout>
  );
}

/** For the settings page too. */
export function Tokens({ links, tokens, fresh }: TokensProps & { links: Links }) {
  return (
    <>
      {fresh && <Fresh links={links} token={fresh} />}
      <section class="panel" aria-labelledby="tokens-heading">
        <h2 id="tokens-heading">Access tokens</h2>
        {tokens.length ? (
          <TokenTable links={links} tokens={tokens} />
        ) : (
          <Empty>No tokens yet. Create one below.</Empty>
        )}
        <NewToken links={links} />
      </section>
    </>
  );
}

function Fresh({ links, token }: { links: Links; token: TokenView & { token: string } }) {
  return (
    <section class="panel" aria-labelledby="fresh-heading">
      <h2 id="fresh-heading">New token: {token.name}</h2>
      <p>
        <strong>Copy it now. It is shown only once.</strong>
      </p>
      <CodeBlock code={token.token} label="new token" />
      <CodeBlock
        code={`curl --fail-with-body -H 'Authorization: Bearer ${token.token}' '${apiUrl(links, "/api/status")}'`}
        label="first request with the token"
      />
    </section>
  );
}

function TokenTable({ links, tokens }: { links: Links; tokens: readonly TokenView[] }) {
  return (
    <section class="scroll table-scroll" tabindex={0} aria-label="List of access tokens">
      <table class="data">
        <thead>
          <tr>
            {["Name", "Scopes", "Created", "Last used", "Expires"].map((label) => (
              <th scope="col">{label}</th>
            ))}
            <th scope="col">
              <span class="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <TokenRow links={links} token={token} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TokenRow({ links, token }: { links: Links; token: TokenView }) {
  const { id, name, scopes, createdAt, createdBy, lastUsedAt, expiresAt, isExpired } = token;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{scopes.join(", ")}</td>
      <td>
        <Time at={createdAt} /> by {createdBy}
      </td>
      <td>{lastUsedAt ? <Time at={lastUsedAt} /> : "never"}</td>
      <td>
        {isExpired && <strong>expired </strong>}
        {expiresAt ? <Time at={expiresAt} /> : "never"}
      </td>
      <td>
        <Action
          links={links}
          path={`/settings/tokens/${encodeURIComponent(id)}/revoke`}
          label="Revoke"
          describes={name}
          tone="danger"
          curl={curlLine(links, { method: "DELETE", path: `/api/tokens/${id}` })}
        />
      </td>
    </tr>
  );
}

function NewToken({ links }: { links: Links }) {
  return (
    <form class="form" {...posted(url(links, "/settings/tokens"))}>
      <h3>New token</h3>
      <div class="field">
        <label for="token-name">Name</label>
        <input id="token-name" name="name" required maxlength={100} placeholder="nightly job" />
      </div>
      <fieldset class="checks">
        <legend>Scopes</legend>
        {SCOPES.map(({ scope, does }) => (
          <label>
            <input type="checkbox" name="scopes" value={scope} checked={scope === "read"} /> {scope}
            <span class="hint"> {does}</span>
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for="token-days">Expires after</label>
        <select id="token-days" name="days">
          {LIFETIMES.map(({ days, label }) => (
            <option value={days} selected={days === "90"}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <button type="submit" class="primary">
        Create token
      </button>
      <Command
        code={curlLine(links, {
          method: "POST",
          path: "/api/tokens",
          body: { name: "nightly job", scopes: ["read"] },
        })}
      />
    </form>
  );
}
