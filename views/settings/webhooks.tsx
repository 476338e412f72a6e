/** Draws the webhooks, and how far events were delivered to each. */

import type { WebhookView } from "../../core/operations/webhooks.ts";
import type { SettingsPageData } from "../../core/routes/pages/settings-page.ts";
import { Field } from "../dataset/fields.tsx";
import { type Links, url } from "../layout/page-context.ts";
import { posted } from "../parts/form.tsx";
import { count, plural } from "../parts/format.ts";
import { Action, CodeBlock, Command, curlLine, Empty, LampDot } from "../parts/parts.tsx";

type Props = Pick<SettingsPageData, "webhooks" | "fresh"> & { links: Links };

export function Webhooks({ links, webhooks, fresh }: Props) {
  const body = { url: "https://example.com/hook", types: ["run.finished"] };
  return (
    <div class="form">
      <h3>Your webhooks</h3>
      {fresh && (
        <div class="note">
          <p>
            <strong>Copy the secret now. It is shown only once.</strong> Posted events are signed with it.
            Address: {fresh.url}.
          </p>
          <CodeBlock code={fresh.secret} label="secret of the new webhook" />
        </div>
      )}
      {webhooks.length ? (
        <ul class="rows">
          {webhooks.map((webhook) => (
            <WebhookRow links={links} webhook={webhook} />
          ))}
        </ul>
      ) : (
        <Empty>No webhooks yet.</Empty>
      )}
      <form class="form" {...posted(url(links, "/settings/webhooks"))}>
        <Field
          id="webhook-url"
          label="Address"
          hint="Events are posted here in order. Failed deliveries are retried."
        >
          <input id="webhook-url" name="url" type="url" required aria-describedby="webhook-url-hint" />
        </Field>
        <Field
          id="webhook-types"
          label="Events"
          hint="For example run.finished, alert.raised. Empty: everything in the activity feed."
        >
          <input id="webhook-types" name="types" autocomplete="off" aria-describedby="webhook-types-hint" />
        </Field>
        <p class="actions">
          <button type="submit">Add webhook</button>
        </p>
      </form>
      <Command code={curlLine(links, { method: "POST", path: "/api/webhooks", body })} />
    </div>
  );
}

function WebhookRow({ links, webhook }: { links: Links; webhook: WebhookView }) {
  const { id, url: address, types, delivered, givenUp, attempts, lastError, isLocked } = webhook;
  const path = `/settings/webhooks/${encodeURIComponent(id)}/delete`;
  return (
    <li class="row">
      <LampDot lamp={lastError ? "caution" : "clear"} />
      <span class="row-name">{address}</span>
      <span class="row-facts">
        {types.length ? types.join(", ") : "All activity"}, {count(delivered)} delivered
        {givenUp > 0 && `, ${count(givenUp)} failed`}
        {lastError && `. Last error after ${plural(attempts, "attempt")}: ${lastError}`}
      </span>
      {isLocked ? (
        <span class="row-when">Default webhook</span>
      ) : (
        <Action
          links={links}
          path={path}
          label="Delete"
          tone="danger"
          then="go"
          describes={`the webhook ${address}`}
          curl={curlLine(links, { method: "DELETE", path: `/api/webhooks/${id}` })}
        />
      )}
    </li>
  );
}
