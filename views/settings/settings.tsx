/** What can be set while the server runs? Every form works without script; what the environment sets is shown locked. */

import type { SettingView } from "../../core/operations/settings.ts";
import type { SettingsPageData } from "../../core/routes/pages/settings-page.ts";
import { Field } from "../dataset/train.tsx";
import { type Frame, type Links, url } from "../layout/frame.ts";
import { Layout } from "../layout/layout.tsx";
import { apiUrl, Command, curlLine } from "../parts/parts.tsx";
import { Audit } from "./audit.tsx";
import { EmbedMaker } from "./embed.tsx";
import { Tokens } from "./tokens.tsx";
import { Webhooks } from "./webhooks.tsx";

type Group = SettingView["group"];

const GROUPS: Record<Group, { title: string; says: string }> = {
  thresholds: {
    title: "Thresholds",
    says: "From the first number on the machine is told to be near a limit, from the second to be at it.",
  },
  retention: { title: "How long the past is kept", says: "What is older is deleted within a minute." },
  embedding: { title: "Who may embed", says: "Pages of these origins may show panels in a frame." },
  alerts: { title: "Alerts", says: "Where alerts and other events are sent to, beside the pages here." },
};

const SECTIONS = [
  ["embedding", "Embeds"],
  ["alerts", "Alerts"],
  ["thresholds", "Thresholds"],
  ["retention", "Retention"],
  ["backup", "Backup"],
  ["tokens", "Tokens"],
  ["audit", "Audit"],
] as const;

export function SettingsPage({ frame, ...data }: SettingsPageData & { frame: Frame }) {
  const { links } = frame;
  const { settings, webhooks, fresh, embed, needsToken, tokens, audit, refusal } = data;
  const origins = asText(settings.find(({ name }) => name === "EMBED_ORIGINS")?.value);
  const group = (name: Group) => (
    <SettingGroup links={links} group={name} settings={settings.filter((entry) => entry.group === name)} />
  );
  return (
    <Layout frame={frame} title="Settings" panels={[]} current="settings" script="/static/signalbox-panel.js">
      <header class="page-head">
        <h1>Settings</h1>
        <p class="lead">
          A change is in force at once and stays after a restart. What the environment sets is locked here.
        </p>
        <ul class="contents">
          {SECTIONS.map(([id, label]) => (
            <li>
              <a href={`#${id}`}>{label}</a>
            </li>
          ))}
        </ul>
      </header>
      {refusal && (
        <section class="note note-danger" role="alert">
          <p>
            <strong>Nothing was changed.</strong> {refusal.detail}
          </p>
          {refusal.fix && <p>{refusal.fix}</p>}
        </section>
      )}
      <section class="panel" id="embedding" aria-labelledby="embeds-heading">
        <h2 id="embeds-heading">Embeds</h2>
        <EmbedMaker links={links} origins={origins} embed={embed} needsToken={needsToken}>
          {group("embedding")}
        </EmbedMaker>
      </section>
      <section class="panel" id="alerts" aria-labelledby="webhooks-heading">
        <h2 id="webhooks-heading">Alerts and webhooks</h2>
        <div class="pair">
          {group("alerts")}
          <Webhooks links={links} webhooks={webhooks} fresh={fresh} />
        </div>
      </section>
      <div class="pair">
        <section class="panel" id="thresholds" aria-label="Thresholds of the machine">
          {group("thresholds")}
        </section>
        <section class="panel" id="retention" aria-label="Retention">
          {group("retention")}
        </section>
      </div>
      <Backup links={links} />
      <div id="tokens">
        <Tokens links={links} tokens={tokens} />
      </div>
      <div id="audit">
        <Audit links={links} {...audit} />
      </div>
    </Layout>
  );
}

function SettingGroup(props: { links: Links; group: Group; settings: readonly SettingView[] }) {
  const { links, group, settings } = props;
  const { title, says } = GROUPS[group];
  const open = settings.filter(({ locked }) => !locked);
  const body = Object.fromEntries(
    open.filter(({ isSecret }) => !isSecret).map(({ name, value }) => [name, asText(value)]),
  );
  return (
    <form class="form" method="post" action={url(links, "/settings")}>
      <h3>{title}</h3>
      <p class="hint">{says}</p>
      {settings.map((setting) => (
        <Field id={setting.name} label={capital(setting.says)} hint={sourceOf(setting)}>
          <SettingInput setting={setting} />
        </Field>
      ))}
      {open.length > 0 && (
        <>
          <p class="actions">
            <button type="submit" aria-label={`Save: ${title}`}>
              Save
            </button>
          </p>
          <Command code={curlLine(links, { method: "PATCH", path: "/api/settings", body })} />
        </>
      )}
    </form>
  );
}

function SettingInput({ setting }: { setting: SettingView }) {
  const { name, value, locked, isSecret, isSet, options } = setting;
  const common = { id: name, name, disabled: locked, "aria-describedby": `${name}-hint` };
  if (options) {
    return (
      <select {...common}>
        {options.map((option) => (
          <option value={option} selected={option === value}>
            {option}
          </option>
        ))}
      </select>
    );
  }
  if (isSecret) {
    const known = isSet ? "there is one, which is not shown" : "none";
    return <input {...common} type="password" autocomplete="new-password" placeholder={known} />;
  }
  return <input {...common} value={asText(value)} placeholder={asText(setting.default)} autocomplete="off" />;
}

function sourceOf(setting: SettingView): string {
  const { name, source, isSecret } = setting;
  if (source === "environment") return `${name} is set by the environment and locked here.`;
  if (isSecret) return `Left empty it stays as it is. In the environment: ${name}.`;
  const fallback = asText(setting.default) || "none";
  const now = source === "stored" ? `Set here; empty: the default, ${fallback}.` : "The default.";
  return `${now} In the environment: ${name}.`;
}

function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Backup({ links }: { links: Links }) {
  return (
    <section class="panel" id="backup" aria-labelledby="backup-heading">
      <h2 id="backup-heading">Backup</h2>
      <p class="lead">
        Database, files and models in one archive, made while everything goes on. It holds your data and the
        secrets of webhooks and embeds: keep it like them.
      </p>
      <div class="action">
        <p class="actions">
          <a class="button" href={url(links, "/api/backup")} download>
            Download a backup
          </a>
        </p>
        <Command code={`${links.curl} --fail-with-body -o signalbox.tar '${apiUrl(links, "/api/backup")}'`} />
      </div>
      <p class="hint">
        <code>signalbox restore signalbox.tar</code> checks it to the last byte and brings it back, into a
        running server too; with <code>--replace</code> what is there is kept aside.
      </p>
    </section>
  );
}
