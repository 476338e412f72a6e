/** The API of the audit: who changed what, from where, when. */
import { LIST_QUERY, listAnswer, type Route } from "./route.ts";

export const AUDIT_ROUTES: Route[] = [
  {
    method: "GET",
    path: "/api/audit",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/audit?limit=10'",
    says: "Who changed what, from where and when, newest first.",
    query: LIST_QUERY,
    handle: (call) => listAnswer(call, ({ audit }, before, limit) => audit.page(before, limit)),
  },
];
