/** The API of alerts: what needs a person. */
import * as z from "zod";
import { ALERT_CODES, ALERTS, type AlertRecord } from "../../../events/alert-records.ts";
import { listOf, route } from "../route.ts";
import { TIME } from "../schemas/datasets.ts";

const ALERT = z
  .object({
    id: z.string(),
    code: z.enum(ALERT_CODES).describe(
      Object.entries<AlertRecord>(ALERTS)
        .map(([code, { says }]) => `${code}: ${says}`)
        .join(" "),
    ),
    subject: z.string().describe("a run's id, a model's name, or a gauge"),
    severity: z.enum(["warning", "error"]),
    sentence: z.string(),
    action: z.object({ label: z.string(), method: z.enum(["get", "post"]), path: z.string() }),
    raisedAt: TIME,
  })
  .meta({ id: "Alert" });

export const ALERT_ROUTES = [
  route({
    method: "GET",
    path: "/api/alerts",
    scope: "read",
    example: "curl --fail-with-body '{home}/api/alerts'",
    says: "Lists open alerts that were not dismissed, newest first.",
    answers: { 200: listOf(ALERT) },
    handle: async ({ signalbox }) => {
      const items = (await signalbox.alerts.standing()).map(
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
