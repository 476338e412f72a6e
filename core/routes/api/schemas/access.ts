/** Schemas of tokens, embeds and the audit log in requests and responses. */
import * as z from "zod";
import type { AuditView } from "../../../http/identity/audit.ts";
import { SCOPES } from "../../../http/identity/scopes.ts";
import type { SessionView } from "../../../http/identity/sessions.ts";
import type { TokenView } from "../../../http/identity/tokens.ts";
import type { Embed } from "../../data/embeds.ts";
import { TIME } from "./datasets.ts";

export const TOKEN = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    createdBy: z.string(),
    createdAt: TIME,
    lastUsedAt: TIME.nullable(),
    expiresAt: TIME.nullable(),
    isExpired: z.boolean(),
  })
  .meta({ id: "Token" }) satisfies z.ZodType<TokenView>;

export const NEW_TOKEN = TOKEN.extend({ token: z.string().describe("shown only once") });

export const SESSION = z
  .object({
    id: z.string(),
    name: z.string().describe("of the person, or of the token that the browser signed in with"),
    via: z.enum(["token", "oidc"]),
    provider: z.string().nullable().describe("null: it was a token"),
    groups: z.array(z.string()).describe("as the provider reported them at sign-in"),
    scopes: z.array(z.enum(SCOPES)),
    createdAt: TIME,
    expiresAt: TIME,
    isOwn: z.boolean().describe("the browser that asks"),
  })
  .meta({ id: "Session" }) satisfies z.ZodType<SessionView>;

export const EMBED = z
  .object({
    panel: z.string(),
    of: z.string().nullable(),
    theme: z.enum(["auto", "light", "dark"]),
    url: z.string(),
    token: z.string().nullable().describe("already part of the URL; null if sign-in is turned off"),
    expiresAt: TIME.nullable(),
    origins: z.array(z.string()).describe("origins whose pages may frame it"),
    iframe: z.string(),
    element: z.string(),
    fragment: z.string(),
    badge: z.string(),
  })
  .meta({ id: "Embed" }) satisfies z.ZodType<Embed>;

export const AUDITED = z
  .object({
    id: z.string(),
    at: TIME,
    who: z.string(),
    via: z.string(),
    address: z.string().describe("of the client, through trusted proxies"),
    action: z.string().describe("the route"),
    target: z.string().describe("the requested path"),
    made: z.string().nullable().describe("the path of the result"),
    status: z.int(),
    requestId: z.string(),
  })
  .meta({ id: "Audited" }) satisfies z.ZodType<AuditView>;
