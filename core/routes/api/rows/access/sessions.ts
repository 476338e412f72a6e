/** The API of sessions: browsers that are signed in. */
import { linkHeader } from "../../../../http/negotiate.ts";
import { sessionPage } from "../../../data/session-data.ts";
import { LIST_QUERY, listOf, route } from "../../route.ts";

export const SESSION_ROUTES = [
  route({
    method: "GET",
    path: "/api/sessions",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/sessions'",
    says: "Lists the browsers that are signed in, newest first: who, with a token or by which provider, since when and until when.",
    query: LIST_QUERY,
    answers: { 200: listOf("SESSION") },
    handle: async ({ signalbox, identity, query, url }) => {
      const { items, next } = await sessionPage({ signalbox, identity }, query);
      return Response.json({ items, next }, { headers: linkHeader(url, next) });
    },
  }),
  route({
    method: "DELETE",
    path: "/api/sessions/:id",
    scope: "admin",
    example: "curl --fail-with-body -X DELETE '{home}/api/sessions/ID'",
    says: "Signs a browser out at once, on every server: its pages, sockets and streams close.",
    answers: { 204: null },
    handle: async ({ signalbox, params }) => {
      await signalbox.sessions.end(params.id!);
      return new Response(null, { status: 204 });
    },
  }),
];
