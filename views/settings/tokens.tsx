/** Which tokens are there, and how is one made or revoked? Works without script; a new token is shown once. */
import type { TokenView } from "../../core/http/identity/tokens.ts";
import { type Frame, type Links, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { Action, apiUrl, CodeBlock, Command, curlLine, Empty, Time } from "../parts/parts.tsx";

const SCOPES: readonly { scope: string; does: string }[] = [
  { scope: "read", does: "see everything" },
  { scope: "predict", does: "ask models" },
  { scope: "train", does: "upload, train, deploy, delete; reads and predicts too" },
  { scope: "embed", does: "show panels elsewhere" },
  { scope: "admin", does: "everything" },
];
const LIFETIMES: readonly { days: string; label: string }[] = [
  { days: "7", label: "a week" },
  { days: "30", label: "30 days" },
  { days: "90", label: "90 days" },
  { days: "365", label: "a year" },
  { days: "", label: "until it is revoked" },
];

export interface TokensProps {
  tokens: readonly TokenView[];
  /** The one that was just made, with itself. */
  fresh?: TokenView & { token: string };
}

export function TokensPage({ frame, ...props }: TokensProps & { frame: Frame }) {
  return (
    <Layout frame={frame} title="Tokens" panels={[]} current="settings">
      <header class="page-head">
        <h1>Tokens</h1>
        <p class="lead">A token is a key for a program, a portal or a person. Give each its own.</p>
      </header>
      <Tokens links={frame.links} {...props} />
    </Layout>
  );
}

/** For the settings page too. */
export function Tokens({ links, tokens, fresh }: TokensProps & { links: Links }) {
  return (
    <>
      {fresh && <Fresh links={links} token={fresh} />}
      <section class="panel" aria-labelledby="tokens-heading">
        <h2 id="tokens-heading">Tokens</h2>
        {tokens.length ? <TokenTable links={links} tokens={tokens} /> : <Empty>No token yet.</Empty>}
        <NewToken links={links} />
      </section>
    </>
  );
}

function Fresh({ links, token }: { links: Links; token: TokenView & { token: string } }) {
  return (
    <section class="panel" aria-labelledby="fresh-heading">
      <h2 id="fresh-heading">The token {token.name}</h2>
      <p>
        <strong>Copy it now: it is shown this once.</strong>
      </p>
      <CodeBlock code={token.token} label="the new token" />
      <CodeBlock
        code={`curl --fail-with-body -H 'Authorization: Bearer ${token.token}' '${apiUrl(links, "/api/status")}'`}
        label="a first request with it"
      />
    </section>
  );
}

function TokenTable({ links, tokens }: { links: Links; tokens: readonly TokenView[] }) {
  return (
    <section class="scroll table-scroll" tabindex={0} aria-label="Every token">
      <table class="data">
        <thead>
          <tr>
            {["Name", "May", "Made", "Last used", "Expires"].map((label) => (
              <th scope="col">{label}</th>
            ))}
            <th scope="col">
              <span class="unseen">Revoke</span>
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
    <form class="form" method="post" action={url(links, "/settings/tokens")}>
      <h3>A new token</h3>
      <div class="field">
        <label for="token-name">What is it for?</label>
        <input id="token-name" name="name" required maxlength={100} placeholder="nightly job" />
      </div>
      <fieldset class="checks">
        <legend>What may it do?</legend>
        {SCOPES.map(({ scope, does }) => (
          <label>
            <input type="checkbox" name="scopes" value={scope} checked={scope === "read"} /> {scope}
            <span class="hint"> {does}</span>
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label for="token-days">For how long?</label>
        <select id="token-days" name="days">
          {LIFETIMES.map(({ days, label }) => (
            <option value={days} selected={days === "90"}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <button type="submit" class="primary">
        Make the token
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
