/** Draws the settings that can change while the server runs. Those set by the environment are shown locked. */

import type { SettingView } from "../../core/operations/settings.ts";
import type { SettingsPageData } from "../../core/routes/pages/settings-page.ts";
import { Field } from "../dataset/fields.tsx";
import { Layout } from "../layout/layout.tsx";
import { type Links, type PageContext, url } from "../layout/page-context.ts";
import { posted } from "../parts/form.tsx";
import { capital } from "../parts/format.ts";
import { apiUrl, Command, curlLine } from "../parts/parts.tsx";
import { AlertRoutes } from "./alert-routes.tsx";
import { Audit } from "./audit.tsx";
import { EmbedMaker } from "./embed.tsx";
import { Refused } from "./refused.tsx";
import { Sessions } from "./sessions.tsx";
import { OPTION_WORDS, SETTING_WORDS, type SettingWords } from "./setting-words.ts";
import { Tokens } from "./tokens.tsx";
import { Webhooks } from "./webhooks.tsx";

type Group = SettingView["group"];

const GROUPS: Record<Group, { title: string; says: string }> = {
  thresholds: {
    title: "Alert thresholds",
    says: "A warning is shown from the first value, a critical alert from the second.",
  },
  retention: { title: "Data retention", says: "Older data is deleted within a minute." },
  embedding: { title: "Allowed sites", says: "Only these sites can show panels of this server." },
  sources: {
    title: "Allowed hosts",
    says: "Sources and schedules can only connect to these hosts. If the list is empty, they connect nowhere.",
  },
  alerts: { title: "Default webhook", says: "Where alerts and other events are sent." },
};

const SECTIONS = [
  ["tokens", "Access tokens"],
  ["sessions", "Sessions"],
  ["backup", "Backup"],
  ["alert-routes", "Alert routes"],
  ["alerts", "Webhooks"],
  ["thresholds", "Alert thresholds"],
  ["retention", "Data retention"],
  ["sources", "Sources"],
  ["embedding", "Embeds"],
  ["audit", "Audit log"],
] as const;

export function SettingsPage({ context, ...data }: SettingsPageData & { context: PageContext }) {
  const { links } = context;
  const { settings, webhooks, fresh, embed, needsToken, tokens, sessions, audit, refusal } = data;
  const origins = asText(settings.find(({ name }) => name === "EMBED_ORIGINS")?.value);
  const group = (name: Group) => (
    <SettingGroup links={links} group={name} settings={settings.filter((entry) => entry.group === name)} />
  );
  return (
    <Layout
      context={context}
      title="Settings"
      panels={[]}
      current="settings"
      script="/static/signalbox-panel.js"
    >
      <div class="settings">
        <nav class="settings-index" aria-label="Sections">
          <ul>
            {SECTIONS.filter(([id]) => id !== "sessions" || sessions).map(([id, label]) => (
              <li>
                <a href={`#${id}`}>{label}</a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="settings-sections">
          <header class="page-head">
            <h1>Settings</h1>
            <p class="lead">
              Changes apply immediately and survive a restart. Settings from the environment are locked here.
            </p>
          </header>
          <Refused refusal={refusal} says="Nothing was changed." />
          <div id="tokens">
            <Tokens links={links} tokens={tokens} />
          </div>
          {sessions && (
            <div id="sessions">
              <Sessions links={links} {...sessions} />
            </div>
          )}
          <Backup links={links} />
          <AlertRoutes links={links} routes={data.alertRoutes} kinds={data.alertKinds} />
          <section class="panel" id="alerts" aria-labelledby="webhooks-heading">
            <h2 id="webhooks-heading">Webhooks</h2>
            <div class="pair">
              <Webhooks links={links} webhooks={webhooks} fresh={fresh} />
              {group("alerts")}
            </div>
          </section>
          <section class="panel" id="thresholds" aria-label="Alert thresholds">
            {group("thresholds")}
          </section>
          <section class="panel" id="retention" aria-label="Data retention">
            {group("retention")}
          </section>
          <section class="panel" id="sources" aria-label="Sources">
            {group("sources")}
          </section>
          <section class="panel" id="embedding" aria-labelledby="embeds-heading">
            <h2 id="embeds-heading">Embeds</h2>
            <EmbedMaker links={links} origins={origins} embed={embed} needsToken={needsToken}>
              {group("embedding")}
            </EmbedMaker>
          </section>
          <div id="audit">
            <Audit links={links} {...audit} />
          </div>
        </div>
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
    <form class={`form setting-group setting-${group}`} {...posted(url(links, "/settings"))}>
      <h2>{title}</h2>
      <p class="hint">{says}</p>
      {settings.map((setting) =>
        group === "thresholds" ? (
          <Threshold setting={setting} />
        ) : (
          <Field id={setting.name} label={wordsOf(setting).label} hint={hintOf(setting)}>
            <SettingInput setting={setting} />
          </Field>
        ),
      )}
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

/** "80,95" as two fields. */
function Threshold({ setting }: { setting: SettingView }) {
  const { name, value, locked } = setting;
  const { label, unit = "" } = wordsOf(setting);
  const now = asText(value).split(/,\s*/);
  const otherwise = asText(setting.default).split(/,\s*/);
  return (
    <fieldset class="threshold-fields" aria-describedby={`${name}-hint`}>
      <legend>{label}</legend>
      {["Warning", "Critical"].map((level, index) => (
        <label>
          <span>{level}</span>
          <input
            name={`${name}.${level.toLowerCase()}`}
            type="number"
            min="0"
            step="any"
            value={now[index]}
            placeholder={otherwise[index]}
            disabled={locked}
          />
          <span class="unit">{unit}</span>
        </label>
      ))}
      <p id={`${name}-hint`} class="hint">
        {hintOf(setting)}
      </p>
    </fieldset>
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
            {OPTION_WORDS[option] ?? option}
          </option>
        ))}
      </select>
    );
  }
  if (isSecret) {
    const known = isSet ? "Set (not shown)" : "None";
    return <input {...common} type="password" autocomplete="new-password" placeholder={known} />;
  }
  const { unit } = wordsOf(setting);
  const input = (
    <input {...common} value={asText(value)} placeholder={asText(setting.default)} autocomplete="off" />
  );
  return unit ? (
    <span class="with-unit">
      {input}
      <span class="unit">{unit}</span>
    </span>
  ) : (
    input
  );
}

function wordsOf({ name, says }: SettingView): SettingWords {
  return SETTING_WORDS[name] ?? { label: capital(says) };
}

function hintOf(setting: SettingView): string {
  const { name, source, isSecret } = setting;
  const { hint = "" } = wordsOf(setting);
  if (source === "environment")
    return `${hint} Set by the environment variable ${name} and locked here.`.trim();
  if (isSecret) return `${hint} Leave empty to keep the current one.`.trim();
  const plain = asText(setting.default);
  const fallback = (setting.options && OPTION_WORDS[plain]) || plain.replace(",", ", ") || "none";
  return `${hint} Default: ${fallback}.`.trim();
}

function asText(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function Backup({ links }: { links: Links }) {
  return (
    <section class="panel" id="backup" aria-labelledby="backup-heading">
      <h2 id="backup-heading">Backup</h2>
      <p class="lead">
        All datasets, models and settings in one archive, created without downtime. It contains your data and
        secrets: store it safely.
      </p>
      <div class="action">
        <p class="actions">
          <a class="button" href={url(links, "/api/backup")} download>
            Download backup
          </a>
        </p>
        <Command code={`${links.curl} --fail-with-body -o signalbox.tar '${apiUrl(links, "/api/backup")}'`} />
      </div>
      <p class="hint">
        To restore: <code>signalbox restore signalbox.tar</code>. It checks the whole archive first. Add{" "}
        <code>--replace</code> to replace existing data; the old data is kept beside it.
      </p>
    </section>
  );
}
