/**
 * Lists the scope and rate limit of every address. The API's rows define their own; the pages, forms and live addresses
 * of server.ts are listed here. A form needs what its API row needs. Addresses that are not listed are for admins.
 */
import type { RateClass } from "../../operations/config.ts";
import type { Access } from "./scopes.ts";

export interface RouteAccess {
  /** The action's name in the audit log: "POST /api/train", for the form and the API alike. */
  action: string;
  scope: Access;
  rate: RateClass | null;
  /**
   * Whether it is audited. Predictions are counted elsewhere, and reading changes nothing; but a backup takes
   * everything.
   */
  isChange: boolean;
  /** Its response is sent although it may have ended the access that requested it. */
  endsAccess: boolean;
}

const ENDS_ACCESS = new Set([
  ...["POST /sign-in", "GET /sign-in/:provider/callback", "POST /sign-out"],
  "DELETE /api/tokens/:id",
  "DELETE /api/sessions/:id",
]);

/** The part of an API row about access. */
interface RouteRow {
  method: string;
  path: string;
  scope: Access;
  rate?: RateClass;
}

type PageAccess = { scope: Access; rate?: RateClass } | { like: string };

export const PAGES: Record<string, PageAccess> = {
  "GET /": { scope: "read" },
  "GET /datasets/:id": { scope: "read" },
  "GET /datasets": { scope: "read" },
  "GET /runs": { scope: "read" },
  "GET /models": { scope: "read" },
  "GET /activity": { scope: "read" },
  "GET /compare": { scope: "read" },
  "GET /runs/:id": { scope: "read" },
  "GET /runs/:id/replay": { scope: "read" },
  "GET /runs/:id/rewind": { scope: "read" },
  "GET /models/:name": { scope: "read" },
  "GET /models/:name/report": { scope: "read" },
  "GET /schedules": { scope: "read" },
  "GET /sources": { scope: "read" },
  "GET /docs": { scope: "read" },
  "GET /inspect": { scope: "read" },
  "GET /openapi.json": { scope: "read" },
  "GET /history": { scope: "read" },
  "GET /settings": { scope: "admin" },
  "GET /settings/tokens": { scope: "admin" },
  "GET /settings/audit": { scope: "admin" },
  "GET /settings/sessions": { scope: "admin" },
  "GET /ws": { scope: "panel", rate: "socket" },
  "GET /panels": { scope: "panel" },
  "GET /panels/:panel": { scope: "panel" },
  "GET /embed/:panel": { scope: "panel" },
  "GET /static/:file": { scope: "open" },
  "GET /sign-in": { scope: "open" },
  "POST /sign-in": { scope: "open" },
  "POST /sign-out": { scope: "open" },
  "GET /sign-in/:provider": { scope: "open" },
  "GET /sign-in/:provider/callback": { scope: "open" },
  "POST /sign-in/:provider/sign-out": { scope: "open" },
  "POST /datasets": { like: "POST /api/upload" },
  "POST /samples/:name": { like: "POST /api/samples/:name" },
  "POST /alerts/:id/dismiss": { like: "DELETE /api/alerts/:id" },
  "POST /datasets/:id/train": { like: "POST /api/train" },
  "POST /datasets/:id/reading": { like: "PATCH /api/datasets/:id" },
  "POST /datasets/:id/preview": { like: "POST /api/datasets/:id/preview" },
  "POST /datasets/:id/delete": { like: "DELETE /api/datasets/:id" },
  "POST /datasets/:id/order": { like: "PATCH /api/datasets/:id" },
  "POST /datasets/:id/visibility": { like: "PATCH /api/datasets/:id" },
  "POST /runs/:id/visibility": { like: "PATCH /api/runs/:id" },
  "POST /models/:name/visibility": { like: "PATCH /api/models/:name" },
  "POST /datasets/bulk": { like: "POST /api/bulk" },
  "POST /runs/bulk": { like: "POST /api/bulk" },
  "POST /models/bulk": { like: "POST /api/bulk" },
  "POST /undo/:id": { like: "POST /api/undo/:id" },
  "POST /runs/:id/order": { like: "PATCH /api/runs/:id" },
  "POST /runs/:id/delete": { like: "DELETE /api/runs/:id" },
  "POST /models/:name/order": { like: "PATCH /api/models/:name" },
  "POST /models/:name/delete": { like: "DELETE /api/models/:name" },
  "POST /models/:name/versions/:v/delete": { like: "DELETE /api/models/:name/versions/:v" },
  "POST /filters": { like: "POST /api/filters" },
  "POST /filters/:id/delete": { like: "DELETE /api/filters/:id" },
  "POST /runs/:id/again": { like: "POST /api/train" },
  "POST /runs/:id/stop": { like: "POST /api/runs/:id/stop" },
  "POST /runs/:id/cancel": { like: "DELETE /api/runs/:id" },
  "POST /runs/:id/resume": { like: "POST /api/runs/:id/resume" },
  "POST /models/:name/live": { like: "PUT /api/models/:name/live" },
  "POST /models/:name/offline": { like: "DELETE /api/models/:name/live" },
  "POST /models/:name/threshold": { like: "PUT /api/models/:name/threshold" },
  "POST /models/:name/challenger": { like: "PUT /api/models/:name/challenger" },
  "POST /models/:name/canary": { like: "PUT /api/models/:name/canary" },
  "POST /models/:name/predict": { like: "POST /api/models/:name/predict" },
  "POST /models/:name/outcomes": { like: "POST /api/predictions/:id/actual" },
  "POST /models/:name/outcomes-csv": { like: "POST /api/predictions/actuals" },
  "POST /models/:name/predict-csv": { like: "POST /api/models/:name/predict" },
  "POST /sources": { like: "POST /api/sources" },
  "POST /sources/:id": { like: "PATCH /api/sources/:id" },
  "POST /sources/:id/refresh": { like: "POST /api/sources/:id/refresh" },
  "POST /sources/:id/stop": { like: "POST /api/sources/:id/stop" },
  "POST /sources/:id/delete": { like: "DELETE /api/sources/:id" },
  "POST /schedules": { like: "POST /api/schedules" },
  "POST /schedules/:id/run": { like: "POST /api/schedules/:id/run" },
  "POST /schedules/runs/:id/stop": { like: "POST /api/schedule-runs/:id/stop" },
  "POST /schedules/:id/switch": { like: "PATCH /api/schedules/:id" },
  "POST /schedules/:id/delete": { like: "DELETE /api/schedules/:id" },
  "POST /settings/alert-routes": { like: "POST /api/alert-routes" },
  "POST /settings/alert-routes/:id/test": { like: "POST /api/alert-routes/:id/test" },
  "POST /settings/alert-routes/:id/delete": { like: "DELETE /api/alert-routes/:id" },
  "POST /settings": { like: "PATCH /api/settings" },
  "POST /settings/embeds": { scope: "admin" },
  "POST /settings/webhooks": { like: "POST /api/webhooks" },
  "POST /settings/webhooks/:id/delete": { like: "DELETE /api/webhooks/:id" },
  "POST /settings/tokens": { like: "POST /api/tokens" },
  "POST /settings/tokens/:id/revoke": { like: "DELETE /api/tokens/:id" },
  "POST /settings/sessions/:id/end": { like: "DELETE /api/sessions/:id" },
};

/** "METHOD /path" -> its requirements. Throws if a form refers to a row that does not exist. */
export function accessTable(
  rows: readonly RouteRow[],
  pages: Record<string, PageAccess> = PAGES,
): Map<string, RouteAccess> {
  const table = new Map<string, RouteAccess>();
  for (const { method, path, scope, rate } of rows) {
    const action = `${method} ${path}`;
    table.set(action, accessOf(action, scope, rate));
  }
  for (const [key, page] of Object.entries(pages)) {
    const access = "like" in page ? table.get(page.like) : accessOf(key, page.scope, page.rate);
    if (!access) throw new Error(`${key} matches no row of the API`);
    table.set(key, access);
  }
  return table;
}

/** Routes of server.ts that are missing in this table. */
export function unlisted(action: string): RouteAccess {
  return accessOf(action, "admin");
}

function accessOf(action: string, scope: Access, rate?: RateClass): RouteAccess {
  const isChanging =
    !action.startsWith("GET ") && ["train", "deploy", "sources", "admin", "embed"].includes(scope);
  const isChange = isChanging || action === "GET /api/backup";
  return { action, scope, rate: rate ?? null, isChange, endsAccess: ENDS_ACCESS.has(action) };
}
