/** The API of access tokens: told once, kept as hashes, revoked at once. */
import { readJson } from "../http/body.ts";
import { TOKEN_REQUEST } from "../identity/tokens.ts";
import type { Route } from "./route.ts";

export const TOKEN_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/tokens",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/tokens'",
    says: "The tokens, without themselves: name, scopes, made, last used, expires.",
    handle: ({ box }) => Response.json({ items: box.tokens.list(), next: null }),
  },
  {
    method: "POST",
    path: "/api/tokens",
    scope: "admin",
    example: `curl --fail-with-body -H 'content-type: application/json' -d '{"name":"nightly job","scopes":["train"]}' '{home}/api/tokens'`,
    says: "Makes a token for read, predict, train (reads and predicts too), embed or admin (everything). It is told this once.",
    body: TOKEN_REQUEST,
    handle: async ({ box, request, identity }) => {
      const token = box.tokens.create(await readJson(request, TOKEN_REQUEST), identity.name);
      const headers = { location: `/api/tokens/${token.id}`, "cache-control": "no-store" };
      return Response.json(token, { status: 201, headers });
    },
  },
  {
    method: "DELETE",
    path: "/api/tokens/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/tokens/ID'",
    says: "Revokes a token at once: its browsers are signed out, its sockets and streams end.",
    handle: ({ box, params }) => {
      box.tokens.revoke(params.id!);
      return new Response(null, { status: 204 });
    },
  },
];
