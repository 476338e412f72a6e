/** The API of access tokens: shown once, stored as hashes, revoked immediately. */
import { TOKEN_REQUEST } from "../../../../http/identity/tokens.ts";
import { json, listOf, route } from "../../route.ts";

export const TOKEN_ROUTES = [
  route({
    method: "GET",
    path: "/api/tokens",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/tokens'",
    says: "Lists the tokens without their secrets: name, scopes, created, last used, expires.",
    answers: { 200: listOf("TOKEN") },
    handle: async ({ signalbox }) => Response.json({ items: await signalbox.tokens.list(), next: null }),
  }),
  route({
    method: "POST",
    path: "/api/tokens",
    scope: "admin",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"name":"nightly job","scopes":["train"]}' '{home}/api/tokens'`,
    says: "Creates a token for read, predict, train (includes read and predict), embed or admin (everything). It is shown only once.",
    body: TOKEN_REQUEST,
    isSecret: true,
    answers: { 201: json("NEW_TOKEN") },
    refusals: ["conflict"],
    handle: async ({ signalbox, body, identity }) => {
      const token = await signalbox.tokens.create(body, identity.name);
      const headers = { location: `/api/tokens/${token.id}`, "cache-control": "no-store" };
      return Response.json(token, { status: 201, headers });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/tokens/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/tokens/ID'",
    says: "Revokes a token immediately: its browsers are signed out, its sockets and streams closed.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.tokens.revoke(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
