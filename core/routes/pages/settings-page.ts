/** Reads the settings page and handles its forms, with the API's own checks. */

import { ALERT_CODES } from "../../events/alert-records.ts";
import type { AuditView } from "../../http/identity/audit.ts";
import type { SessionView } from "../../http/identity/sessions.ts";
import type { TokenView } from "../../http/identity/tokens.ts";
import type { Problem } from "../../http/problem.ts";
import type { AlertRouteView } from "../../operations/alert-routes/alert-routes.ts";
import type { SettingView } from "../../operations/settings.ts";
import type { WebhookView } from "../../operations/webhooks.ts";
import type { Call } from "../api/route.ts";
import { type Embed, type EmbedRequest, makeEmbed } from "../data/embeds.ts";
import { NEWEST } from "../data/list-data.ts";
import { sessionPage } from "../data/session-data.ts";
import type { FormResult } from "./form-handlers.ts";
import { withRefusal } from "./refusal.ts";
import { alertRouteForm, embedForm, settingsForm, webhookForm } from "./settings-form.ts";

export interface SettingsPageData {
  settings: SettingView[];
  webhooks: WebhookView[];
  alertRoutes: AlertRouteView[];
  alertKinds: readonly string[];
  /** The one that was just made, with its secret: shown only once. */
  fresh: (WebhookView & { secret: string }) | null;
  /** Null: no embed was requested yet, so no token is created. */
  embed: Embed | null;
  /** Whether a link needs a token. */
  needsToken: boolean;
  tokens: TokenView[];
  /** Null: sign-in is turned off here, or the proxy does it. */
  sessions: { sessions: SessionView[]; next: number | null } | null;
  audit: { entries: AuditView[]; next: number | null };
  /** Why a change was refused; nothing was changed. */
  refusal: Problem | null;
}

const refusable = withRefusal((call: Call, refusal) => settingsData(call, { refusal }));

const AUDIT_ROWS = 10;
const SESSION_ROWS = 10;
const FIRST_EMBED: EmbedRequest = { panel: "metrics", theme: "auto" };

export async function settingsData(
  call: Call,
  asked: Partial<Pick<SettingsPageData, "embed" | "fresh" | "refusal">> = {},
): Promise<SettingsPageData> {
  const { signalbox, home } = call;
  const { items: entries, next } = await signalbox.audit.page(Number.MAX_SAFE_INTEGER, AUDIT_ROWS);
  return {
    settings: await signalbox.settings.list(),
    webhooks: await signalbox.webhooks.list(),
    alertRoutes: await signalbox.alertRoutes.list(),
    alertKinds: ALERT_CODES,
    fresh: null,
    embed: signalbox.config.AUTH === "none" ? await makeEmbed(signalbox, home, FIRST_EMBED) : null,
    needsToken: signalbox.config.AUTH !== "none",
    tokens: await signalbox.tokens.list(),
    sessions: signalbox.config.AUTH === "token" ? await newestSessions(call) : null,
    audit: { entries, next },
    refusal: null,
    ...asked,
  };
}

async function newestSessions(call: Call) {
  const { items: sessions, next } = await sessionPage(call, { cursor: NEWEST, limit: SESSION_ROWS });
  return { sessions, next };
}

export const saveSettings = refusable(async ({ signalbox, request }) => {
  const known = await signalbox.settings.list();
  const patch = await settingsForm(request, known);
  await signalbox.settings.change(patch);
  const group = known.find(({ name }) => name in patch)?.group;
  return { go: `/settings${group ? `#${group}` : ""}` };
});

export const createWebhook = refusable(async (call) => {
  const fresh = await call.signalbox.webhooks.create(await webhookForm(call.request));
  return settingsData(call, { fresh });
});

export const createEmbed = refusable(async (call) =>
  settingsData(call, { embed: await makeEmbed(call.signalbox, call.home, await embedForm(call.request)) }),
);

export async function deleteWebhook({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.webhooks.delete(params.id!);
  return { go: "/settings#alerts" };
}

export const createAlertRoute = refusable(async ({ signalbox, request }) => {
  await signalbox.alertRoutes.create(await alertRouteForm(request));
  return { go: "/settings#alert-routes" };
});

export const testAlertRoute = refusable(async ({ signalbox, params }) => {
  await signalbox.alertRoutes.test(params.id!);
  return { go: "/settings#alert-routes" };
});

export async function deleteAlertRoute({ signalbox, params }: Call): Promise<FormResult> {
  await signalbox.alertRoutes.delete(params.id!);
  return { go: "/settings#alert-routes" };
}
