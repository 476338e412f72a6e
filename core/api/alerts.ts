/** The API of alerts: what needs a person. */
import type { Route } from "./route.ts";

export const ALERT_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/alerts",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/alerts'",
    says: "What needs a person and was not dismissed yet, newest first.",
    handle: ({ box }) => {
      const items = box.alerts
        .standing()
        .map(({ id, code, subject, severity, sentence, action, raisedAt }) => ({
          ...{ id, code, subject, severity, sentence, action },
          raisedAt: new Date(raisedAt).toISOString(),
        }));
      return Response.json({ items, next: null });
    },
  },
  {
    method: "DELETE",
    path: "/api/alerts/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/alerts/ID'",
    says: "Dismisses an alert. Its reason is not mended by that; if it ends and comes back, it is told anew.",
    handle: ({ box, params }) => {
      box.alerts.dismiss(params.id!);
      return new Response(null, { status: 204 });
    },
  },
];
