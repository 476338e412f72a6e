/** Draws the page that embeds a panel elsewhere: choose it, preview it live, copy the code. */
import type { Child } from "hono/jsx";
import type { Panel } from "../../core/events/panel-names.ts";
import type { Embed } from "../../core/routes/data/embeds.ts";
import { Field } from "../dataset/fields.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { PANEL_TITLES } from "../panels.tsx";
import { posted } from "../parts/form.tsx";
import { CodeBlock, Command, curlLine, Empty, Time } from "../parts/parts.tsx";

const FIRST = { panel: "metrics", of: null, theme: "auto" } as const;
const THEMES = { auto: "Follow the reader’s system", light: "Light", dark: "Dark" };

export function EmbedMaker(props: {
  links: Links;
  origins: string;
  embed: Embed | null;
  needsToken: boolean;
  children: Child;
}) {
  const { links, origins, embed, needsToken, children } = props;
  const { panel, of, theme } = embed ?? FIRST;
  return (
    <div class="pair">
      <div class="embed-choice">
        <Choice links={links} embed={embed} needsToken={needsToken} />
        {!origins && (
          <p class="note">No site may show this panel yet. Add the site under Allowed sites, then save.</p>
        )}
        <Command
          code={curlLine(links, {
            method: "POST",
            path: "/api/embeds",
            body: { panel, theme, ...(of !== null && { of }) },
          })}
        />
        {children}
      </div>
      <div class="embed-result">
        <h3>Preview</h3>
        <iframe
          class="embed-preview"
          src={embed?.url ?? url(links, `/embed/${panel}`)}
          title={`Preview: ${PANEL_TITLES[panel as Panel]}`}
        />
        {embed ? (
          <Snippets embed={embed} />
        ) : (
          <Empty>Select Create embed code. The code contains a token that is created then.</Empty>
        )}
      </div>
    </div>
  );
}

function Choice(props: { links: Links; embed: Embed | null; needsToken: boolean }) {
  const { links, needsToken } = props;
  const embed = props.embed ?? FIRST;
  return (
    <form class="form" {...posted(url(links, "/settings/embeds"))}>
      <h3>Show a panel on another site</h3>
      <Field id="embed-panel" label="Panel">
        <select id="embed-panel" name="panel">
          {Object.entries(PANEL_TITLES).map(([panel, title]) => (
            <option value={panel} selected={panel === embed.panel}>
              {title}
            </option>
          ))}
        </select>
      </Field>
      <Field id="embed-of" label="Run or model" hint="A run ID or a model name. Empty: the current one.">
        <input
          id="embed-of"
          name="of"
          value={embed.of ?? ""}
          autocomplete="off"
          aria-describedby="embed-of-hint"
        />
      </Field>
      <Field id="embed-theme" label="Theme">
        <select id="embed-theme" name="theme">
          {Object.entries(THEMES).map(([theme, label]) => (
            <option value={theme} selected={theme === embed.theme}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      <Field
        id="embed-days"
        label="Valid for (days)"
        hint={needsToken ? "The link expires then. Empty: 30." : "Empty: the link does not expire."}
      >
        <input
          id="embed-days"
          name="days"
          type="number"
          min="0.01"
          max="365"
          step="any"
          placeholder={needsToken ? "30" : ""}
          aria-describedby="embed-days-hint"
        />
      </Field>
      <p class="actions">
        <button type="submit" class="primary">
          Create embed code
        </button>
      </p>
    </form>
  );
}

function Snippets({ embed }: { embed: Embed }) {
  const snippets = [
    ["Web component (adapts its height)", embed.element],
    ["Iframe", embed.iframe],
    ["Badge", embed.badge],
    ["HTML fragment for htmx (add the site to CORS_ORIGINS)", embed.fragment],
  ] as const;
  return (
    <>
      {embed.expiresAt && (
        <p class="hint">
          The link expires <Time at={embed.expiresAt} />. Anyone with the link can see this panel until then.
        </p>
      )}
      {snippets.map(([label, code]) => (
        <>
          <h3>{label}</h3>
          <CodeBlock code={code} label={label} />
        </>
      ))}
    </>
  );
}
