/** The API of webhooks: addresses that receive events. */
import { WEBHOOK_REQUEST } from "../../../../operations/webhooks.ts";
import { json, listOf, route } from "../../route.ts";

export const WEBHOOK_ROUTES = [
  route({
    method: "GET",
    path: "/api/webhooks",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/webhooks'",
    says: "Lists the webhooks, and how far events were delivered to each.",
    answers: { 200: listOf("WEBHOOK") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.webhooks.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/webhooks",
    scope: "admin",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"url":"https://example.com/hook","types":["run.finished"]}' '{home}/api/webhooks'`,
    says: "Posts each new event to a URL: in order, signed with HMAC-SHA256, and retried until it is accepted.",
    body: WEBHOOK_REQUEST,
    isSecret: true,
    answers: { 201: json("NEW_WEBHOOK") },
    refusals: ["conflict"],
    handle: async ({ signalbox, body }) =>
      Response.json(await signalbox.webhooks.create(body), { status: 201 }),
  }),
  route({
    method: "DELETE",
    path: "/api/webhooks/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/webhooks/ID'",
    says: "Deletes a webhook. Events not yet delivered are dropped.",
    answers: { 204: null },
    refusals: ["conflict"],
    handle: async ({ signalbox, params }) => {
      await signalbox.webhooks.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
