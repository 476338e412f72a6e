/** The API of webhooks: addresses outside that are told what happens. */
import { readJson } from "../http/body.ts";
import { WEBHOOK_REQUEST } from "../webhooks.ts";
import type { Route } from "./route.ts";

export const WEBHOOK_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/webhooks",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/webhooks'",
    says: "The addresses that are told of events, and how far each has been served.",
    handle: ({ box }) => Response.json({ items: box.webhooks.list(), next: null }),
  },
  {
    method: "POST",
    path: "/api/webhooks",
    scope: "admin",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"url":"https://example.com/hook","types":["run.finished"]}' '{home}/api/webhooks'`,
    says: "Posts each event from now on to an address: in order, signed by HMAC-SHA256, tried again until it is taken.",
    body: WEBHOOK_REQUEST,
    handle: async ({ box, request }) => {
      const webhook = box.webhooks.create(await readJson(request, WEBHOOK_REQUEST));
      return Response.json(webhook, { status: 201 });
    },
  },
  {
    method: "DELETE",
    path: "/api/webhooks/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/webhooks/ID'",
    says: "Ends it. What it had not been told, it is not told any more.",
    handle: ({ box, params }) => {
      box.webhooks.delete(params.id!);
      return new Response(null, { status: 204 });
    },
  },
];
