/** The API of the audit: who changed what, from where, when. */
import * as z from "zod";
import type { AuditView } from "../../../../http/identity/audit.ts";
import { LIST_QUERY, listAnswer, listOf, route } from "../../route.ts";
import { TIME } from "../../schemas/datasets.ts";

const AUDITED = z
  .object({
    id: z.string(),
    at: TIME,
    who: z.string(),
    via: z.string(),
    address: z.string().describe("of the client, through trusted proxies"),
    action: z.string().describe("the route"),
    target: z.string().describe("the path that was asked for"),
    made: z.string().nullable().describe("the path of the result"),
    status: z.int(),
    requestId: z.string(),
  })
  .meta({ id: "Audited" }) satisfies z.ZodType<AuditView>;

export const AUDIT_ROUTES = [
  route({
    method: "GET",
    path: "/api/audit",
    scope: "admin",
    example: "curl --fail-with-body '{home}/api/audit?limit=10'",
    says: "Lists who changed what, from where and when, newest first.",
    query: LIST_QUERY,
    answers: { 200: listOf(AUDITED) },
    handle: (call) => listAnswer(call, ({ audit }, { before, limit }) => audit.page(before, limit)),
  }),
];
