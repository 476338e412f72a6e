/** The API of the audit: who changed what, from where, when. */
import { LIST_QUERY, listAnswer, listOf, route } from "../../route.ts";

export const AUDIT_ROUTES = [
  route({
    method: "GET",
    path: "/api/audit",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/audit?limit=10'",
    says: "Lists who changed what, from where and when, newest first.",
    query: LIST_QUERY,
    answers: { 200: listOf("AUDITED") },
    handle: (call) => listAnswer(call, ({ audit }, { before, limit }) => audit.page(before, limit)),
  }),
];
