/** Every API route, in the order of the docs. */

import type { Route } from "./route.ts";
import { AUDIT_ROUTES } from "./rows/access/audit.ts";
import { EMBED_ROUTES } from "./rows/access/embeds.ts";
import { SESSION_ROUTES } from "./rows/access/sessions.ts";
import { TOKEN_ROUTES } from "./rows/access/tokens.ts";
import { ALERT_ROUTES } from "./rows/alerts.ts";
import { ALERT_ROUTE_ROUTES } from "./rows/automation/alert-routes.ts";
import { SCHEDULE_ROUTES } from "./rows/automation/schedules.ts";
import { SOURCE_ROUTES } from "./rows/automation/sources.ts";
import { WEBHOOK_ROUTES } from "./rows/automation/webhooks.ts";
import { DATASET_ROUTES } from "./rows/datasets.ts";
import { HISTORY_ROUTES } from "./rows/history.ts";
import { LIVE_ROUTES } from "./rows/live.ts";
import { CANARY_ROUTES } from "./rows/models/canary.ts";
import { EXPORT_ROUTES } from "./rows/models/exports.ts";
import { MODEL_ROUTES } from "./rows/models/models.ts";
import { ORGANISE_MODEL_ROUTES } from "./rows/models/organise-models.ts";
import { OPERATIONS_ROUTES } from "./rows/operations.ts";
import { ORGANISE_ROUTES } from "./rows/organise.ts";
import { PREDICTION_ROUTES } from "./rows/predictions.ts";
import { SAMPLE_ROUTES } from "./rows/samples.ts";
import { SETTINGS_ROUTES } from "./rows/settings.ts";
import { TRAINING_ROUTES } from "./rows/training.ts";

export const API: Route[] = [
  ...DATASET_ROUTES,
  ...SAMPLE_ROUTES,
  ...SOURCE_ROUTES,
  ...SCHEDULE_ROUTES,
  ...TRAINING_ROUTES,
  ...MODEL_ROUTES,
  ...EXPORT_ROUTES,
  ...ORGANISE_MODEL_ROUTES,
  ...PREDICTION_ROUTES,
  ...CANARY_ROUTES,
  ...LIVE_ROUTES,
  ...HISTORY_ROUTES,
  ...ORGANISE_ROUTES,
  ...ALERT_ROUTES,
  ...ALERT_ROUTE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...EMBED_ROUTES,
  ...SETTINGS_ROUTES,
  ...TOKEN_ROUTES,
  ...SESSION_ROUTES,
  ...AUDIT_ROUTES,
  ...OPERATIONS_ROUTES,
];

/** Whether an address is for programs: its problems are JSON whatever the Accept header prefers. */
export function isForPrograms(path: string): boolean {
  return path.startsWith("/api/") || API.some((row) => row.path === path);
}
