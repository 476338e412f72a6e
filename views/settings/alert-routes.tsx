/** Draws where alerts are sent, with a form to add an address and a button that tests it. */
import type { AlertRouteView } from "../../core/operations/alert-routes/alert-routes.ts";
import { Field } from "../dataset/fields.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { posted } from "../parts/form.tsx";
import { count, plural } from "../parts/format.ts";
import { Action, Command, curlLine, Empty, LampDot, Time } from "../parts/parts.tsx";

const CHANNEL_WORDS: Record<AlertRouteView["channel"], string> = {
  email: "E-mail",
  slack: "Slack",
  teams: "Microsoft Teams",
  discord: "Discord",
  ntfy: "ntfy",
  webhook: "Webhook",
};

interface Props {
  links: Links;
  routes: readonly AlertRouteView[];
  /** All kinds of alerts. */
  kinds: readonly string[];
}

export function AlertRoutes({ links, routes, kinds }: Props) {
  const body = { name: "on call", channel: "slack", to: "https://hooks.slack.com/services/…" };
  return (
    <section class="panel" id="alert-routes" aria-labelledby="alert-routes-heading">
      <h2 id="alert-routes-heading">Alert routes</h2>
      <p class="lead">Where alerts are sent, by severity, kind and model.</p>
      {routes.length ? (
        <ul class="rows automation">
          {routes.map((route) => (
            <RouteRow links={links} route={route} />
          ))}
        </ul>
      ) : (
        <Empty>No alert routes yet. Add one below.</Empty>
      )}
      <form class="form" {...posted(url(links, "/settings/alert-routes"))}>
        <Field id="route-name" label="Name">
          <input id="route-name" name="name" required maxlength={100} placeholder="on call" />
        </Field>
        <Field id="route-channel" label="Channel">
          <select id="route-channel" name="channel">
            {Object.entries(CHANNEL_WORDS).map(([channel, words]) => (
              <option value={channel}>{words}</option>
            ))}
          </select>
        </Field>
        <Field
          id="route-to"
          label="Address"
          hint="A mail address, or the webhook address of the channel. Never shown again."
        >
          <input id="route-to" name="to" required autocomplete="off" aria-describedby="route-to-hint" />
        </Field>
        <fieldset class="checks">
          <legend>Severity</legend>
          {["error", "warning"].map((severity) => (
            <label>
              <input type="checkbox" name="severities" value={severity} checked /> {severity}
            </label>
          ))}
        </fieldset>
        <Field id="route-digest" label="Send">
          <select id="route-digest" name="digest">
            <option value="">Each alert at once</option>
            <option value="day">A digest every day</option>
            <option value="week">A digest every Monday</option>
          </select>
        </Field>
        <details class="expert">
          <summary>Advanced options</summary>
          <Field id="route-kinds" label="Kinds" hint={`All if empty. Known: ${kinds.join(", ")}.`}>
            <input id="route-kinds" name="kinds" autocomplete="off" aria-describedby="route-kinds-hint" />
          </Field>
          <Field id="route-models" label="Models" hint="All if empty. Separate names with commas.">
            <input id="route-models" name="models" autocomplete="off" aria-describedby="route-models-hint" />
          </Field>
          <Field
            id="route-from"
            label="Quiet from"
            hint="Alerts during quiet hours are sent afterwards, if still active."
          >
            <input id="route-from" name="from" type="time" aria-describedby="route-from-hint" />
          </Field>
          <Field id="route-until" label="Quiet until">
            <input id="route-until" name="until" type="time" />
          </Field>
          <Field id="route-zone" label="Time zone" hint="For example Europe/Berlin. UTC if empty.">
            <input id="route-zone" name="timeZone" autocomplete="off" />
          </Field>
          <label>
            <input type="checkbox" name="exceptErrors" value="1" /> Send errors during quiet hours
          </label>
          <Field id="route-at" label="Time of the digest" hint="08:00 if empty.">
            <input id="route-at" name="at" type="time" />
          </Field>
          <Field id="route-token" label="Access token" hint="ntfy only. Never shown again.">
            <input id="route-token" name="token" type="password" autocomplete="new-password" />
          </Field>
        </details>
        <p class="actions">
          <button type="submit">Add alert route</button>
        </p>
        <Command code={curlLine(links, { method: "POST", path: "/api/alert-routes", body })} />
      </form>
    </section>
  );
}

function RouteRow({ links, route }: { links: Links; route: AlertRouteView }) {
  const { id, name, channel, to, enabled, delivered, givenUp, attempts, lastError, nextDigestAt } = route;
  const path = `/settings/alert-routes/${encodeURIComponent(id)}`;
  return (
    <li class="automation-item">
      <div class="row">
        <LampDot lamp={!enabled ? "dark" : lastError ? "caution" : "clear"} />
        <span class="row-name">{name}</span>
        <span class="row-facts">
          {CHANNEL_WORDS[channel]} to {to}, {count(delivered)} delivered
          {givenUp > 0 && `, ${count(givenUp)} failed`}
          {lastError && `. Last error after ${plural(attempts, "attempt")}: ${lastError}`}
        </span>
        <span class="row-when">
          {!enabled && "paused"}
          {enabled && nextDigestAt && (
            <>
              next digest <Time at={nextDigestAt} />
            </>
          )}
        </span>
      </div>
      <p class="hint">{filterOf(route)}</p>
      <div class="actions">
        <Action
          links={links}
          path={`${path}/test`}
          label="Send test"
          describes={name}
          needs="admin"
          then="go"
          curl={curlLine(links, { method: "POST", path: `/api/alert-routes/${id}/test` })}
        />
        <Action
          links={links}
          path={`${path}/delete`}
          label="Delete"
          describes={name}
          tone="danger"
          needs="admin"
          then="go"
          curl={curlLine(links, { method: "DELETE", path: `/api/alert-routes/${id}` })}
        />
      </div>
    </li>
  );
}

function filterOf({ severities, kinds, models, quiet, digest }: AlertRouteView): string {
  const parts = [
    digest ? `A digest every ${digest.every} at ${digest.at ?? "08:00"} (${digest.timeZone ?? "UTC"})` : null,
    severities?.length ? `severity ${severities.join(" or ")}` : "every severity",
    kinds?.length ? `kinds ${kinds.join(", ")}` : null,
    models?.length ? `models ${models.join(", ")}` : null,
    quiet ? `quiet from ${quiet.from} to ${quiet.to} (${quiet.timeZone ?? "UTC"})` : null,
  ];
  const text = (digest ? parts.slice(0, 1) : parts.slice(1)).filter((part) => part !== null).join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
