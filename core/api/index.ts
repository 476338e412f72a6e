/** Every API route, in the order of the docs. */
import { ALERT_ROUTES } from "./alerts.ts";
import { AUDIT_ROUTES } from "./audit.ts";
import { DATASET_ROUTES } from "./datasets.ts";
import { EMBED_ROUTES } from "./embeds.ts";
import { LIVE_ROUTES } from "./live.ts";
import { MODEL_ROUTES } from "./models.ts";
import { OPERATIONS_ROUTES } from "./operations.ts";
import { PREDICTION_ROUTES } from "./predictions.ts";
import type { Route } from "./route.ts";
import { SAMPLE_ROUTES } from "./samples.ts";
import { SETTINGS_ROUTES } from "./settings.ts";
import { TOKEN_ROUTES } from "./tokens.ts";
import { TRAINING_ROUTES } from "./training.ts";
import { WEBHOOK_ROUTES } from "./webhooks.ts";

export const API: Route[] = [
  ...DATASET_ROUTES,
  ...SAMPLE_ROUTES,
  ...TRAINING_ROUTES,
  ...MODEL_ROUTES,
  ...PREDICTION_ROUTES,
  ...LIVE_ROUTES,
  ...ALERT_ROUTES,
  ...WEBHOOK_ROUTES,
  ...EMBED_ROUTES,
  ...SETTINGS_ROUTES,
  ...TOKEN_ROUTES,
  ...AUDIT_ROUTES,
  ...OPERATIONS_ROUTES,
];

/** Is it for programs? Its problems then are JSON, whatever the Accept header prefers. */
export function isForPrograms(path: string): boolean {
  return path.startsWith("/api/") || API.some((row) => row.path === path);
}
