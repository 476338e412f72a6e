/** The API of what can be changed while the process runs. */
import { readJson } from "../http/body.ts";
import { SETTINGS_PATCH, type Settings } from "../settings.ts";
import type { Route } from "./route.ts";

export const SETTINGS_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/settings",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/settings'",
    says: "What can be changed while the server runs: value, source (environment, stored, default), locked.",
    handle: ({ box }) => Response.json(settingsAnswer(box.settings)),
  },
  {
    method: "PATCH",
    path: "/api/settings",
    scope: "admin",
    example: `curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{"HEALTH_CPU":"80,95","RETENTION_DAYS":30}' '{home}/api/settings'`,
    says: "Changes some, all or nothing, at once and for good; null is the default again.",
    body: SETTINGS_PATCH,
    handle: async ({ box, request }) => {
      box.settings.change(await readJson(request, SETTINGS_PATCH));
      return Response.json(settingsAnswer(box.settings));
    },
  },
];

/** By name. */
function settingsAnswer(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(settings.list().map(({ name, ...view }) => [name, view]));
}
