/** The API of alerts: what needs a person. */
import { listOf, route } from "../route.ts";

export const ALERT_ROUTES = [
  route({
    method: "GET",
    path: "/api/alerts",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/alerts'",
    says: "Lists open alerts that were not dismissed, newest first.",
    answers: { 200: listOf("ALERT") },
    handle: async ({ signalbox }) => {
      const items = (await signalbox.alerts.active()).map(
        ({ id, code, subject, severity, sentence, action, raisedAt }) => ({
          ...{ id, code, subject, severity, sentence, action },
          raisedAt: new Date(raisedAt).toISOString(),
        }),
      );
      return Response.json({ items, next: null });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/alerts/:id",
    scope: "train",
    example: "curl --fail-with-body -X DELETE '{home}/api/alerts/ID'",
    says: "Dismisses an alert. This does not fix the cause: if the problem ends and returns, a new alert is raised.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.alerts.dismiss(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
