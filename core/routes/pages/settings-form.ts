/** Turns the settings forms' fields, which are text, into API input. */

import { checked } from "../../http/body.ts";
import { ROUTE_REQUEST, type RouteRequest } from "../../operations/alert-routes/spec.ts";
import { SETTINGS_PATCH, type SettingsPatch, type SettingView } from "../../operations/settings.ts";
import { WEBHOOK_REQUEST } from "../../operations/webhooks.ts";
import type { OutputOf } from "../../platform/zod-setup.ts";
import { EMBED_REQUEST, type EmbedRequest } from "../data/embeds.ts";
import { defined, filled, readForm } from "./form-fields.ts";

/** An empty field restores the default; an empty secret stays as it is. */
export async function settingsForm(request: Request, known: readonly SettingView[]): Promise<SettingsPatch> {
  const form = await readForm(request);
  const asked = known.flatMap(({ name, isSecret, default: otherwise }) => {
    if (form.has(`${name}.warning`)) return [[name, thresholdOf(form, name, String(otherwise))]];
    const value = filled(form, name) ?? null;
    return form.has(name) && !(isSecret && value === null) ? [[name, value]] : [];
  });
  return checked(Object.fromEntries(asked), SETTINGS_PATCH()) as SettingsPatch;
}

/** Two fields of one setting; an empty one is the default's. Both empty: the default again. */
function thresholdOf(form: FormData, name: string, otherwise: string): string | null {
  const given = ["warning", "critical"].map((level) => filled(form, `${name}.${level}`));
  if (given.every((value) => value === undefined)) return null;
  return given.map((value, index) => value ?? otherwise.split(",")[index]).join(",");
}

export async function webhookForm(request: Request): Promise<OutputOf<typeof WEBHOOK_REQUEST>> {
  const form = await readForm(request);
  const types = (filled(form, "types") ?? "").split(/[\s,]+/).filter(Boolean);
  return checked(
    defined({ url: filled(form, "url") ?? "", types, secret: filled(form, "secret") }),
    WEBHOOK_REQUEST(),
  );
}

export async function embedForm(request: Request): Promise<EmbedRequest> {
  const form = await readForm(request);
  const days = filled(form, "days");
  return checked(
    defined({
      panel: filled(form, "panel"),
      of: filled(form, "of"),
      theme: filled(form, "theme"),
      expiresInSeconds: days === undefined ? undefined : Math.round(Number(days) * 86_400),
    }),
    EMBED_REQUEST(),
  );
}

export async function alertRouteForm(request: Request): Promise<RouteRequest> {
  const form = await readForm(request);
  const list = (name: string) => {
    const values = (filled(form, name) ?? "").split(/[\s,]+/).filter(Boolean);
    return values.length ? values : undefined;
  };
  const [from, to, every] = ["from", "until", "digest"].map((name) => filled(form, name));
  const timeZone = filled(form, "timeZone");
  const quiet = { from, to, timeZone, exceptErrors: filled(form, "exceptErrors") === "1" };
  return checked(
    defined({
      ...Object.fromEntries(["name", "channel", "to", "token"].map((name) => [name, filled(form, name)])),
      severities: form.getAll("severities"),
      kinds: list("kinds"),
      models: list("models"),
      quiet: from && to ? defined(quiet) : undefined,
      digest: every ? defined({ every, at: filled(form, "at"), timeZone }) : undefined,
    }),
    ROUTE_REQUEST(),
  );
}
