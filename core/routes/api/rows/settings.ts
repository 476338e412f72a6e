/** The API of settings that can be changed at run time. */

import type { Tag } from "../../../http/conditional-requests.ts";
import { SETTINGS_PATCH, type Settings } from "../../../operations/settings.ts";
import type { Handle } from "../../../store/database.ts";
import { type Call, json, route } from "../route.ts";

async function settingsTag({ signalbox }: Pick<Call, "signalbox">, store: Handle): Promise<Tag> {
  return { state: Bun.hash(JSON.stringify(await settingsAnswer(signalbox.settings, store))).toString(36) };
}

export const SETTINGS_ROUTES = [
  route({
    method: "GET",
    path: "/api/settings",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/settings'",
    says: "Lists the settings that can be changed while the server runs: value, source (environment, stored, default), locked.",
    answers: { 200: json("SETTINGS") },
    tag: settingsTag,
    handle: async ({ signalbox }) => Response.json(await settingsAnswer(signalbox.settings)),
  }),
  route({
    method: "PATCH",
    path: "/api/settings",
    scope: "admin",
    example: `curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{"HEALTH_CPU":"80,95","RETENTION_DAYS":30}' '{home}/api/settings'`,
    says: "Changes settings, all or nothing, immediately. null restores the default.",
    body: SETTINGS_PATCH,
    tag: settingsTag,
    answers: { 200: json("SETTINGS") },
    refusals: ["conflict"],
    handle: async ({ signalbox, body, unchanged }) => {
      await signalbox.settings.change(body, unchanged);
      return Response.json(await settingsAnswer(signalbox.settings));
    },
  }),
];

/** By name. */
async function settingsAnswer(settings: Settings, store?: Handle): Promise<Record<string, unknown>> {
  return Object.fromEntries((await settings.list(store)).map(({ name, ...view }) => [name, view]));
}
