/** The API of alert routes: which alerts are sent where, by which channel, and when not. */
import { ROUTE_PATCH, ROUTE_REQUEST } from "../../../../operations/alert-routes/spec.ts";
import { json, listOf, route } from "../../route.ts";

export const ALERT_ROUTE_ROUTES = [
  route({
    method: "GET",
    path: "/api/alert-routes",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/alert-routes'",
    says: "Lists where alerts are sent, and how far each address was served.",
    answers: { 200: listOf("ALERT_ROUTE") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.alertRoutes.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/alert-routes",
    scope: "admin",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"name":"on call","channel":"slack","to":"https://hooks.slack.com/services/…","severities":["error"]}' '{home}/api/alert-routes'`,
    says: "Sends alerts by mail, Slack, Teams, Discord, ntfy or a webhook: those with the given severities, kinds and models, with quiet hours, or as a digest by day or week.",
    body: ROUTE_REQUEST,
    isSecret: true,
    answers: { 201: json("ALERT_ROUTE") },
    refusals: ["conflict"],
    handle: async ({ signalbox, body }) => {
      const made = await signalbox.alertRoutes.create(body);
      const headers = { location: `/api/alert-routes/${made.id}`, "cache-control": "no-store" };
      return Response.json(made, { status: 201, headers });
    },
  }),
  route({
    method: "PATCH",
    path: "/api/alert-routes/:id",
    scope: "admin",
    example: `curl --fail-with-body -X PATCH -H 'content-type: application/json' -d '{"quiet":{"from":"22:00","to":"07:00","timeZone":"Europe/Berlin"}}' '{home}/api/alert-routes/{route}'`,
    says: "Changes an alert route, or pauses it with `enabled`. What is left out stays, the address too.",
    body: ROUTE_PATCH,
    answers: { 200: json("ALERT_ROUTE") },
    refusals: ["conflict"],
    handle: async ({ signalbox, params, body }) =>
      Response.json(await signalbox.alertRoutes.change(params.id!, body)),
  }),
  route({
    method: "DELETE",
    path: "/api/alert-routes/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/alert-routes/{route}'",
    says: "Deletes an alert route.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.alertRoutes.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
  route({
    method: "POST",
    path: "/api/alert-routes/:id/test",
    scope: "admin",
    example: "curl --fail-with-body -X POST '{home}/api/alert-routes/{route}/test'",
    says: "Sends a test message now, and returns whether it was accepted.",
    answers: { 204: null },
    refusals: ["unavailable"],
    handle: async ({ signalbox, params }) => {
      await signalbox.alertRoutes.test(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
